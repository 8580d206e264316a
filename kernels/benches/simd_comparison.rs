//! I2S, each tier beside the other: `i2s_dequantize/<tier>/<n>` and `i2s_gemv/<tier>/<rows>x<cols>`.
//!
//! Throughput counts weights.

mod inputs;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use t5_kernels::{Kernels, i2s};

use inputs::{check, done, numbers, shape, tiers};

fn dequantize(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("i2s_dequantize");
    for (kernels, len) in cases([4096, 65536]) {
        group.throughput(Throughput::Elements(len as u64));
        let mut case = None;
        group.bench_function(BenchmarkId::new(kernels.tier().name(), len), |bencher| {
            let (matrix, out) = case.get_or_insert_with(|| {
                let matrix = matrix(1, len);
                let (mut out, mut scalar) = (vec![0.0; len], vec![0.0; len]);
                done(i2s::dequantize(kernels, matrix.view(), &mut out));
                done(i2s::dequantize(inputs::scalar(), matrix.view(), &mut scalar));
                check(out == scalar, "i2s_dequantize");
                (matrix, out)
            });
            bencher.iter(|| i2s::dequantize(kernels, black_box(matrix.view()), black_box(out)));
        });
    }
}

fn gemv(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("i2s_gemv");
    for (kernels, side) in cases([256, 1024]) {
        group.throughput(Throughput::Elements((side * side) as u64));
        let mut case = None;
        let id = BenchmarkId::new(kernels.tier().name(), format!("{side}x{side}"));
        group.bench_function(id, |bencher| {
            let (matrix, x, y) = case.get_or_insert_with(|| {
                let (matrix, x) = (matrix(side, side), numbers(side));
                let (mut y, mut scalar) = (vec![0.0; side], vec![0.0; side]);
                done(i2s::gemv(kernels, matrix.view(), &x, &mut y));
                done(i2s::gemv(inputs::scalar(), matrix.view(), &x, &mut scalar));
                // Two results within 10⁻⁵·Σ|w·x| of one number are within twice that of each other; |w| is at most 1.
                let bound = 2e-5 * x.iter().map(|x| x.abs()).sum::<f32>();
                check(y.iter().zip(&scalar).all(|(y, s)| (y - s).abs() <= bound), "i2s_gemv");
                (matrix, x, y)
            });
            bencher
                .iter(|| i2s::gemv(kernels, black_box(matrix.view()), black_box(x), black_box(y)));
        });
    }
}

fn matrix(rows: usize, cols: usize) -> i2s::Matrix {
    done(i2s::Matrix::quantize(Kernels::detect(), shape(rows, cols), &numbers(rows * cols))).0
}

fn cases(sizes: [usize; 2]) -> impl Iterator<Item = (Kernels, usize)> {
    tiers().into_iter().flat_map(move |kernels| sizes.map(|size| (kernels, size)))
}

criterion_group!(benches, dequantize, gemv);
criterion_main!(benches);
