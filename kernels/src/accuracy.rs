//! How much of a tensor survives quantization.
//!
//! ```text
//! accuracy = 1 − ‖x − x̂‖ / ‖x‖        x̂ = dequantize(quantize(x)), Euclidean norms, summed in f64
//! ```
//!
//! 1 is a perfect copy. On weights that the format can represent, such as ternary ones times a scale for I2S, it must exceed
//! 0.99. It says little about other weights: two bits keep 0.2 to 0.65 of normally distributed ones, whoever quantizes.

use crate::{Kernels, Shape, ShapeError, i2s, qk256, shape::check_len};

/// 1 − ‖original − restored‖ / ‖original‖.
///
/// Two tensors without a nonzero element (or without any) agree, so they score 1; anything but zeros restored from zeros
/// scores −∞. A NaN in either gives NaN.
///
/// # Errors
///
/// [`ShapeError::Length`] unless both have the same length.
pub fn relative(original: &[f32], restored: &[f32]) -> Result<f64, ShapeError> {
    check_len("restored", original.len(), restored.len())?;
    let difference =
        norm(original.iter().zip(restored).map(|(x, y)| f64::from(*x) - f64::from(*y)));
    let size = norm(original.iter().copied().map(f64::from));
    Ok(if difference == 0.0 { 1.0 } else { 1.0 - difference / size })
}

/// The share of elements that came back with the same value, from 0 to 1; 1 for empty tensors.
///
/// On ternary-native weights this is the share of codes that were recovered.
///
/// # Errors
///
/// [`ShapeError::Length`] unless both have the same length.
pub fn recovered(original: &[f32], restored: &[f32]) -> Result<f64, ShapeError> {
    check_len("restored", original.len(), restored.len())?;
    let same = original.iter().zip(restored).filter(|(x, y)| x == y).count();
    Ok(if original.is_empty() { 1.0 } else { same as f64 / original.len() as f64 })
}

/// [`relative`] accuracy of `weights` (rows × cols) after a round trip through I2S on the tier of `kernels`.
///
/// # Errors
///
/// [`ShapeError::Length`] unless `weights` has exactly the shape's number of elements.
pub fn i2s_round_trip(kernels: Kernels, shape: Shape, weights: &[f32]) -> Result<f64, ShapeError> {
    let (matrix, _) = i2s::Matrix::quantize(kernels, shape, weights)?;
    let mut restored = vec![0.0; weights.len()];
    i2s::dequantize(kernels, matrix.view(), &mut restored)?;
    relative(weights, &restored)
}

/// As [`i2s_round_trip`], through QK256.
///
/// # Errors
///
/// As [`i2s_round_trip`].
pub fn qk256_round_trip(
    kernels: Kernels,
    shape: Shape,
    weights: &[f32],
) -> Result<f64, ShapeError> {
    let (matrix, _) = qk256::Matrix::quantize(kernels, shape, weights)?;
    let mut restored = vec![0.0; weights.len()];
    qk256::dequantize(kernels, matrix.view(), &mut restored)?;
    relative(weights, &restored)
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt()
}
