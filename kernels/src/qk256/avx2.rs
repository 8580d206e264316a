//! QK256 with AVX2 and FMA, f32 activations: a block is eight groups of 32 columns.

use pulp::{NullaryFnOnce, cast, f32x8, f64x4, i32x8, x86::V3};

use super::{BLOCK, BLOCK_BYTES, VALUES, View, ViewMut, row_stride};
use crate::{
    avx2::{add_to_f64, in_both_lanes, lookup32, pack, total},
    blocks::{Blocks, copy_front, rows, rows_mut},
    tier::Ran,
};

/// Columns that one step packs or looks up.
const GROUP: usize = 32;

/// Bytes that these take.
const GROUP_BYTES: usize = GROUP / 4;

pub(super) fn quantize(simd: V3, weights: &[f32], out: ViewMut<'_>) -> Ran {
    simd.vectorize(Quantize { simd, weights, out });
    Ran::avx2("qk256_quantize_avx2")
}

struct Quantize<'a> {
    simd: V3,
    weights: &'a [f32],
    out: ViewMut<'a>,
}

impl NullaryFnOnce for Quantize<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, weights, out } = self;
        let bytes = rows_mut(out.bytes, row_stride(out.shape));
        for (row, bytes) in rows(weights, out.shape.cols()).zip(bytes) {
            let mut groups = bytes.as_chunks_mut::<GROUP_BYTES>().0.iter_mut();
            let (full, rest) = row.as_chunks::<GROUP>();
            for (group, bytes) in full.iter().zip(&mut groups) {
                *bytes = encode(simd, group);
            }
            if let (false, Some(bytes)) = (rest.is_empty(), groups.next()) {
                // Smaller than −1.5, so that the padding becomes 0 bits.
                let mut group = [f32::NEG_INFINITY; GROUP];
                for (to, from) in group.iter_mut().zip(rest) {
                    *to = *from;
                }
                *bytes = encode(simd, &group);
            }
        }
    }
}

#[inline(always)]
fn encode(simd: V3, group: &[f32; GROUP]) -> [u8; GROUP_BYTES] {
    let v: [f32x8; 4] = cast(*group);
    let mut codes = [simd.splat_i32x8(0); 4];
    for (code, v) in codes.iter_mut().zip(v) {
        // A comparison that holds is −1. The negated ones also hold for a NaN, which has to land on code 2.
        let a: i32x8 = cast(simd.cmp_not_le_f32x8(v, simd.splat_f32x8(-1.5)));
        let b: i32x8 = cast(simd.cmp_not_lt_f32x8(v, simd.splat_f32x8(0.0)));
        let c: i32x8 = cast(simd.cmp_ge_f32x8(v, simd.splat_f32x8(1.5)));
        let minus = simd.wrapping_add_i32x8(simd.wrapping_add_i32x8(a, b), c);
        *code = simd.wrapping_sub_i32x8(*code, minus);
    }
    pack(simd, codes)
}

pub(super) fn dequantize(simd: V3, matrix: View<'_>, out: &mut [f32]) -> Ran {
    simd.vectorize(Dequantize { simd, matrix, out });
    Ran::avx2("qk256_dequantize_avx2")
}

struct Dequantize<'a> {
    simd: V3,
    matrix: View<'a>,
    out: &'a mut [f32],
}

impl NullaryFnOnce for Dequantize<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, matrix, out } = self;
        let values = in_both_lanes(VALUES);
        for (row, blocks) in rows_mut(out, matrix.shape.cols()).zip(matrix.rows()) {
            let (full, rest) = row.as_chunks_mut::<GROUP>();
            let mut groups = blocks.as_flattened().as_chunks::<GROUP_BYTES>().0.iter();
            for (group, bytes) in full.iter_mut().zip(&mut groups) {
                *group = cast(lookup32(simd, *bytes, values));
            }
            if let Some(bytes) = groups.next() {
                copy_front(rest, &cast::<_, [f32; GROUP]>(lookup32(simd, *bytes, values)));
            }
        }
    }
}

pub(super) fn gemv(simd: V3, matrix: View<'_>, x: &[f32], y: &mut [f32]) -> Ran {
    simd.vectorize(Gemv { simd, matrix, x, y });
    Ran::avx2("qk256_gemv_avx2")
}

struct Gemv<'a> {
    simd: V3,
    matrix: View<'a>,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl NullaryFnOnce for Gemv<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, matrix, x, y } = self;
        let x = Blocks::of(x);
        for (y, blocks) in y.iter_mut().zip(matrix.rows()) {
            let mut sums = simd.splat_f64x4(0.0);
            let mut blocks = blocks.iter();
            for (x, bytes) in x.full().iter().zip(&mut blocks) {
                sums = add_dot(simd, sums, bytes, x);
            }
            if let (Some(x), Some(bytes)) = (x.tail(), blocks.next()) {
                sums = add_dot(simd, sums, bytes, x);
            }
            *y = total(sums) as f32;
        }
    }
}

/// Adds Σ value·x over a block: four chains of eight lanes in f32, each eight products long, then f64.
#[inline(always)]
fn add_dot(simd: V3, sums: f64x4, bytes: &[u8; BLOCK_BYTES], x: &[f32; BLOCK]) -> f64x4 {
    let values = in_both_lanes(VALUES);
    let mut chains = [simd.splat_f32x8(0.0); 4];
    let groups = bytes.as_chunks::<GROUP_BYTES>().0;
    for (bytes, x) in groups.iter().zip(x.as_chunks::<GROUP>().0) {
        let x: [f32x8; 4] = cast(*x);
        for ((chain, value), x) in chains.iter_mut().zip(lookup32(simd, *bytes, values)).zip(x) {
            *chain = simd.mul_add_f32x8(value, x, *chain);
        }
    }
    let [a, b, c, d] = chains;
    let sum = simd.add_f32x8(simd.add_f32x8(a, b), simd.add_f32x8(c, d));
    add_to_f64(simd, sums, sum)
}
