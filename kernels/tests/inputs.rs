//! Matrices and vectors to test with.

use proptest::{prelude::*, sample::select};
use t5_kernels::{Kernels, Tier};

/// The kernels of every tier that this host has. `tiers::avx2_is_there_where_the_processor_has_it` keeps it from being short.
pub(crate) fn tiers() -> Vec<Kernels> {
    Tier::ALL.into_iter().filter_map(|tier| Kernels::forced(tier).ok()).collect()
}

/// Enough cases to meet every tail; no file of old failures, because a failure worth keeping becomes a test with a name.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) }
}

/// Rows and columns around the block sizes, 0 and 1 included.
pub(crate) fn rows_and_cols() -> impl Strategy<Value = (usize, usize)> {
    let cols = prop_oneof![
        select(vec![0, 1, 7, 8, 31, 32, 33, 63, 64, 255, 256, 257, 287, 288, 511, 512, 513]),
        0_usize..700,
    ];
    (0_usize..4, cols)
}

/// A matrix's rows, columns and elements.
pub(crate) fn matrix(
    element: impl Strategy<Value = f32> + Clone,
) -> impl Strategy<Value = (usize, usize, Vec<f32>)> {
    rows_and_cols().prop_flat_map(move |(rows, cols)| {
        (Just(rows), Just(cols), prop::collection::vec(element.clone(), rows * cols))
    })
}

/// Any bit pattern, with the values at which a decision flips made frequent.
pub(crate) fn any_f32() -> impl Strategy<Value = f32> + Clone {
    let edges = vec![
        0.0,
        -0.0,
        0.5,
        -0.5,
        1.0,
        -1.0,
        1.5,
        -1.5,
        2.0,
        -2.0,
        2.5,
        -2.5,
        1e-30,
        9.9e-31,
        1e-40,
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    prop_oneof![
        3 => -2.0_f32..2.0,
        2 => select(edges),
        1 => any::<u32>().prop_map(f32::from_bits),
    ]
}

/// Finite values of ordinary size.
pub(crate) fn ordinary_f32() -> impl Strategy<Value = f32> + Clone {
    prop_oneof![-3.0_f32..3.0, -1e4_f32..1e4, select(vec![0.0, 1.0, -1.0])]
}

/// The bits of each value, so that NaN equals NaN and −0 differs from 0.
pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// A repeatable sequence of bytes that has no visible order.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}
