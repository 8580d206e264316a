//! I2S: blocks of 32 weights, each with two-bit codes and one f32 scale.
//!
//! # Layout
//!
//! ```text
//! row r, columns            0 … 31        32 … 63       64 … cols−1, padding
//! codes  (8 bytes each)   [ block 0 ]   [ block 1 ]   [ block 2 ]      row stride = ceil(cols/32) · 8 bytes
//! scales (1 f32 each)     [   s0    ]   [   s1    ]   [   s2    ]      row stride = ceil(cols/32)
//!
//! one byte of codes       bits 1:0 → element 4i   3:2 → 4i+1   5:4 → 4i+2   7:6 → 4i+3
//! weight                  (code − 2) · scale      code 0 → −2·s   1 → −s   2 → 0   3 → +s
//! ```
//!
//! Each row starts a new block. [`quantize`] fills the padding after a row's last column with code 2 (weight 0); nothing
//! ever reads it. Codes and scales lie in two buffers; the GGUF form, which keeps an f16 scale inside the block, is another.
//!
//! # Quantization
//!
//! ```text
//! m     = largest |v| of the block, NaN ignored
//! scale = m, or 1 where m is 0, infinite or below 10⁻³⁰
//! code  = clamp(round(v / scale), −2, 1) + 2        to nearest, ties to even; NaN counts as 0
//! ```
//!
//! Kernels do not divide. Because rounding and clamping only ask on which side of −1.5, −0.5 and 0.5 the quotient lies, and
//! because at a tie the even neighbour is 0 or −2,
//!
//! ```text
//! code = 2 + [v > scale/2] − [v < −scale/2] − [v ≤ −1.5·scale]
//! ```
//!
//! This is exact. Halving a normal f32 is; and the f32 after scale/2 is larger by more than 2⁻²⁴ of it, so that its quotient
//! rounds to something above ½. The last term can only hold in blocks with an infinite element, whose scale is 1: elsewhere
//! |v| ≤ scale. It is the one way to code 0; all others have codes 1 to 3.
//!
//! So ±∞ become +1 and −2, every NaN becomes 0 (with the scale of its neighbours), and −0 becomes 0.
//!
//! # Error of a product
//!
//! With u = 2⁻²⁴, [`gemv`] adds no more than 8 products of a block in a row in f32, combines at most 8 partial sums, scales
//! once, adds at most 8 blocks, and goes on in f64: an output is within 20·u·Σ|wᵢxᵢ| ≈ 1.2·10⁻⁶·Σ|wᵢxᵢ| of the exact sum,
//! as long as no partial sum overflows f32. A NaN or infinite activation or scale makes every output that it belongs to
//! non-finite (0·∞ is NaN); that is not an error.

mod scalar;

#[cfg(all(feature = "cpu", target_arch = "x86_64"))]
mod avx2;

use crate::{
    Shape, ShapeError,
    shape::check_len,
    tier::{Implementation, Kernels, Ran},
};

/// Weights in a block.
pub const BLOCK: usize = 32;

/// Bytes of codes in a block.
pub const BLOCK_BYTES: usize = BLOCK / 4;

/// A borrowed I2S matrix whose buffers fit its shape.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    shape: Shape,
    codes: &'a [u8],
    scales: &'a [f32],
}

impl<'a> View<'a> {
    /// Reads `codes` and `scales` as a matrix of `shape`, in the layout above. Any bytes and any scales are a valid matrix.
    ///
    /// # Errors
    ///
    /// [`ShapeError::Length`] unless `codes` has [`code_bytes`] and `scales` has [`scale_count`] elements.
    pub fn new(shape: Shape, codes: &'a [u8], scales: &'a [f32]) -> Result<Self, ShapeError> {
        check_len("codes", code_bytes(shape), codes.len())?;
        check_len("scales", scale_count(shape), scales.len())?;
        Ok(Self { shape, codes, scales })
    }

    /// Rows and columns.
    pub fn shape(self) -> Shape {
        self.shape
    }

    /// All codes, row after row.
    pub fn codes(self) -> &'a [u8] {
        self.codes
    }

    /// All scales, row after row.
    pub fn scales(self) -> &'a [f32] {
        self.scales
    }

    /// Blocks of a row, also the row stride of the scales.
    fn blocks_per_row(self) -> usize {
        self.shape.blocks_per_row(BLOCK)
    }
}

/// As [`View`], to quantize into.
#[derive(Debug)]
pub struct ViewMut<'a> {
    shape: Shape,
    codes: &'a mut [u8],
    scales: &'a mut [f32],
}

