//! I2S in portable Rust.

use super::{BLOCK, BLOCK_BYTES, View, ViewMut};
use crate::{
    blocks::{Blocks, copy_front, rows, rows_mut},
    tier::Ran,
    two_bit,
};

/// What each byte of codes means before it is scaled.
const VALUES: [[f32; 4]; 256] = two_bit::table([-2.0, -1.0, 0.0, 1.0]);

pub(super) fn quantize(weights: &[f32], out: ViewMut<'_>) -> Ran {
    let blocks = out.blocks_per_row();
    let ViewMut { shape, codes, scales } = out;
    let codes = rows_mut(codes, blocks * BLOCK_BYTES);
    let scales = rows_mut(scales, blocks);
    for ((row, codes), scales) in rows(weights, shape.cols()).zip(codes).zip(scales) {
        let codes = codes.as_chunks_mut::<BLOCK_BYTES>().0;
        for ((block, codes), scale) in Blocks::of(row).iter().zip(codes).zip(scales) {
            *scale = scale_of(block);
            *codes = encode(block, *scale);
        }
    }
    Ran::scalar("i2s_quantize_scalar")
}

/// The block's absolute maximum where it can serve as a divisor, else 1.
fn scale_of(block: &[f32; BLOCK]) -> f32 {
    // `f32::max` returns its other operand for a NaN, which is what «NaN ignored» asks for.
    let max = block.iter().fold(0.0_f32, |max, v| max.max(v.abs()));
    super::usable_scale(max)
}

fn encode(block: &[f32; BLOCK], scale: f32) -> [u8; BLOCK_BYTES] {
    let mut bytes = [0; BLOCK_BYTES];
    for (byte, four) in bytes.iter_mut().zip(block.as_chunks::<4>().0) {
        *byte = two_bit::pack(four.map(|v| code(v, scale)));
    }
    bytes
}

/// The module's formula without a division.
fn code(v: f32, scale: f32) -> u8 {
    2 + u8::from(v > 0.5 * scale) - u8::from(v < -0.5 * scale) - u8::from(v <= -1.5 * scale)
}

pub(super) fn dequantize(matrix: View<'_>, out: &mut [f32]) -> Ran {
    let blocks = matrix.blocks_per_row();
    let codes = rows(matrix.codes, blocks * BLOCK_BYTES);
    let scales = rows(matrix.scales, blocks);
    for ((row, codes), scales) in rows_mut(out, matrix.shape.cols()).zip(codes).zip(scales) {
        let (full, rest) = row.as_chunks_mut::<BLOCK>();
        let mut coded = codes.as_chunks::<BLOCK_BYTES>().0.iter().zip(scales);
        for (block, (codes, scale)) in full.iter_mut().zip(&mut coded) {
            *block = decode(codes, *scale);
        }
        if let Some((codes, scale)) = coded.next() {
            copy_front(rest, &decode(codes, *scale));
        }
    }
    Ran::scalar("i2s_dequantize_scalar")
}

fn decode(codes: &[u8; BLOCK_BYTES], scale: f32) -> [f32; BLOCK] {
    let mut block = [0.0; BLOCK];
    for (four, byte) in block.as_chunks_mut::<4>().0.iter_mut().zip(codes) {
        *four = two_bit::values(&VALUES, *byte).map(|value| value * scale);
    }
    block
}

pub(super) fn gemv(matrix: View<'_>, x: &[f32], y: &mut [f32]) -> Ran {
    let blocks = matrix.blocks_per_row();
    let x = Blocks::of(x);
    let codes = rows(matrix.codes, blocks * BLOCK_BYTES);
    let scales = rows(matrix.scales, blocks);
    for ((y, codes), scales) in y.iter_mut().zip(codes).zip(scales) {
        let codes = codes.as_chunks::<BLOCK_BYTES>().0;
        let mut sum = 0.0_f64;
        for ((codes, scale), x) in codes.iter().zip(scales).zip(x.iter()) {
            sum += f64::from(*scale) * f64::from(dot(codes, x));
        }
        *y = sum as f32;
    }
    Ran::scalar("i2s_gemv_scalar")
}

/// Σ (code − 2)·x over a block, in four partial sums of eight.
fn dot(codes: &[u8; BLOCK_BYTES], x: &[f32; BLOCK]) -> f32 {
    let mut sums = [0.0_f32; 4];
    for (byte, x) in codes.iter().zip(x.as_chunks::<4>().0) {
        let values = two_bit::values(&VALUES, *byte);
        for ((sum, value), x) in sums.iter_mut().zip(values).zip(x) {
            *sum += value * x;
        }
    }
    let [a, b, c, d] = sums;
    (a + b) + (c + d)
}
