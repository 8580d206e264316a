//! Buffers that do not fit are refused by name, and left as they were.

use t5_kernels::{Shape, ShapeError, accuracy, i2s, matmul, qk256};

use crate::inputs::tiers;

/// The error of a buffer that holds `actual` elements for `expected`.
fn length(buffer: &'static str, expected: usize, actual: usize) -> ShapeError {
    ShapeError::Length { buffer, expected, actual }
}

#[test]
fn sizes_that_overflow_are_refused() {
    for (rows, cols) in [(usize::MAX, 2), (1, usize::MAX), (usize::MAX / 256 + 1, 1)] {
        assert_eq!(Shape::new(rows, cols), Err(ShapeError::Overflow { rows, cols }));
    }
    assert_eq!(Shape::new(usize::MAX, 0).unwrap().elements(), 0);
}

#[test]
fn sizes_follow_the_layouts() {
    let shape = Shape::new(3, 257).unwrap();
    assert_eq!(shape.elements(), 771);
    assert_eq!((i2s::code_bytes(shape), i2s::scale_count(shape)), (3 * 9 * 8, 3 * 9));
    assert_eq!((qk256::row_stride(shape), qk256::byte_count(shape)), (128, 384));
}

#[test]
fn views_refuse_buffers_of_another_length() {
    let shape = Shape::new(2, 33).unwrap();
    for len in [0, 31, 33, 64] {
        let refused = i2s::View::new(shape, &vec![0; len], &[0.0; 4]).unwrap_err();
        assert_eq!(refused, length("codes", 32, len));
        let refused = qk256::View::new(shape, &vec![0; len]).unwrap_err();
        assert_eq!(refused, length("bytes", 128, len));
    }
    let refused = i2s::ViewMut::new(shape, &mut [0; 32], &mut [0.0; 3]).unwrap_err();
    assert_eq!(refused, length("scales", 4, 3));
    assert!(qk256::ViewMut::new(shape, &mut [0; 127]).is_err());
}

#[test]
fn operations_refuse_buffers_of_another_length() {
    let shape = Shape::new(2, 3).unwrap();
    for kernels in tiers() {
        assert_eq!(
            i2s::Matrix::quantize(kernels, shape, &[0.0; 5]).unwrap_err(),
            length("weights", 6, 5)
        );
        assert_eq!(
            qk256::Matrix::quantize(kernels, shape, &[0.0; 7]).unwrap_err(),
            length("weights", 6, 7)
        );

        let (mut i2s, _) = i2s::Matrix::quantize(kernels, shape, &[1.0; 6]).unwrap();
        let before = i2s.clone();
        assert_eq!(i2s::quantize(kernels, &[2.0; 7], i2s.view_mut()), Err(length("weights", 6, 7)));
        assert_eq!(i2s, before);
        assert_eq!(i2s::dequantize(kernels, i2s.view(), &mut [0.0; 8]), Err(length("out", 6, 8)));
        assert_eq!(
            i2s::gemv(kernels, i2s.view(), &[0.0; 2], &mut [0.0; 2]),
            Err(length("x", 3, 2))
        );

        let (mut qk256, _) = qk256::Matrix::quantize(kernels, shape, &[1.0; 6]).unwrap();
        let before = qk256.clone();
        assert_eq!(
            qk256::quantize(kernels, &[2.0; 7], qk256.view_mut()),
            Err(length("weights", 6, 7))
        );
        assert_eq!(qk256, before);
        assert_eq!(qk256::dequantize(kernels, qk256.view(), &mut []), Err(length("out", 6, 0)));
        assert_eq!(
            qk256::gemv_int8(kernels, qk256.view(), &[0; 4], &mut [0; 2]),
            Err(length("q", 3, 4))
        );

        let mut y = [7.0; 3];
        assert_eq!(i2s::gemv(kernels, i2s.view(), &[0.0; 3], &mut y), Err(length("y", 2, 3)));
        assert_eq!(qk256::gemv(kernels, qk256.view(), &[0.0; 3], &mut y), Err(length("y", 2, 3)));
        assert_eq!(
            matmul::f32(kernels, shape, 1, &[0.0; 6], &[0.0; 2], &mut y),
            Err(length("b", 3, 2))
        );
        assert_eq!(y, [7.0; 3]);
    }
    assert_eq!(accuracy::relative(&[1.0], &[]), Err(length("restored", 1, 0)));
}

#[test]
fn a_refusal_says_what_is_wrong() {
    let refused = length("codes", 32, 31);
    assert_eq!(refused.to_string(), "`codes` must hold 32 elements and holds 31");
}
