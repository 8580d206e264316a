//! QK256 against the oracle.

use proptest::prelude::*;
use t5_kernels::{
    Shape, ShapeError,
    qk256::{self, Matrix, View},
};

use crate::{
    inputs::{any_f32, bits, config, matrix, noise, ordinary_f32, rows_and_cols, tiers},
    oracle,
};

/// The codes of one row on every tier, asserted to be the same.
fn codes_of(row: &[f32]) -> Vec<u8> {
    let shape = Shape::vector(row.len()).unwrap();
    let mut results = tiers().into_iter().map(|kernels| {
        let (matrix, _) = Matrix::quantize(kernels, shape, row).unwrap();
        (0..row.len()).map(|i| oracle::code(matrix.view().bytes(), i)).collect::<Vec<_>>()
    });
    let first = results.next().unwrap();
    assert!(results.all(|other| other == first));
    first
}

/// What the oracle says about an int8 product.
fn int8_oracle(cols: usize, bytes: &[u8], r: usize, q: &[i8]) -> i32 {
    let products = q
        .iter()
        .enumerate()
        .map(|(c, q)| i64::from(oracle::qk256_value(cols, bytes, r, c)) * i64::from(*q));
    i32::try_from(products.sum::<i64>()).unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn quantize_is_the_oracle_bit_by_bit((rows, cols, weights) in matrix(any_f32())) {
        let expected = oracle::qk256_quantize(cols, &weights);
        for kernels in tiers() {
            let (matrix, ran) = Matrix::quantize(kernels, Shape::new(rows, cols).unwrap(), &weights).unwrap();
            assert_eq!(matrix.view().bytes(), expected, "{ran}");
        }
    }

    #[test]
    fn dequantize_is_the_oracle_bit_by_bit((rows, cols) in rows_and_cols()) {
        let shape = Shape::new(rows, cols).unwrap();
        let bytes = noise(qk256::byte_count(shape));
        let expected: Vec<f32> = (0..rows * cols)
            .map(|i| oracle::qk256_value(cols, &bytes, i / cols, i % cols) as f32)
            .collect();
        for kernels in tiers() {
            let mut out = vec![7.0; rows * cols];
            let ran = qk256::dequantize(kernels, View::new(shape, &bytes).unwrap(), &mut out).unwrap();
            assert_eq!(bits(&out), bits(&expected), "{ran}");
        }
    }

    #[test]
    fn gemv_is_within_its_bound((rows, cols) in rows_and_cols(), xs in prop::collection::vec(ordinary_f32(), 700)) {
        let shape = Shape::new(rows, cols).unwrap();
        let bytes = noise(qk256::byte_count(shape));
        let x = &xs[..cols];
        for kernels in tiers() {
            let mut y = vec![7.0; rows];
            let ran = qk256::gemv(kernels, View::new(shape, &bytes).unwrap(), x, &mut y).unwrap();
            for (r, y) in y.iter().enumerate() {
                let row = (0..cols).map(|c| f64::from(oracle::qk256_value(cols, &bytes, r, c)));
                oracle::assert_close(*y, oracle::dot(row, x), ran.kernel);
            }
        }
    }

    #[test]
    fn gemv_int8_is_exact((rows, cols) in rows_and_cols(), qs in prop::collection::vec(any::<i8>(), 700)) {
        let shape = Shape::new(rows, cols).unwrap();
        let bytes = noise(qk256::byte_count(shape));
        let q = &qs[..cols];
        let expected: Vec<i32> = (0..rows).map(|r| int8_oracle(cols, &bytes, r, q)).collect();
        for kernels in tiers() {
            let mut y = vec![7; rows];
            let ran = qk256::gemv_int8(kernels, View::new(shape, &bytes).unwrap(), q, &mut y).unwrap();
            assert_eq!(y, expected, "{ran}");
        }
    }
}

/// As in I2S: an element that lands in another's place shows.
#[test]
fn every_element_lands_in_its_own_place() {
    for position in 0..256 {
        let mut row = [-2.0; 256];
        row[position] = 2.0;
        let mut expected = [0; 256];
        expected[position] = 3;
        assert_eq!(codes_of(&row), expected, "position {position}");
    }
}

