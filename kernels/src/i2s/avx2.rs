//! I2S with AVX2 and FMA: a block is four vectors of eight.

use pulp::{NullaryFnOnce, Simd as _, cast, f32x8, f64x4, i32x8, x86::V3};

use super::{BLOCK, BLOCK_BYTES, View, ViewMut};
use crate::{
    avx2::{add_to_f64, in_both_lanes, lookup32, pack, total},
    blocks::{Blocks, copy_front, rows, rows_mut},
    tier::Ran,
};

/// What the codes 0 to 3 mean before they are scaled.
const VALUES: [f32; 4] = [-2.0, -1.0, 0.0, 1.0];

pub(super) fn quantize(simd: V3, weights: &[f32], out: ViewMut<'_>) -> Ran {
    simd.vectorize(Quantize { simd, weights, out });
    Ran::avx2("i2s_quantize_avx2")
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
        let blocks = out.blocks_per_row();
        let codes = rows_mut(out.codes, blocks * BLOCK_BYTES);
        let scales = rows_mut(out.scales, blocks);
        for ((row, codes), scales) in rows(weights, out.shape.cols()).zip(codes).zip(scales) {
            let row = Blocks::of(row);
            let codes = codes.as_chunks_mut::<BLOCK_BYTES>().0;
            let mut coded = codes.iter_mut().zip(scales);
            for (block, (codes, scale)) in row.full().iter().zip(&mut coded) {
                (*codes, *scale) = encode(simd, block);
            }
            if let (Some(block), Some((codes, scale))) = (row.tail(), coded.next()) {
                (*codes, *scale) = encode(simd, block);
            }
        }
    }
}

#[inline(always)]
fn encode(simd: V3, block: &[f32; BLOCK]) -> ([u8; BLOCK_BYTES], f32) {
    let v: [f32x8; 4] = cast(*block);
    let scale = super::usable_scale(abs_max(simd, v));
    let half = simd.splat_f32x8(0.5 * scale);
    let minus_half = simd.splat_f32x8(-0.5 * scale);
    let minus_three_halves = simd.splat_f32x8(-1.5 * scale);
    let mut codes = [simd.splat_i32x8(2); 4];
    for (code, v) in codes.iter_mut().zip(v) {
        // A comparison that holds is −1 and one with a NaN does not hold.
        let above: i32x8 = cast(simd.cmp_gt_f32x8(v, half));
        let below: i32x8 = cast(simd.cmp_lt_f32x8(v, minus_half));
        let far_below: i32x8 = cast(simd.cmp_le_f32x8(v, minus_three_halves));
        *code = simd.wrapping_sub_i32x8(*code, above);
        *code = simd.wrapping_add_i32x8(*code, below);
        *code = simd.wrapping_add_i32x8(*code, far_below);
    }
    (pack(simd, codes), scale)
}

/// The largest |v|, NaN ignored; 0 where all are NaN.
#[inline(always)]
fn abs_max(simd: V3, v: [f32x8; 4]) -> f32 {
    let mut max = simd.splat_f32x8(0.0);
    for v in v {
        // maxps returns its second operand when either is NaN; so `max`, which never is one, stands second.
        max = cast(simd.avx._mm256_max_ps(cast(simd.abs_f32x8(v)), cast(max)));
    }
    simd.reduce_max_f32s(max)
}

pub(super) fn dequantize(simd: V3, matrix: View<'_>, out: &mut [f32]) -> Ran {
    simd.vectorize(Dequantize { simd, matrix, out });
    Ran::avx2("i2s_dequantize_avx2")
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
        let blocks = matrix.blocks_per_row();
        let codes = rows(matrix.codes, blocks * BLOCK_BYTES);
        let scales = rows(matrix.scales, blocks);
        for ((row, codes), scales) in rows_mut(out, matrix.shape.cols()).zip(codes).zip(scales) {
            let (full, rest) = row.as_chunks_mut::<BLOCK>();
            let mut coded = codes.as_chunks::<BLOCK_BYTES>().0.iter().zip(scales);
            for (block, (codes, scale)) in full.iter_mut().zip(&mut coded) {
                *block = decode(simd, *codes, *scale);
            }
            if let Some((codes, scale)) = coded.next() {
                copy_front(rest, &decode(simd, *codes, *scale));
            }
        }
    }
}

/// Scales the table instead of the 32 weights: the products are the same.
#[inline(always)]
fn decode(simd: V3, codes: [u8; BLOCK_BYTES], scale: f32) -> [f32; BLOCK] {
    let values = simd.mul_f32x8(in_both_lanes(VALUES), simd.splat_f32x8(scale));
    cast(lookup32(simd, codes, values))
}

pub(super) fn gemv(simd: V3, matrix: View<'_>, x: &[f32], y: &mut [f32]) -> Ran {
    simd.vectorize(Gemv { simd, matrix, x, y });
    Ran::avx2("i2s_gemv_avx2")
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
        let blocks = matrix.blocks_per_row();
        let x = Blocks::of(x);
        let codes = rows(matrix.codes, blocks * BLOCK_BYTES);
        let scales = rows(matrix.scales, blocks);
        for ((y, codes), scales) in y.iter_mut().zip(codes).zip(scales) {
            let codes = codes.as_chunks::<BLOCK_BYTES>().0;
            let (codes, last_codes) = codes.split_at(x.full().len());
            let (scales, last_scale) = scales.split_at(x.full().len());
            let mut sums = row_sums(simd, codes, scales, x.full());
            if let Some(x) = x.tail() {
                let last = row_sums(simd, last_codes, last_scale, std::slice::from_ref(x));
                sums = simd.add_f64x4(sums, last);
            }
            *y = total(sums) as f32;
        }
    }
}

/// Blocks whose sums stay in f32. The fewer, the smaller the error; the more, the fewer conversions.
const RUN: usize = 8;

/// Four partial sums of Σ scale·(code − 2)·x over blocks.
#[inline(always)]
fn row_sums(simd: V3, codes: &[[u8; BLOCK_BYTES]], scales: &[f32], x: &[[f32; BLOCK]]) -> f64x4 {
    let mut sums = simd.splat_f64x4(0.0);
    for ((codes, scales), x) in codes.chunks(RUN).zip(scales.chunks(RUN)).zip(x.chunks(RUN)) {
        let mut run = simd.splat_f32x8(0.0);
        for ((codes, scale), x) in codes.iter().zip(scales).zip(x) {
            let dot = dot(simd, *codes, cast(*x));
            run = simd.mul_add_f32x8(dot, simd.splat_f32x8(*scale), run);
        }
        sums = add_to_f64(simd, sums, run);
    }
    sums
}

/// Eight partial sums of Σ (code − 2)·x over a block.
#[inline(always)]
fn dot(simd: V3, codes: [u8; BLOCK_BYTES], x: [f32x8; 4]) -> f32x8 {
    let mut sum = simd.splat_f32x8(0.0);
    for (value, x) in lookup32(simd, codes, in_both_lanes(VALUES)).into_iter().zip(x) {
        sum = simd.mul_add_f32x8(value, x, sum);
    }
    sum
}
