//! QK256 in portable Rust.

use super::{BLOCK, BLOCK_BYTES, VALUES, View, ViewMut, row_stride};
use crate::{
    blocks::{Blocks, copy_front, rows, rows_mut},
    tier::Ran,
    two_bit,
};

/// What each byte means.
const TABLE: [[f32; 4]; 256] = two_bit::table(VALUES);

pub(super) fn quantize(weights: &[f32], out: ViewMut<'_>) -> Ran {
    let ViewMut { shape, bytes } = out;
    let bytes = rows_mut(bytes, row_stride(shape));
    for (row, bytes) in rows(weights, shape.cols()).zip(bytes) {
        for (four, byte) in row.chunks(4).zip(bytes) {
            let mut codes = [0; 4];
            for (code, v) in codes.iter_mut().zip(four) {
                *code = nearest(*v);
            }
            *byte = two_bit::pack(codes);
        }
    }
    Ran::scalar("qk256_quantize_scalar")
}

/// The module's thresholds. «Not below» and «at or above» differ for a NaN, which has to land on code 2.
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "the negation is what sends a NaN to code 2")]
fn nearest(v: f32) -> u8 {
    u8::from(!(v <= -1.5)) + u8::from(!(v < 0.0)) + u8::from(v >= 1.5)
}

pub(super) fn dequantize(matrix: View<'_>, out: &mut [f32]) -> Ran {
    for (row, blocks) in rows_mut(out, matrix.shape.cols()).zip(matrix.rows()) {
        let (full, rest) = row.as_chunks_mut::<BLOCK>();
        let mut blocks = blocks.iter();
        for (values, bytes) in full.iter_mut().zip(&mut blocks) {
            *values = decode(bytes);
        }
        if let Some(bytes) = blocks.next() {
            copy_front(rest, &decode(bytes));
        }
    }
    Ran::scalar("qk256_dequantize_scalar")
}

fn decode(bytes: &[u8; BLOCK_BYTES]) -> [f32; BLOCK] {
    let mut block = [0.0; BLOCK];
    for (four, byte) in block.as_chunks_mut::<4>().0.iter_mut().zip(bytes) {
        *four = two_bit::values(&TABLE, *byte);
    }
    block
}

pub(super) fn gemv(matrix: View<'_>, x: &[f32], y: &mut [f32]) -> Ran {
    let x = Blocks::of(x);
    for (y, blocks) in y.iter_mut().zip(matrix.rows()) {
        let mut sum = 0.0_f64;
        for (bytes, x) in blocks.iter().zip(x.iter()) {
            sum += f64::from(dot(bytes, x));
        }
        *y = sum as f32;
    }
    Ran::scalar("qk256_gemv_scalar")
}

/// Σ value·x over a block, in four partial sums of 64.
fn dot(bytes: &[u8; BLOCK_BYTES], x: &[f32; BLOCK]) -> f32 {
    let mut sums = [0.0_f32; 4];
    for (byte, x) in bytes.iter().zip(x.as_chunks::<4>().0) {
        let values = two_bit::values(&TABLE, *byte);
        for ((sum, value), x) in sums.iter_mut().zip(values).zip(x) {
            *sum += value * x;
        }
    }
    let [a, b, c, d] = sums;
    (a + b) + (c + d)
}

pub(super) fn gemv_int8(matrix: View<'_>, q: &[i8], y: &mut [i32]) -> Ran {
    let q = Blocks::of(q);
    for (y, blocks) in y.iter_mut().zip(matrix.rows()) {
        *y = blocks.iter().zip(q.iter()).map(|(b, q)| dot_int8(b, q)).sum();
    }
    Ran::scalar("qk256_gemv_int8_scalar")
}

/// Σ value·q over a block.
fn dot_int8(bytes: &[u8; BLOCK_BYTES], q: &[i8; BLOCK]) -> i32 {
    let mut sum = 0;
    for (byte, q) in bytes.iter().zip(q.as_chunks::<4>().0) {
        for (code, q) in two_bit::unpack(*byte).into_iter().zip(q) {
            // 0, 1, 2, 3 → −2, −1, 1, 2: the upper half skips the zero that the map leaves out.
            let value = i32::from(code) + i32::from(code >> 1) - 2;
            sum += value * i32::from(*q);
        }
    }
    sum
}
