//! What the gate itself costs: statistics, encoding, verification and rendering of a run with
//! 200 measured benchmarks.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a bench shares the tests' builder and uses a part of it"
)]

use std::{collections::BTreeMap, hint::black_box};

use criterion::{Criterion, criterion_group, criterion_main};
use t5_gate::{
    perf::{BenchId, recompute},
    receipt::{
        DIGEST_FILE, FileError, Files, RECEIPT_FILE, REPORT_FILE, SAMPLES_FILE, VERDICT_FILE,
        encode, encode_rounds, encode_verdict, judge, side_file,
    },
    report::{human, markdown, verify},
    runner::pairing::compare_ids,
};

#[path = "../receipt/build.rs"]
mod build;

const BENCHMARKS: usize = 200;
/// As many rounds as a pair gets that is never proved.
const ROUNDS: u32 = 54;
/// Slices of one side in a round.
const SLICES: usize = 20;

fn gated() -> build::Gated {
    let mut run = build::empty().with_policy().with_perf();
    run.perf().rule.family = u32::try_from(BENCHMARKS).unwrap();
    let run = (0..BENCHMARKS).fold(run, |run, number| {
        run.bench(&format!("group/{number}"), 1_000.0, 1.0, 0.004, ROUNDS)
    });
    full_size(run).sealed()
}

/// As many slices a side as a process really gives; the builder of the tests makes fewer.
fn full_size(mut run: build::Gated) -> build::Gated {
    for round in &mut run.rounds {
        round.base = round.base.repeat(SLICES / round.base.len());
        round.head = round.head.repeat(SLICES / round.head.len());
    }
    let facts = run.receipt.perf.as_mut().unwrap();
    facts.pairs = recompute(facts, &run.rounds);
    run
}

struct Folder(BTreeMap<&'static str, Vec<u8>>);

impl Files for Folder {
    fn read(&self, name: &str, _limit: u64) -> Result<Vec<u8>, FileError> {
        self.0.get(name).cloned().ok_or(FileError::Absent)
    }
}

fn pipeline(criterion: &mut Criterion) {
    let gated = gated();
    let verdict = judge(&gated.receipt);
    let facts = gated.receipt.perf.as_ref().unwrap();
    let receipt = encode(&gated.receipt).unwrap();
    let report = markdown(&gated.receipt, &verdict).unwrap();
    let folder = Folder(BTreeMap::from([
        (DIGEST_FILE, side_file(&receipt).into_bytes()),
        (RECEIPT_FILE, receipt),
        (REPORT_FILE, report.into_bytes()),
        (SAMPLES_FILE, encode_rounds(&gated.rounds).unwrap()),
        (VERDICT_FILE, encode_verdict(&verdict).unwrap()),
    ]));
    let slices: usize = gated.rounds.iter().map(|r| r.base.len() + r.head.len()).sum();
    assert_eq!(slices, BENCHMARKS * ROUNDS as usize * SLICES * 2);
    assert!(verify(&folder).is_ok(), "what is timed is a run that holds together");

    let mut group = criterion.benchmark_group("pipeline/200");
    group.sample_size(10);
    let ids: Vec<BenchId> = facts.pairs.iter().map(|pair| pair.bench.clone()).collect();
    group.bench_function("planning", |b| {
        b.iter(|| compare_ids(black_box(&ids), black_box(&ids)));
    });
    group.bench_function("statistics", |b| {
        b.iter(|| recompute(black_box(facts), black_box(&gated.rounds)));
    });
    group.bench_function("verdict", |b| b.iter(|| judge(black_box(&gated.receipt))));
    group.bench_function("encode", |b| b.iter(|| encode(black_box(&gated.receipt))));
    group.bench_function("encode samples", |b| {
        b.iter(|| encode_rounds(black_box(&gated.rounds)));
    });
    group.bench_function("report", |b| b.iter(|| markdown(&gated.receipt, black_box(&verdict))));
    group.bench_function("summary", |b| {
        let screen = t5_gate::report::Screen { width: 100, colour: false, folder: None };
        b.iter(|| human(&gated.receipt, black_box(&verdict), &screen));
    });
    group.bench_function("verify", |b| b.iter(|| verify(black_box(&folder))));
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
