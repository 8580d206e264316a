//! Any bytes as the stored samples of a run: read or refused, and what is read is written again as
//! the same samples, and judged as something that a receipt can hold.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use t5_gate::{
    config::{BenchRules, Program, Workload},
    perf::{self, BenchId, Pair, Round, Rule, WorkloadPair, WorkloadRule, WorkloadState},
    receipt,
};

fuzz_target!(|bytes: &[u8]| {
    workloads(bytes);
    let Ok(rounds) = receipt::decode_rounds(bytes) else { return };
    let again = receipt::decode_rounds(&receipt::encode_rounds(&rounds).unwrap()).unwrap();
    assert_eq!(again, rounds);

    let mut own: BTreeMap<BenchId, Vec<Round>> = BTreeMap::new();
    for round in rounds {
        own.entry(round.bench.clone()).or_default().push(round);
    }
    let rule = Rule::new(&BenchRules::default(), own.len());
    for (bench, rounds) in own {
        let pair = perf::pair(bench, &rounds, &rule, 1);
        let written = serde_json::to_string(&pair).unwrap();
        assert_eq!(serde_json::from_str::<Pair>(&written).unwrap(), pair);
    }
});

/// The same of the rounds of workloads.
fn workloads(bytes: &[u8]) {
    let Ok(rounds) = receipt::decode_workloads(bytes) else { return };
    let written = receipt::encode_workloads(&rounds).unwrap();
    assert_eq!(receipt::decode_workloads(&written).unwrap(), rounds);

    let rule = WorkloadRule::beside(&Rule::new(&BenchRules::default(), 2));
    let workload = Workload::new("w", "p", Program::Bin("p".to_owned()));
    let unmeasured = WorkloadPair::unmeasured(&workload, "bench", WorkloadState::Held);
    let pair = perf::workload_pair(&unmeasured, &rounds, &rule);
    let written = serde_json::to_string(&pair).unwrap();
    assert_eq!(serde_json::from_str::<WorkloadPair>(&written).unwrap(), pair);
}
