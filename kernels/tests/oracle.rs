//! What the kernels should do, one element at a time and in f64, written from the formats' definitions.

/// The two-bit code of element `i` of a run of bytes.
pub(crate) fn code(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 4] >> (2 * (i % 4)) & 3
}

/// Writes the two-bit code of element `i`.
pub(crate) fn set_code(bytes: &mut [u8], i: usize, code: u8) {
    bytes[i / 4] |= code << (2 * (i % 4));
}

/// The scale of an I2S block.
pub(crate) fn i2s_scale(block: &[f32]) -> f32 {
    let mut max = 0.0;
    for v in block {
        if !v.is_nan() && v.abs() > max {
            max = v.abs();
        }
    }
    if max == 0.0 || max.is_infinite() || max < 1e-30 { 1.0 } else { max }
}

/// The I2S code of a weight, by division and rounding.
pub(crate) fn i2s_code(v: f32, scale: f32) -> u8 {
    let v = if v.is_nan() { 0.0 } else { v };
    let rounded = (v / scale).round_ties_even();
    (rounded.clamp(-2.0, 1.0) + 2.0) as u8
}

/// Codes and scales of a whole I2S matrix; the padding is code 2.
pub(crate) fn i2s_quantize(cols: usize, weights: &[f32]) -> (Vec<u8>, Vec<f32>) {
    let (mut codes, mut scales) = (Vec::new(), Vec::new());
    if cols == 0 {
        return (codes, scales);
    }
    for row in weights.chunks(cols) {
        for block in row.chunks(32) {
            let scale = i2s_scale(block);
            let mut bytes = [0; 8];
            for i in 0..32 {
                let v = block.get(i).copied().unwrap_or(0.0);
                set_code(&mut bytes, i, i2s_code(v, scale));
            }
            codes.extend(bytes);
            scales.push(scale);
        }
    }
    (codes, scales)
}

/// The weight at (r, c) of an I2S matrix.
pub(crate) fn i2s_weight(cols: usize, codes: &[u8], scales: &[f32], r: usize, c: usize) -> f32 {
    let blocks = cols.div_ceil(32);
    let block = r * blocks + c / 32;
    let code = code(&codes[8 * block..], c % 32);
    (f32::from(code) - 2.0) * scales[block]
}

/// The QK256 code of a weight: the interval around each value, with ties to ±2 and to +1. (Comparing distances in f64 would
/// not do: for −10⁻⁴⁰ both are rounded to 1.)
pub(crate) fn qk256_code(v: f32) -> u8 {
    match v {
        v if v.is_nan() => 2,
        ..=-1.5 => 0,
        ..0.0 => 1,
        ..1.5 => 2,
        _ => 3,
    }
}

/// The bytes of a whole QK256 matrix; the padding is 0.
pub(crate) fn qk256_quantize(cols: usize, weights: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if cols == 0 {
        return bytes;
    }
    for row in weights.chunks(cols) {
        let mut coded = vec![0; 64 * cols.div_ceil(256)];
        for (i, v) in row.iter().enumerate() {
            set_code(&mut coded, i, qk256_code(*v));
        }
        bytes.extend(coded);
    }
    bytes
}

/// The value at (r, c) of a QK256 matrix.
pub(crate) fn qk256_value(cols: usize, bytes: &[u8], r: usize, c: usize) -> i32 {
    let stride = 64 * cols.div_ceil(256);
    [-2, -1, 1, 2][usize::from(code(&bytes[r * stride..], c))]
}

/// Σ w·x and Σ |w·x| in f64. A product of two f32 is exact there.
pub(crate) fn dot(weights: impl Iterator<Item = f64>, x: &[f32]) -> (f64, f64) {
    let (mut sum, mut size) = (0.0, 0.0);
    for (w, x) in weights.zip(x) {
        sum += w * f64::from(*x);
        size += (w * f64::from(*x)).abs();
    }
    (sum, size)
}

/// Panics unless `y` is within 10⁻⁵·Σ|w·x| of Σ w·x.
pub(crate) fn assert_close(y: f32, (sum, size): (f64, f64), what: &str) {
    let error = (f64::from(y) - sum).abs();
    assert!(
        error <= 1e-5 * size,
        "{what}: {y} for {sum}, off by {error:e} where the sum of sizes is {size:e}"
    );
}
