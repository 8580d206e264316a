//! QK256, each tier beside the other: `qk256_dequantize/<tier>/<rows>x<cols>`, `qk256_gemv/…` and `qk256_gemv_int8/…`.
//!
//! Throughput counts weights. 2560x2560 is the shape of the projections in the 2-billion-parameter BitNet model.

mod inputs;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use t5_kernels::{
    Kernels, Shape, Tier,
    qk256::{self, View},
};

use inputs::{check, done, numbers, shape, tiers};

const SIDES: [usize; 3] = [256, 1024, 2560];

fn dequantize(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("qk256_dequantize");
    for (kernels, side) in cases(&SIDES[..2]) {
        group.throughput(Throughput::Elements((side * side) as u64));
        let mut case = None;
        group.bench_function(id(kernels, side), |bencher| {
            let (matrix, out) = case.get_or_insert_with(|| {
                let matrix = Bytes::new(side);
                let mut out = vec![0.0; side * side];
                done(qk256::dequantize(kernels, matrix.view(), &mut out));
                let agrees = |(i, value): (usize, &f32)| *value == matrix.value(i / side, i % side);
                check(out.iter().enumerate().all(agrees), "qk256_dequantize");
                (matrix, out)
            });
            bencher.iter(|| qk256::dequantize(kernels, black_box(matrix.view()), black_box(out)));
        });
    }
}

fn gemv(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("qk256_gemv");
    for (kernels, side) in cases(&SIDES) {
        group.throughput(Throughput::Elements((side * side) as u64));
        let mut case = None;
        group.bench_function(id(kernels, side), |bencher| {
            let (matrix, x, y) = case.get_or_insert_with(|| {
                let (matrix, x) = (Bytes::new(side), numbers(side));
                let (mut y, mut scalar) = (vec![0.0; side], vec![0.0; side]);
                done(qk256::gemv(kernels, matrix.view(), &x, &mut y));
                done(qk256::gemv(inputs::scalar(), matrix.view(), &x, &mut scalar));
                // Two results within 10⁻⁵·Σ|w·x| of one number are within twice that of each other; |w| is at most 2.
                let bound = 4e-5 * x.iter().map(|x| x.abs()).sum::<f32>();
                check(y.iter().zip(&scalar).all(|(y, s)| (y - s).abs() <= bound), "qk256_gemv");
                (matrix, x, y)
            });
            bencher.iter(|| {
                qk256::gemv(kernels, black_box(matrix.view()), black_box(x), black_box(y))
            });
        });
    }
}

fn gemv_int8(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("qk256_gemv_int8");
    for (kernels, side) in cases(&SIDES[1..]) {
        group.throughput(Throughput::Elements((side * side) as u64));
        let mut case = None;
        group.bench_function(id(kernels, side), |bencher| {
            let (matrix, q, y) = case.get_or_insert_with(|| {
                let q: Vec<i8> = inputs::bytes(side).into_iter().map(u8::cast_signed).collect();
                let matrix = Bytes::new(side);
                let (mut y, mut scalar) = (vec![0; side], vec![0; side]);
                done(qk256::gemv_int8(kernels, matrix.view(), &q, &mut y));
                done(qk256::gemv_int8(inputs::scalar(), matrix.view(), &q, &mut scalar));
                check(y == scalar, "qk256_gemv_int8");
                (matrix, q, y)
            });
            bencher.iter(|| {
                qk256::gemv_int8(kernels, black_box(matrix.view()), black_box(q), black_box(y))
            });
        });
    }
}

/// A square matrix of noise.
struct Bytes {
    shape: Shape,
    bytes: Vec<u8>,
}

impl Bytes {
    fn new(side: usize) -> Self {
        let shape = shape(side, side);
        Self { shape, bytes: inputs::bytes(qk256::byte_count(shape)) }
    }

    fn view(&self) -> View<'_> {
        done(View::new(self.shape, &self.bytes))
    }

    /// The value at (r, c), read from the layout without a kernel.
    fn value(&self, r: usize, c: usize) -> f32 {
        let byte = self.bytes.get(r * qk256::row_stride(self.shape) + c / 4);
        let code = byte.map(|byte| usize::from(byte >> (2 * (c % 4)) & 3));
        code.and_then(|code| qk256::VALUES.get(code).copied()).unwrap_or(f32::NAN)
    }
}

fn cases(sides: &[usize]) -> impl Iterator<Item = (Kernels, usize)> {
    tiers().into_iter().flat_map(|kernels| sides.iter().map(move |side| (kernels, *side)))
}

fn id(kernels: Kernels, side: usize) -> BenchmarkId {
    let tier: Tier = kernels.tier();
    BenchmarkId::new(tier.name(), format!("{side}x{side}"))
}

criterion_group!(benches, dequantize, gemv, gemv_int8);
criterion_main!(benches);
