//! The f32 product against a triple loop in f64.

use proptest::prelude::*;
use t5_kernels::{Shape, matmul};

use crate::inputs::{bits, config, ordinary_f32, tiers};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn is_within_its_bound_and_the_same_on_every_tier(
        (m, k, n) in (0_usize..12, 0_usize..12, 0_usize..20),
        values in prop::collection::vec(ordinary_f32(), 12 * 12 + 12 * 20),
    ) {
        let (a, b) = (&values[..m * k], &values[144..144 + k * n]);
        let mut results = Vec::new();
        for kernels in tiers() {
            let mut c = vec![7.0; m * n];
            matmul::f32(kernels, Shape::new(m, k).unwrap(), n, a, b, &mut c).unwrap();
            for (i, c) in c.iter().enumerate() {
                let products: Vec<f64> = (0..k)
                    .map(|k_| f64::from(a[i / n * k + k_]) * f64::from(b[k_ * n + i % n]))
                    .collect();
                let size: f64 = products.iter().map(|p| p.abs()).sum();
                let error = (f64::from(*c) - products.iter().sum::<f64>()).abs();
                assert!(error <= 13.0 * 2_f64.powi(-24) * size, "{error:e} of {size:e}");
            }
            results.push(bits(&c));
        }
        assert!(results.iter().all(|c| *c == results[0]));
    }
}
