//! Any bytes as recorded slices: read or refused, and what is read is judged as something that a
//! receipt can hold, the same way each time.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use t5_gate::{
    config::BenchRules,
    perf::{self, BenchId, Pair, Round, Rule},
    receipt,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(rounds) = receipt::decode_recorded(bytes) else { return };
    let mut own: BTreeMap<BenchId, Vec<Round>> = BTreeMap::new();
    for round in rounds {
        assert!(round.turns.is_empty() || round.turns.0.len() == round.base.len());
        own.entry(round.bench.clone()).or_default().push(round);
    }
    let rule = Rule::new(&BenchRules::default(), own.len());
    for (bench, rounds) in own {
        let pair = perf::pair(bench.clone(), &rounds, &rule, 1);
        assert_eq!(perf::pair(bench, &rounds, &rule, 1), pair);
        let written = serde_json::to_string(&pair).unwrap();
        assert_eq!(serde_json::from_str::<Pair>(&written).unwrap(), pair);
        perf::next_step(&rounds, &rule, 1);
    }
});
