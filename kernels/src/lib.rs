//! Kernels for weights quantized to two bits, for the processor that the program happens to run on.
//!
//! # What there is
//!
//! | operation | [`i2s`] | [`qk256`] |
//! |---|---|---|
//! | quantize: f32 weights to codes | yes | yes |
//! | dequantize: codes to f32 weights | yes | yes |
//! | `gemv`: y = W·x with f32 activations | yes | yes |
//! | `gemv_int8`: y = W·q with int8 activations, exact in i32 | | yes |
//!
//! [`matmul`] is a plain f32 product beside them, and [`accuracy`] says how much of a tensor survives a round trip.
//!
//! # Tiers
//!
//! Each operation is written once for every [`Tier`]: `scalar` (portable Rust) and `avx2` (x86-64 with AVX2 and FMA).
//! [`Kernels`] chooses a tier once, by detection or by force, and every operation takes it as first argument and hands back
//! the [`Ran`] of the kernel that did the work, so that a report can name what ran and not what should have run.
//!
//! What tiers promise each other:
//!
//! * codes, scales, dequantized weights, [`matmul`] and the integers of `gemv_int8` are **the same bits** on every tier;
//! * each output of an f32 GEMV differs from the exact sum by at most 10⁻⁵·Σ|wᵢxᵢ| (each module derives its smaller bound).
//!
//! # Input from outside
//!
//! Every buffer's length is checked against a [`Shape`] before a kernel runs; a wrong one is a [`ShapeError`] that names the
//! buffer, the length that it needs and the length that it has, and nothing has been written. No operation panics, and none
//! allocates except the two `Matrix::quantize` and `qk256::gemv_int8`, which keeps a rearranged copy of the activations.
//!
//! # Example
//!
//! ```
//! use t5_kernels::{Kernels, Shape, i2s};
//!
//! let kernels = Kernels::detect();
//! let shape = Shape::new(2, 3)?;
//! let (matrix, ran) = i2s::Matrix::quantize(kernels, shape, &[0.5, 0.0, -0.5, 2.0, 2.0, -2.0])?;
//! assert!(ran.kernel.starts_with("i2s_quantize_"));
//!
//! let mut y = [0.0; 2];
//! i2s::gemv(kernels, matrix.view(), &[1.0, 2.0, 3.0], &mut y)?;
//! assert_eq!(y, [-1.0, 0.0]);
//! # Ok::<(), t5_kernels::ShapeError>(())
//! ```
//!
//! There is no `unsafe` here: vector instructions are reached through pulp's tokens, which exist only where the processor
//! has the instructions.

#![forbid(unsafe_code)]

pub mod accuracy;
pub mod i2s;
pub mod matmul;
pub mod qk256;

mod blocks;
mod shape;
mod tier;
mod two_bit;

#[cfg(all(feature = "cpu", target_arch = "x86_64"))]
mod avx2;

pub use shape::{Shape, ShapeError};
pub use tier::{Kernels, Ran, Tier, TierError};
