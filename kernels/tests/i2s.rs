//! I2S against the oracle.

use proptest::prelude::*;
use t5_kernels::{
    Shape,
    i2s::{self, Matrix, View},
};

use crate::{
    inputs::{any_f32, bits, config, matrix, noise, ordinary_f32, tiers},
    oracle,
};

/// Panics unless every tier quantizes `weights` to exactly what the oracle says.
fn assert_quantizes_as_the_oracle(rows: usize, cols: usize, weights: &[f32]) {
    let (codes, scales) = oracle::i2s_quantize(cols, weights);
    for kernels in tiers() {
        let shape = Shape::new(rows, cols).unwrap();
        let (matrix, ran) = Matrix::quantize(kernels, shape, weights).unwrap();
        assert_eq!(bits(matrix.view().scales()), bits(&scales), "scales of {ran}");
        assert_eq!(matrix.view().codes(), codes, "codes of {ran}");
    }
}

/// The codes of one block on every tier, asserted to be the same.
fn codes_of(block: &[f32]) -> (Vec<u8>, f32) {
    let shape = Shape::vector(block.len()).unwrap();
    let mut results = tiers().into_iter().map(|kernels| {
        let (matrix, _) = Matrix::quantize(kernels, shape, block).unwrap();
        let view = matrix.view();
        let codes = (0..block.len()).map(|i| oracle::code(view.codes(), i)).collect();
        (codes, view.scales()[0])
    });
    let first = results.next().unwrap();
    assert!(results.all(|other| other == first));
    first
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn quantize_is_the_oracle_bit_by_bit((rows, cols, weights) in matrix(any_f32())) {
        assert_quantizes_as_the_oracle(rows, cols, &weights);
    }

    /// Quotients next to a tie, where a threshold and a division could disagree.
    #[test]
    fn quantize_agrees_with_division_next_to_ties(scale in 1e-30_f32..1e30, steps in prop::collection::vec(-3_i32..=3, 31)) {
        let mut block = vec![scale];
        for (i, steps) in steps.iter().enumerate() {
            let tie = if i % 2 == 0 { 0.5 * scale } else { -0.5 * scale };
            block.push(f32::from_bits(tie.to_bits().wrapping_add_signed(*steps)));
        }
        assert_quantizes_as_the_oracle(1, 32, &block);
    }

    #[test]
    fn dequantize_is_the_oracle_bit_by_bit((rows, cols, _) in matrix(Just(0.0)), scale in any_f32()) {
        let shape = Shape::new(rows, cols).unwrap();
        let codes = noise(i2s::code_bytes(shape));
        let scales: Vec<f32> = (0..i2s::scale_count(shape)).map(|i| scale + i as f32).collect();
        let view = View::new(shape, &codes, &scales).unwrap();
        let expected: Vec<f32> = (0..rows * cols)
            .map(|i| oracle::i2s_weight(cols, &codes, &scales, i / cols, i % cols))
            .collect();
        for kernels in tiers() {
            let mut out = vec![7.0; rows * cols];
            let ran = i2s::dequantize(kernels, view, &mut out).unwrap();
            if scale.is_nan() {
                assert!(out.iter().all(|v| v.is_nan()), "{ran}");
            } else {
                assert_eq!(bits(&out), bits(&expected), "{ran}");
            }
        }
    }

    #[test]
    fn gemv_is_within_its_bound((rows, cols, weights) in matrix(ordinary_f32()), xs in prop::collection::vec(ordinary_f32(), 700)) {
        let x = &xs[..cols];
        for kernels in tiers() {
            let (matrix, _) = Matrix::quantize(kernels, Shape::new(rows, cols).unwrap(), &weights).unwrap();
            let view = matrix.view();
            let mut y = vec![7.0; rows];
            let ran = i2s::gemv(kernels, view, x, &mut y).unwrap();
            for (r, y) in y.iter().enumerate() {
                let row = (0..cols).map(|c| f64::from(oracle::i2s_weight(cols, view.codes(), view.scales(), r, c)));
                oracle::assert_close(*y, oracle::dot(row, x), ran.kernel);
            }
        }
    }
}

/// Packing 32-bit lanes without undoing their order writes elements 0–3 of every 8 twice and loses 4–7. Each position has
/// its own pattern here, so any element that lands elsewhere shows.
#[test]
fn every_element_lands_in_its_own_place() {
    for position in 0..32 {
        let mut block = [0.0; 32];
        block[position] = 1.0;
        let mut expected = [2; 32];
        expected[position] = 3;
        assert_eq!(codes_of(&block), (expected.to_vec(), 1.0), "position {position}");
    }
}

