//! Any text as what a bench executable lists, and any files as what criterion left in the sandbox:
//! read or refused, and what is read can be stored, judged, and written into a receipt.

#![no_main]

use libfuzzer_sys::fuzz_target;
use t5_gate::{
    config::BenchRules,
    perf::{self, BenchId, Harness, Order, Round, Rule, Seen, SeenSides, Stage, Turns},
    receipt::{decode_rounds, encode_rounds},
    runner::criterion::{Sample, listed, samples},
    sandbox::Returned,
};

/// As many rounds as the first look and one more take.
const ROUNDS: u32 = 10;

fuzz_target!(|bytes: &[u8]| {
    // A list, and then files, each behind a line with its path.
    let text = String::from_utf8_lossy(bytes);
    let (list, rest) = text.split_once("\n---\n").unwrap_or((&text, ""));
    let files: Vec<Returned> = rest
        .split("\n---\n")
        .filter_map(|part| part.split_once('\n'))
        .map(|(path, text)| Returned { path: path.into(), bytes: Some(text.into()) })
        .collect();
    let Ok(ids) = listed(list) else { return };
    assert!((1..=4096).contains(&ids.len()));
    assert!(ids.iter().all(|id| id.len() <= 512 && !id.contains(char::is_control)));
    for id in ids.iter().take(2) {
        if let Ok(sample) = samples(&files, id) {
            judged(id, &sample);
        }
    }
});

/// The base as it was read, and a head whose slices come in the other order.
fn judged(id: &str, sample: &Sample) {
    assert!(!sample.slices.is_empty());
    let usable = |time: f64| time.is_finite() && time > 0.0;
    assert!(sample.slices.iter().all(|slice| usable(slice.per_iteration())));
    let bench = BenchId { package: "p".to_owned(), target: "t".to_owned(), id: id.to_owned() };
    let seen = Some(Seen { wall_ns: 2e8, cpu_ns: 1e8 });
    let round = |round| Round {
        bench: bench.clone(),
        round,
        order: Order::BaseFirst,
        base: sample.slices.clone(),
        head: sample.slices.iter().rev().copied().skip(1).collect(),
        turns: Turns::default(),
        stage: Stage::First,
        seen: SeenSides::of(seen, seen),
        harness: Harness::Criterion,
    };
    let rounds: Vec<Round> = (0..ROUNDS).map(round).collect();
    assert_eq!(decode_rounds(&encode_rounds(&rounds).unwrap()).unwrap(), rounds);

    let mut pair = perf::pair(bench, &rounds, &Rule::new(&BenchRules::default(), 1), 1);
    pair.throughput = sample.throughput;
    let written = serde_json::to_string(&pair).unwrap();
    assert_eq!(serde_json::from_str::<perf::Pair>(&written).unwrap(), pair);
}
