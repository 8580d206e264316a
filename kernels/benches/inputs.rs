//! Inputs of the benchmarks: cheap to make, the same in every process, and without a visible order.

use t5_kernels::{Kernels, Shape, Tier};

/// The tiers of this host, slowest first. A tier that is missing has no ids, so whoever expects them sees that they are not
/// there.
#[allow(dead_code, reason = "not every benchmark compares tiers")]
pub(crate) fn tiers() -> Vec<Kernels> {
    Tier::ALL.into_iter().filter_map(|tier| Kernels::forced(tier).ok()).collect()
}

/// `len` bytes of a linear congruential generator.
#[allow(dead_code, reason = "not every benchmark starts from codes")]
pub(crate) fn bytes(len: usize) -> Vec<u8> {
    words(len).map(|word| (word >> 24) as u8).collect()
}

/// `len` numbers from −1 up to 1.
#[allow(dead_code, reason = "not every benchmark needs numbers")]
pub(crate) fn numbers(len: usize) -> Vec<f32> {
    words(len).map(|word| word as i32 as f32 / 2_147_483_648.0).collect()
}

fn words(len: usize) -> impl Iterator<Item = u32> {
    let step = |word: &u32| Some(word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(Some(0x9e37_79b9), step).take(len)
}

/// A shape that a benchmark has written down itself.
pub(crate) fn shape(rows: usize, cols: usize) -> Shape {
    match Shape::new(rows, cols) {
        Ok(shape) => shape,
        Err(error) => stop(&error.to_string()),
    }
}

/// What an operation on buffers that a benchmark has sized itself returns.
pub(crate) fn done<T>(result: Result<T, t5_kernels::ShapeError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => stop(&error.to_string()),
    }
}

/// Ends the process unless `holds`: a wrong result has no speed.
pub(crate) fn check(holds: bool, id: &str) {
    if !holds {
        stop(&format!("{id}: the result is wrong, so there is nothing to measure"));
    }
}

#[expect(
    clippy::panic,
    reason = "a benchmark that cannot run has to fail its process, or its absence would look like success"
)]
fn stop(message: &str) -> ! {
    panic!("{message}")
}

/// The tier that was asked for.
#[allow(dead_code, reason = "not every benchmark leaves the tier to the environment")]
pub(crate) fn chosen(kernels: Result<Kernels, t5_kernels::TierError>) -> Kernels {
    match kernels {
        Ok(kernels) => kernels,
        Err(error) => stop(&error.to_string()),
    }
}

/// The tier that others are compared with.
#[allow(dead_code, reason = "not every benchmark compares tiers")]
pub(crate) fn scalar() -> Kernels {
    chosen(Kernels::forced(Tier::Scalar))
}