#[test]
fn each_code_means_its_value() {
    // 0b11_10_01_00: codes 0, 1, 2, 3 in order.
    let mut bytes = [0; 64];
    bytes[0] = 0b1110_0100;
    let view = View::new(Shape::vector(4).unwrap(), &bytes).unwrap();
    for kernels in tiers() {
        let mut out = [0.0; 4];
        qk256::dequantize(kernels, view, &mut out).unwrap();
        assert_eq!(out, [-2.0, -1.0, 1.0, 2.0]);
    }
}

#[test]
fn ties_and_specials_are_decided_as_documented() {
    let row = [
        -1.5,
        1.5,
        0.0,
        -0.0,
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        -1.499_999_9,
        1.499_999_9,
        -1e-40,
    ];
    assert_eq!(codes_of(&row), [0, 3, 2, 2, 2, 3, 0, 1, 2, 1]);
}

#[test]
fn padding_is_written_as_zero_and_never_read() {
    let shape = Shape::new(2, 3).unwrap();
    let mut bytes = [0xff; 128];
    for kernels in tiers() {
        bytes.fill(0xff);
        let out = qk256::ViewMut::new(shape, &mut bytes).unwrap();
        qk256::quantize(kernels, &[2.0; 6], out).unwrap();
        assert_eq!(bytes[0], 0b0011_1111);
        assert!(bytes[1..64].iter().all(|b| *b == 0));
        bytes.fill(0xff);
        let view = View::new(shape, &bytes).unwrap();
        let (mut y, mut y_int8) = ([0.0; 2], [0; 2]);
        qk256::gemv(kernels, view, &[1.0; 3], &mut y).unwrap();
        qk256::gemv_int8(kernels, view, &[1; 3], &mut y_int8).unwrap();
        assert_eq!((y, y_int8), ([6.0; 2], [6; 2]));
    }
}

#[test]
fn a_product_over_no_columns_is_zero() {
    let view = View::new(Shape::new(3, 0).unwrap(), &[]).unwrap();
    for kernels in tiers() {
        let (mut y, mut y_int8) = ([7.0; 3], [7; 3]);
        qk256::gemv(kernels, view, &[], &mut y).unwrap();
        qk256::gemv_int8(kernels, view, &[], &mut y_int8).unwrap();
        assert_eq!((y, y_int8), ([0.0; 3], [0; 3]));
    }
}

/// Sums of i16 wrap here: every product has one sign and the largest size.
#[test]
fn the_largest_int8_sums_do_not_wrap() {
    let cols = 4096;
    let shape = Shape::vector(cols).unwrap();
    for (byte, value) in [(0xff, 2), (0xaa, 1), (0x55, -1), (0x00, -2)] {
        let bytes = vec![byte; qk256::byte_count(shape)];
        for q in [i8::MIN, -1, 64, i8::MAX] {
            for kernels in tiers() {
                let mut y = [0];
                let ran = qk256::gemv_int8(
                    kernels,
                    View::new(shape, &bytes).unwrap(),
                    &vec![q; cols],
                    &mut y,
                )
                .unwrap();
                assert_eq!(y, [value * i32::from(q) * 4096], "{ran}: {value} times {q}");
            }
        }
    }
}

#[test]
fn int8_is_exact_up_to_its_last_column_and_refused_after_it() {
    let (most, limit) = (qk256::MAX_INT8_COLS, qk256::MAX_INT8_COLS);
    let shape = Shape::vector(most + 1).unwrap();
    let bytes = vec![0xff; qk256::byte_count(shape)];
    let q = vec![i8::MIN; most + 1];
    for kernels in tiers() {
        let fits = View::new(Shape::vector(most).unwrap(), &bytes).unwrap();
        let mut y = [0];
        qk256::gemv_int8(kernels, fits, &q[..most], &mut y).unwrap();
        assert_eq!(y, [-256 * 4_194_303]);

        let too_wide = View::new(shape, &bytes).unwrap();
        let refusal = qk256::gemv_int8(kernels, too_wide, &q, &mut y).unwrap_err();
        assert_eq!(refusal, ShapeError::TooManyColumns { cols: most + 1, limit });
    }
}

#[test]
fn a_nan_activation_makes_every_output_nan() {
    let bytes = noise(128);
    let view = View::new(Shape::new(2, 200).unwrap(), &bytes).unwrap();
    let mut x = [1.0; 200];
    x[150] = f32::NAN;
    for kernels in tiers() {
        let mut y = [0.0; 2];
        qk256::gemv(kernels, view, &x, &mut y).unwrap();
        assert!(y.iter().all(|y| y.is_nan()));
    }
}
