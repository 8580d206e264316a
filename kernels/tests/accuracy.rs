//! What a round trip keeps.

use t5_kernels::{Shape, accuracy, i2s};

use crate::inputs::{noise, tiers};

/// Ternary weights with a scale for each block of 32, which is what I2S can represent.
fn ternary_native(len: usize) -> Vec<f32> {
    let trits = noise(len);
    let weight = |i: usize| match i % 32 {
        0 => 1.0,
        _ => f32::from(trits[i] % 3) - 1.0,
    };
    (0..len).map(|i| weight(i) * (0.01 + (i / 32) as f32)).collect()
}

#[test]
fn ternary_native_weights_survive_i2s_whole() {
    let weights = ternary_native(4096);
    let shape = Shape::new(4, 1024).unwrap();
    for kernels in tiers() {
        let kept = accuracy::i2s_round_trip(kernels, shape, &weights).unwrap();
        assert!(kept > 0.99, "{kept}");

        let (matrix, _) = i2s::Matrix::quantize(kernels, shape, &weights).unwrap();
        let mut restored = vec![0.0; weights.len()];
        i2s::dequantize(kernels, matrix.view(), &mut restored).unwrap();
        assert_eq!(accuracy::recovered(&weights, &restored), Ok(1.0));
    }
}

#[test]
fn native_weights_survive_qk256_whole() {
    let native: Vec<f32> =
        noise(3000).iter().map(|b| [-2.0, -1.0, 1.0, 2.0][usize::from(b % 4)]).collect();
    for kernels in tiers() {
        let kept =
            accuracy::qk256_round_trip(kernels, Shape::new(3, 1000).unwrap(), &native).unwrap();
        assert_eq!(kept, 1.0);
    }
}

/// Information, not an objective: nothing with two bits keeps such weights well.
#[test]
fn bell_shaped_weights_lose_most() {
    let bytes = noise(12 * 4096);
    let bell: Vec<f32> = bytes
        .chunks(12)
        .map(|dice| dice.iter().map(|d| f32::from(*d) / 255.0).sum::<f32>() - 6.0)
        .collect();
    for kernels in tiers() {
        let kept = accuracy::i2s_round_trip(kernels, Shape::vector(4096).unwrap(), &bell).unwrap();
        assert!((0.1..0.7).contains(&kept), "{kept}");
    }
}

#[test]
fn the_formula_on_small_numbers() {
    // ‖(3, 4) − (3, 0)‖ / ‖(3, 4)‖ = 4/5
    assert!((accuracy::relative(&[3.0, 4.0], &[3.0, 0.0]).unwrap() - 0.2).abs() < 1e-15);
    assert_eq!(accuracy::recovered(&[3.0, 4.0], &[3.0, 0.0]), Ok(0.5));
}

#[test]
fn nothing_and_zeros_are_defined() {
    assert_eq!(accuracy::relative(&[], &[]), Ok(1.0));
    assert_eq!(accuracy::recovered(&[], &[]), Ok(1.0));
    assert_eq!(accuracy::relative(&[0.0], &[0.0]), Ok(1.0));
    assert_eq!(accuracy::relative(&[0.0], &[1.0]), Ok(f64::NEG_INFINITY));
    assert!(accuracy::relative(&[1.0], &[f32::NAN]).unwrap().is_nan());
}
