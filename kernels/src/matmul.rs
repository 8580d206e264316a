//! A plain f32 matrix product, C = A·B: a yardstick beside the quantized kernels, and no rival of a tuned library.
//!
//! ```text
//! for each row i of A:            C[i, ·] = 0
//!     for each column k of A:     C[i, ·] += A[i, k] · B[k, ·]        the inner loop runs along rows, so it vectorizes
//! ```
//!
//! Both tiers compile this one loop, one of them for AVX2, and each C\[i, j\] adds its products in the order of k with a
//! rounding after every multiplication and addition. So all tiers give the same bits, with an error of at most
//! (k + 1)·2⁻²⁴·Σ|aᵢₖbₖⱼ|.

#[cfg(all(feature = "cpu", target_arch = "x86_64"))]
use pulp::{NullaryFnOnce, x86::V3};

use crate::{
    Shape, ShapeError,
    blocks::{rows, rows_mut},
    shape::check_len,
    tier::{Implementation, Kernels, Ran},
};

/// Writes A·B to `c`, where A has the shape `a_shape` and B has as many rows as A has columns, and `b_cols` columns. All three
/// are stored row after row. Where A has no columns, C is 0.
///
/// # Errors
///
/// [`ShapeError::Length`] for a buffer that does not fit, [`ShapeError::Overflow`] where B or C is too large to exist.
pub fn f32(
    kernels: Kernels,
    a_shape: Shape,
    b_cols: usize,
    a: &[f32],
    b: &[f32],
    c: &mut [f32],
) -> Result<Ran, ShapeError> {
    let b_shape = Shape::new(a_shape.cols(), b_cols)?;
    let c_shape = Shape::new(a_shape.rows(), b_cols)?;
    check_len("a", a_shape.elements(), a.len())?;
    check_len("b", b_shape.elements(), b.len())?;
    check_len("c", c_shape.elements(), c.len())?;
    let product = Product { inner: a_shape.cols(), b_cols, a, b, c };
    Ok(match kernels.implementation {
        Implementation::Scalar => scalar(product),
        #[cfg(all(feature = "cpu", target_arch = "x86_64"))]
        Implementation::Avx2(simd) => avx2(simd, product),
    })
}

fn scalar(product: Product<'_>) -> Ran {
    product.run();
    Ran::scalar("matmul_f32_scalar")
}

#[cfg(all(feature = "cpu", target_arch = "x86_64"))]
fn avx2(simd: V3, product: Product<'_>) -> Ran {
    simd.vectorize(product);
    Ran::avx2("matmul_f32_avx2")
}

struct Product<'a> {
    inner: usize,
    b_cols: usize,
    a: &'a [f32],
    b: &'a [f32],
    c: &'a mut [f32],
}

impl Product<'_> {
    #[inline(always)]
    fn run(self) {
        self.c.fill(0.0);
        for (a_row, c_row) in rows(self.a, self.inner).zip(rows_mut(self.c, self.b_cols)) {
            for (a, b_row) in a_row.iter().zip(rows(self.b, self.b_cols)) {
                for (c, b) in c_row.iter_mut().zip(b_row) {
                    *c += a * b;
                }
            }
        }
    }
}

#[cfg(all(feature = "cpu", target_arch = "x86_64"))]
impl NullaryFnOnce for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.run();
    }
}