impl<'a> ViewMut<'a> {
    /// Takes two buffers to write a matrix of `shape` into.
    ///
    /// # Errors
    ///
    /// As [`View::new`].
    pub fn new(
        shape: Shape,
        codes: &'a mut [u8],
        scales: &'a mut [f32],
    ) -> Result<Self, ShapeError> {
        View::new(shape, codes, scales)?;
        Ok(Self { shape, codes, scales })
    }

    /// Blocks of a row, also the row stride of the scales.
    fn blocks_per_row(&self) -> usize {
        self.shape.blocks_per_row(BLOCK)
    }
}

/// An I2S matrix with buffers of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    shape: Shape,
    codes: Vec<u8>,
    scales: Vec<f32>,
}

impl Matrix {
    /// Allocates and [`quantize`]s.
    ///
    /// # Errors
    ///
    /// As [`quantize`].
    pub fn quantize(
        kernels: Kernels,
        shape: Shape,
        weights: &[f32],
    ) -> Result<(Self, Ran), ShapeError> {
        check_len("weights", shape.elements(), weights.len())?;
        let mut matrix = Self {
            shape,
            codes: vec![0; code_bytes(shape)],
            scales: vec![0.0; scale_count(shape)],
        };
        let ran = quantize(kernels, weights, matrix.view_mut())?;
        Ok((matrix, ran))
    }

    /// The matrix to read from.
    pub fn view(&self) -> View<'_> {
        View { shape: self.shape, codes: &self.codes, scales: &self.scales }
    }

    /// The matrix to write to.
    pub fn view_mut(&mut self) -> ViewMut<'_> {
        ViewMut { shape: self.shape, codes: &mut self.codes, scales: &mut self.scales }
    }
}

/// Bytes of codes of a whole matrix: rows · ceil(cols/32) · 8.
pub fn code_bytes(shape: Shape) -> usize {
    scale_count(shape) * BLOCK_BYTES
}

/// Scales of a whole matrix: rows · ceil(cols/32).
pub fn scale_count(shape: Shape) -> usize {
    shape.rows() * shape.blocks_per_row(BLOCK)
}

/// Quantizes `weights` (rows × cols, row after row) into `out`, as the module describes.
///
/// # Errors
///
/// [`ShapeError::Length`] unless `weights` has exactly the shape's number of elements.
pub fn quantize(kernels: Kernels, weights: &[f32], out: ViewMut<'_>) -> Result<Ran, ShapeError> {
    check_len("weights", out.shape.elements(), weights.len())?;
    Ok(match kernels.implementation {
        Implementation::Scalar => scalar::quantize(weights, out),
        #[cfg(all(feature = "cpu", target_arch = "x86_64"))]
        Implementation::Avx2(simd) => avx2::quantize(simd, weights, out),
    })
}

/// Writes the weights (code − 2)·scale of `matrix` to `out` (rows × cols, row after row), without the padding.
///
/// # Errors
///
/// [`ShapeError::Length`] unless `out` has exactly the shape's number of elements.
pub fn dequantize(kernels: Kernels, matrix: View<'_>, out: &mut [f32]) -> Result<Ran, ShapeError> {
    check_len("out", matrix.shape.elements(), out.len())?;
    Ok(match kernels.implementation {
        Implementation::Scalar => scalar::dequantize(matrix, out),
        #[cfg(all(feature = "cpu", target_arch = "x86_64"))]
        Implementation::Avx2(simd) => avx2::dequantize(simd, matrix, out),
    })
}

/// Multiplies `matrix` by the column vector `x`: y\[r\] = Σ over c of weight\[r, c\]·x\[c\].
///
/// The sum over no columns is 0. The module's documentation bounds the error.
///
/// # Errors
///
/// [`ShapeError::Length`] unless `x` has one element a column and `y` one a row.
pub fn gemv(
    kernels: Kernels,
    matrix: View<'_>,
    x: &[f32],
    y: &mut [f32],
) -> Result<Ran, ShapeError> {
    check_len("x", matrix.shape.cols(), x.len())?;
    check_len("y", matrix.shape.rows(), y.len())?;
    y.fill(0.0);
    Ok(match kernels.implementation {
        Implementation::Scalar => scalar::gemv(matrix, x, y),
        #[cfg(all(feature = "cpu", target_arch = "x86_64"))]
        Implementation::Avx2(simd) => avx2::gemv(simd, matrix, x, y),
    })
}

/// The scale for a block whose absolute maximum is `max`: `max` itself where it can serve as a divisor, else 1.
#[inline(always)]
fn usable_scale(max: f32) -> f32 {
    // Below, the smallest normal numbers are near and a quotient would lose bits.
    const SMALLEST: f32 = 1e-30;
    if max.is_finite() && max >= SMALLEST { max } else { 1.0 }
}
