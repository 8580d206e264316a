//! What a scripted run may come to.

use crate::receipt::build::{Gated, content, empty, licence};

/// Every part found what one hopes for.
pub fn pass() -> Gated {
    content()
}

/// A licence that the rules do not accept comes in.
pub fn fail() -> Gated {
    content().finding(licence(t5_gate::policy::FindingState::Introduced))
}

/// One benchmark takes much longer.
pub fn slower() -> Gated {
    empty().with_policy().with_perf().bench("dot/1024", 8_420.0, 1.3, 0.004, 30)
}

/// Content, with something to look at.
pub fn attention() -> Gated {
    let mut gated = content();
    gated.perf().edits = vec![t5_gate::perf::Edit::new("benches/kernels.rs", "bench code")];
    gated
}

/// Measured, and still open.
pub fn inconclusive() -> Gated {
    content().bench("alloc/64", 420.0, 1.03, 0.3, 54)
}

/// One benchmark gave nothing.
pub fn silent() -> Gated {
    content().silent("sum/4096", "the process ran longer than 60 s")
}

/// A change of documents alone.
pub fn documents() -> Gated {
    let mut gated = empty().with_policy().with_perf();
    gated.perf().builds.clear();
    gated.receipt.changes.documentation_only = true;
    gated
}

/// Policy alone, and it is content.
pub fn policy() -> Gated {
    empty().with_policy()
}

/// Policy alone, and it is not.
pub fn bad_policy() -> Gated {
    policy().finding(licence(t5_gate::policy::FindingState::Introduced))
}

/// Benchmarks alone: `dot/1024` takes `factor` times as long as on the base.
pub fn bench(factor: f64) -> Gated {
    empty().with_perf().bench("dot/1024", 8_420.0, factor, 0.004, 30)
}
