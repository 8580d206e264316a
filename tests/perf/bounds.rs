//! What a number of trials says of a chance: exact binomial bounds (Clopper and Pearson, 1934).

use statrs::distribution::{Beta, ContinuousCDF as _};

/// How sure a bound is.
const SURE: f64 = 0.99;

/// A chance is at least this, if so many of the trials came out.
pub fn at_least(found: u32, trials: u32) -> f64 {
    match found {
        0 => 0.0,
        _ => beta(f64::from(found), f64::from(trials - found) + 1.0).inverse_cdf(1.0 - SURE),
    }
}

/// A chance is at most this, if so many of the trials came out.
pub fn at_most(found: u32, trials: u32) -> f64 {
    if found == trials {
        return 1.0;
    }
    beta(f64::from(found) + 1.0, f64::from(trials - found)).inverse_cdf(SURE)
}

fn beta(a: f64, b: f64) -> Beta {
    Beta::new(a, b).unwrap()
}

#[test]
fn bounds_are_those_of_the_tables() {
    let close = |bound: f64, table: f64| assert!((bound - table).abs() < 1e-4, "{bound} {table}");
    // Nothing in n trials: 1 − (1 − sure)^(1/n).
    close(at_most(0, 300), 1.0 - 0.01_f64.powf(1.0 / 300.0));
    close(at_least(100, 100), 0.01_f64.powf(1.0 / 100.0));
    // Tables of one-sided 99 % bounds: 1 of 10.
    close(at_most(1, 10), 0.5044);
    close(at_least(1, 10), 0.0010);
}
