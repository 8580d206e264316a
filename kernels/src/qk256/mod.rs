//! QK256: rows of 256-column blocks, two-bit codes for −2, −1, +1 and +2, no scale inside.
//!
//! # Layout
//!
//! ```text
//! row r, columns    0 … 255         256 … 511       512 … cols−1, padding
//! bytes (64 each) [   block 0   ] [   block 1   ] [   block 2   ]            row stride = ceil(cols/256) · 64 bytes
//!
//! one byte          bits 1:0 → element 4i   3:2 → 4i+1   5:4 → 4i+2   7:6 → 4i+3
//! value             code 0 → −2   1 → −1   2 → +1   3 → +2
//! ```
//!
//! There is no zero. Each row starts a new block; the padding after its last column is written as 0 bits and never read. A
//! scale, if the tensor has one, is the caller's to multiply. This is the code map of GGML's QK256 «no scale» tensors and
//! not that of Microsoft's I2_S, whose bytes also hold their elements in another order.
//!
//! # Quantization
//!
//! The nearest of the four values; at ±1.5, half way between two, the even one, ±2. Half way between −1 and +1, at 0 (and
//! −0), both are odd, and the format says nothing: here it is +1, and NaN counts as 0. Infinities become ±2. As thresholds:
//!
//! ```text
//! code = [not v ≤ −1.5] + [not v < 0] + [v ≥ 1.5]
//! ```
//!
//! # Error of a product
//!
//! [`gemv`] goes on in f64 after every block of 256 columns, and within it adds at most 64 products in a row and combines at
//! most 8 partial sums. A product with ±1 or ±2 is exact. So with u = 2⁻²⁴ an output is within 70·u·Σ|wᵢxᵢ| ≈
//! 4.2·10⁻⁶·Σ|wᵢxᵢ| of the exact sum, as long as no partial sum overflows f32. A NaN activation makes every output NaN; an
//! infinite one makes every output infinite, or NaN where infinities of both signs meet. That is not an error.
//!
//! [`gemv_int8`] has no error at all: |Σ| stays within i32 up to [`MAX_INT8_COLS`] columns.

mod scalar;

#[cfg(all(feature = "cpu", target_arch = "x86_64"))]
mod avx2;
#[cfg(all(feature = "cpu", target_arch = "x86_64"))]
mod avx2_int8;

use crate::{
    Shape, ShapeError,
    shape::check_len,
    tier::{Implementation, Kernels, Ran},
};

/// Weights in a block.
pub const BLOCK: usize = 256;

/// Bytes of a block.
pub const BLOCK_BYTES: usize = BLOCK / 4;

/// What the codes 0 to 3 mean.
pub const VALUES: [f32; 4] = [-2.0, -1.0, 1.0, 2.0];

/// The most columns of [`gemv_int8`]. Its kernels sum (value + 2)·q, at most 4·128 a column, and 2²² − 1 of these fit in i32.
pub const MAX_INT8_COLS: usize = (1 << 22) - 1;

/// A borrowed QK256 matrix whose bytes fit its shape.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    shape: Shape,
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// Reads `bytes` as a matrix of `shape`, in the layout above. Any bytes are a valid matrix.
    ///
    /// # Errors
    ///
    /// [`ShapeError::Length`] unless there are exactly [`byte_count`] bytes.
    pub fn new(shape: Shape, bytes: &'a [u8]) -> Result<Self, ShapeError> {
        check_len("bytes", byte_count(shape), bytes.len())?;
        Ok(Self { shape, bytes })
    }

    /// Rows and columns.
    pub fn shape(self) -> Shape {
        self.shape
    }

    /// All bytes, row after row.
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes of each row. A matrix without columns has none to give.
    #[inline(always)]
    fn rows(self) -> impl Iterator<Item = &'a [[u8; BLOCK_BYTES]]> {
        crate::blocks::rows(self.bytes, row_stride(self.shape))
            .map(|row| row.as_chunks::<BLOCK_BYTES>().0)
    }
}

/// As [`View`], to quantize into.
#[derive(Debug)]
pub struct ViewMut<'a> {
    shape: Shape,
    bytes: &'a mut [u8],
}

impl<'a> ViewMut<'a> {
    /// Takes a buffer to write a matrix of `shape` into.
    ///
    /// # Errors
    ///
    /// As [`View::new`].
    pub fn new(shape: Shape, bytes: &'a mut [u8]) -> Result<Self, ShapeError> {
        View::new(shape, bytes)?;
        Ok(Self { shape, bytes })
    }
}

/// A QK256 matrix with a buffer of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    shape: Shape,
    bytes: Vec<u8>,
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
        let bytes = vec![0; byte_count(shape)];
        let mut matrix = Self { shape, bytes };
        let ran = quantize(kernels, weights, matrix.view_mut())?;
        Ok((matrix, ran))
    }

    /// The matrix to read from.
    pub fn view(&self) -> View<'_> {
        View { shape: self.shape, bytes: &self.bytes }
    }

    /// The matrix to write to.
    pub fn view_mut(&mut self) -> ViewMut<'_> {
        ViewMut { shape: self.shape, bytes: &mut self.bytes }
    }
}

/// Bytes from the start of a row to the start of the next: ceil(cols/256) · 64.
pub fn row_stride(shape: Shape) -> usize {
    shape.blocks_per_row(BLOCK) * BLOCK_BYTES
}

/// Bytes of a whole matrix: rows · [`row_stride`].
pub fn byte_count(shape: Shape) -> usize {
    shape.rows() * row_stride(shape)
}

/// Quantizes `weights` (rows × cols, row after row, already divided by the tensor's scale) into `out`.
///
/// # Errors
///
/// [`ShapeError::Length`] unless `weights` has exactly the shape's number of elements.
pub fn quantize(kernels: Kernels, weights: &[f32], out: ViewMut<'_>) -> Result<Ran, ShapeError> {
    check_len("weights", out.shape.elements(), weights.len())?;
    out.bytes.fill(0);
    Ok(match kernels.implementation {
        Implementation::Scalar => scalar::quantize(weights, out),
        #[cfg(all(feature = "cpu", target_arch = "x86_64"))]
        Implementation::Avx2(simd) => avx2::quantize(simd, weights, out),
    })
}

/// Writes the values of `matrix` to `out` (rows × cols, row after row), without the padding.
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

/// Multiplies `matrix` by the column vector `x`: y\[r\] = Σ over c of value\[r, c\]·x\[c\].
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

/// As [`gemv`] with int8 activations: y\[r\] = Σ over c of value\[r, c\]·q\[c\], exact for every `q`, −128 included.
///
/// # Errors
///
/// [`ShapeError::Length`] as [`gemv`], and [`ShapeError::TooManyColumns`] above [`MAX_INT8_COLS`].
pub fn gemv_int8(
    kernels: Kernels,
    matrix: View<'_>,
    q: &[i8],
    y: &mut [i32],
) -> Result<Ran, ShapeError> {
    let cols = matrix.shape.cols();
    if cols > MAX_INT8_COLS {
        return Err(ShapeError::TooManyColumns { cols, limit: MAX_INT8_COLS });
    }
    check_len("q", cols, q.len())?;
    check_len("y", matrix.shape.rows(), y.len())?;
    y.fill(0);
    Ok(match kernels.implementation {
        Implementation::Scalar => scalar::gemv_int8(matrix, q, y),
        #[cfg(all(feature = "cpu", target_arch = "x86_64"))]
        Implementation::Avx2(simd) => avx2_int8::gemv(simd, matrix, q, y),
    })
}
