//! What surrounds the quantized kernels: `matmul/f32/<n>x<n>` on the tier that a caller gets (see `T5_KERNELS_TIER`),
//! `dispatch/detect` (finding the tier) and `dispatch/empty_call` (an operation with nothing to do).

mod inputs;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use t5_kernels::{Kernels, i2s, matmul};

use inputs::{check, chosen, done, numbers, shape};

/// Throughput counts multiply-adds: two floating-point operations each.
fn matmul(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matmul");
    for side in [32, 64, 128, 256, 512] {
        group.throughput(Throughput::Elements((side * side * side) as u64));
        let mut case = None;
        group.bench_function(BenchmarkId::new("f32", format!("{side}x{side}")), |bencher| {
            let Product { kernels, a, b, c } = case.get_or_insert_with(|| Product::checked(side));
            let shape = shape(side, side);
            bencher.iter(|| {
                matmul::f32(*kernels, shape, side, black_box(a), black_box(b), black_box(c))
            });
        });
    }
}

struct Product {
    kernels: Kernels,
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
}

impl Product {
    /// A product whose diagonal is right. All of it would take longer to check than the benchmark to run.
    fn checked(side: usize) -> Self {
        let kernels = chosen(Kernels::from_env());
        let (a, b) = (numbers(side * side), numbers(side * side));
        let mut c = vec![0.0; side * side];
        done(matmul::f32(kernels, shape(side, side), side, &a, &b, &mut c));
        for (i, (row, c)) in a.chunks(side).zip(c.iter().step_by(side + 1)).enumerate() {
            let column = b.iter().skip(i).step_by(side);
            let dot: f64 = row.iter().zip(column).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            // No element is larger than 1, so Σ|a·b| is at most `side`.
            check((f64::from(*c) - dot).abs() <= 1e-5 * side as f64, "matmul/f32");
        }
        Self { kernels, a, b, c }
    }
}

fn dispatch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dispatch");
    group.bench_function("detect", |bencher| {
        bencher.iter(|| black_box(Kernels::detect()));
    });
    group.bench_function("empty_call", |bencher| {
        let kernels = chosen(Kernels::from_env());
        let (empty, _) = done(i2s::Matrix::quantize(kernels, shape(0, 0), &[]));
        let ran = done(i2s::gemv(kernels, empty.view(), &[], &mut []));
        check(ran.tier == kernels.tier(), "dispatch/empty_call");
        bencher.iter(|| i2s::gemv(black_box(kernels), black_box(empty.view()), &[], &mut []));
    });
}

criterion_group!(benches, matmul, dispatch);
criterion_main!(benches);
