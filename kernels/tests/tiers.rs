//! Choosing a tier, and the record of what ran.

use std::{env, process::Command};

use t5_kernels::{Kernels, Shape, Tier, TierError, i2s, matmul, qk256};

use crate::inputs::tiers;

#[test]
fn scalar_is_always_there() {
    assert_eq!(Kernels::forced(Tier::Scalar).unwrap().tier(), Tier::Scalar);
}

#[test]
#[cfg(all(feature = "cpu", target_arch = "x86_64"))]
fn avx2_is_there_where_the_processor_has_it() {
    let has_it = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    assert_eq!(Kernels::forced(Tier::Avx2).is_ok(), has_it);
}

#[test]
#[cfg(not(all(feature = "cpu", target_arch = "x86_64")))]
fn avx2_is_refused_where_it_is_not_built() {
    let refusal = Kernels::forced(Tier::Avx2).unwrap_err();
    assert_eq!(refusal, TierError::Unsupported { tier: Tier::Avx2 });
    assert!(refusal.to_string().starts_with("kernel tier avx2 is not available here"));
}

#[test]
fn detection_takes_the_fastest_tier() {
    let fastest = tiers().last().unwrap().tier();
    assert_eq!(Kernels::detect().tier(), fastest);
}

#[test]
fn names_are_read_exactly() {
    for tier in Tier::ALL {
        assert_eq!(tier.name().parse(), Ok(tier));
    }
    for name in ["", "AVX2", " scalar", "avx512"] {
        assert_eq!(name.parse::<Tier>(), Err(TierError::Unknown { name: name.into() }));
    }
}

/// Not much of a test when run by itself: the ones below run it in processes with an environment of their own.
#[test]
fn print_the_tier_of_the_environment() {
    match Kernels::from_env() {
        Ok(kernels) => println!("tier: {}", kernels.tier()),
        Err(refusal) => println!("refused: {refusal}"),
    }
}

/// What this program's `from_env` says under T5_KERNELS_TIER=`value`.
fn under(value: &str) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "tiers::print_the_tier_of_the_environment", "--nocapture"])
        .env(Kernels::TIER_VARIABLE, value)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_environment_forces_a_tier() {
    for kernels in tiers() {
        let tier = kernels.tier();
        let printed = under(tier.name());
        assert!(printed.contains(&format!("tier: {tier}\n")), "{printed}");
    }
}

#[test]
fn an_empty_variable_forces_nothing() {
    let printed = under("");
    assert!(printed.contains(&format!("tier: {}\n", Kernels::detect().tier())), "{printed}");
}

#[test]
fn an_unknown_tier_in_the_environment_is_refused_by_name() {
    let printed = under("avx9");
    assert!(
        printed.contains("refused: unknown kernel tier \"avx9\"; the tiers are scalar and avx2"),
        "{printed}"
    );
}

#[test]
fn every_call_records_the_kernel_that_ran() {
    for kernels in tiers() {
        let shape = Shape::new(1, 1).unwrap();
        let (i2s, quantized_i2s) = i2s::Matrix::quantize(kernels, shape, &[1.0]).unwrap();
        let (qk256, quantized_qk256) = qk256::Matrix::quantize(kernels, shape, &[1.0]).unwrap();
        let y = &mut [0.0];
        let ran = [
            (quantized_i2s, "i2s_quantize"),
            (i2s::dequantize(kernels, i2s.view(), y).unwrap(), "i2s_dequantize"),
            (i2s::gemv(kernels, i2s.view(), &[1.0], y).unwrap(), "i2s_gemv"),
            (quantized_qk256, "qk256_quantize"),
            (qk256::dequantize(kernels, qk256.view(), y).unwrap(), "qk256_dequantize"),
            (qk256::gemv(kernels, qk256.view(), &[1.0], y).unwrap(), "qk256_gemv"),
            (qk256::gemv_int8(kernels, qk256.view(), &[1], &mut [0]).unwrap(), "qk256_gemv_int8"),
            (matmul::f32(kernels, shape, 1, &[1.0], &[1.0], y).unwrap(), "matmul_f32"),
        ];
        for (ran, operation) in ran {
            assert_eq!(ran.tier, kernels.tier());
            assert_eq!(ran.kernel, format!("{operation}_{}", kernels.tier()));
        }
    }
}
