//! I2S on the tier that a caller gets (see `T5_KERNELS_TIER`): `quantize/i2s/<n>` and `dequantize/i2s/<n>`.
//!
//! One block's bytes and scale are written or read for every 32 elements; throughput counts elements.

mod inputs;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use t5_kernels::{Kernels, Tier, TierError, i2s};

use inputs::{check, done, numbers, shape};

/// Elements of a vector; the smallest fits in L1, the largest in L2.
const SIZES: [usize; 4] = [1024, 4096, 16384, 65536];

fn quantize(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("quantize");
    for len in SIZES {
        group.throughput(Throughput::Elements(len as u64));
        let mut case = None;
        group.bench_function(BenchmarkId::new("i2s", len), |bencher| {
            let Case { kernels, weights, matrix, .. } =
                case.get_or_insert_with(|| Case::checked(len));
            bencher.iter(|| i2s::quantize(*kernels, black_box(weights), matrix.view_mut()));
        });
    }
}

fn dequantize(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dequantize");
    for len in SIZES {
        group.throughput(Throughput::Elements(len as u64));
        let mut case = None;
        group.bench_function(BenchmarkId::new("i2s", len), |bencher| {
            let Case { kernels, restored, matrix, .. } =
                case.get_or_insert_with(|| Case::checked(len));
            bencher
                .iter(|| i2s::dequantize(*kernels, black_box(matrix.view()), black_box(restored)));
        });
    }
}

struct Case {
    kernels: Kernels,
    weights: Vec<f32>,
    matrix: i2s::Matrix,
    restored: Vec<f32>,
}

impl Case {
    /// The chosen tier's case, after a round trip that the scalar tier agrees with.
    fn checked(len: usize) -> Self {
        let case = Self::new(Kernels::from_env(), len);
        let scalar = Self::new(Kernels::forced(Tier::Scalar), len);
        check(case.matrix == scalar.matrix, "quantize/i2s");
        check(case.restored == scalar.restored, "dequantize/i2s");
        case
    }

    fn new(kernels: Result<Kernels, TierError>, len: usize) -> Self {
        let kernels = inputs::chosen(kernels);
        let weights = numbers(len);
        let (matrix, _) = done(i2s::Matrix::quantize(kernels, shape(1, len), &weights));
        let mut restored = vec![0.0; len];
        done(i2s::dequantize(kernels, matrix.view(), &mut restored));
        Self { kernels, weights, matrix, restored }
    }
}

criterion_group!(benches, quantize, dequantize);
criterion_main!(benches);