#[test]
fn ties_go_to_the_even_neighbour() {
    let block = [1.0, 0.5, -0.5, 0.500_000_06, -0.500_000_06, 0.499_999_97];
    assert_eq!(codes_of(&block), (vec![3, 2, 2, 3, 1, 2], 1.0));
}

#[test]
fn nan_counts_as_zero_and_leaves_the_scale_alone() {
    assert_eq!(codes_of(&[f32::NAN, 4.0, -4.0, f32::NAN]), (vec![2, 3, 1, 2], 4.0));
    assert_eq!(codes_of(&[f32::NAN; 32]), (vec![2; 32], 1.0));
    // The same place of another vector of eight: a maximum that takes its operands in the wrong order forgets the 4.
    let mut block = [1.0; 32];
    (block[3], block[27]) = (4.0, f32::NAN);
    let mut expected = [2; 32];
    expected[3] = 3;
    assert_eq!(codes_of(&block), (expected.to_vec(), 4.0));
}

#[test]
fn infinities_saturate_at_scale_one() {
    let block = [f32::INFINITY, f32::NEG_INFINITY, 0.4, -1.0, -1.5, -7.0, 9.0];
    assert_eq!(codes_of(&block), (vec![3, 0, 2, 1, 0, 0, 3], 1.0));
}

#[test]
fn a_block_too_small_to_scale_is_all_zeros() {
    assert_eq!(codes_of(&[0.0, -0.0, 9.9e-31, -1e-40]), (vec![2; 4], 1.0));
    assert_eq!(codes_of(&[1e-30, -1e-30]), (vec![3, 1], 1e-30));
}

#[test]
fn one_element_is_its_own_scale() {
    assert_eq!(codes_of(&[-0.3]), (vec![1], 0.3));
}

#[test]
fn a_row_starts_a_new_block() {
    // 2 × 33: were rows not padded, the second row would begin inside the first row's second block.
    let mut weights = vec![1.0; 66];
    weights[33..].fill(-5.0);
    assert_quantizes_as_the_oracle(2, 33, &weights);
}

#[test]
fn padding_is_never_read() {
    let shape = Shape::new(1, 5).unwrap();
    let view = View::new(shape, &[0xff; 8], &[1.0]).unwrap();
    let all_ones = &[0xff, 0xaa | 0x03, 0, 0, 0, 0, 0, 0];
    let other_padding = View::new(shape, all_ones, &[1.0]).unwrap();
    for kernels in tiers() {
        for view in [view, other_padding] {
            let mut y = [0.0];
            i2s::gemv(kernels, view, &[1.0; 5], &mut y).unwrap();
            assert_eq!(y, [5.0]);
        }
    }
}

#[test]
fn a_product_over_no_columns_is_zero() {
    for kernels in tiers() {
        let (matrix, _) = Matrix::quantize(kernels, Shape::new(3, 0).unwrap(), &[]).unwrap();
        let mut y = [7.0; 3];
        i2s::gemv(kernels, matrix.view(), &[], &mut y).unwrap();
        assert_eq!(y, [0.0; 3]);
    }
}

#[test]
fn a_non_finite_activation_shows_in_every_output() {
    for kernels in tiers() {
        let (matrix, _) =
            Matrix::quantize(kernels, Shape::new(2, 40).unwrap(), &[1.0; 80]).unwrap();
        for (bad, at) in [(f32::NAN, 0), (f32::NAN, 39), (f32::INFINITY, 35)] {
            let mut x = [1.0; 40];
            x[at] = bad;
            let mut y = [0.0; 2];
            i2s::gemv(kernels, matrix.view(), &x, &mut y).unwrap();
            assert!(y.iter().all(|y| !y.is_finite()), "{bad} at {at}: {y:?}");
        }
    }
}

/// A long row of one sign is where a sum in f32 drifts furthest.
#[test]
fn a_long_row_stays_within_the_bound() {
    let cols = 100_003;
    let weights = vec![1.0; cols];
    let x: Vec<f32> = (0..cols).map(|i| if i == 0 { 1e6 } else { 0.100_1 }).collect();
    for kernels in tiers() {
        let (matrix, _) =
            Matrix::quantize(kernels, Shape::vector(cols).unwrap(), &weights).unwrap();
        let mut y = [0.0];
        let ran = i2s::gemv(kernels, matrix.view(), &x, &mut y).unwrap();
        oracle::assert_close(y[0], oracle::dot(std::iter::repeat_n(1.0, cols), &x), ran.kernel);
    }
}
