//! Any bytes as the stored samples of a run: read or refused, and what is read is written again as
//! the same samples, and judged as something that a receipt can hold.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use t5_gate::{
    config::BenchRules,
    perf::{self, BenchId, Pair, Round, Rule},
    receipt,
};

fuzz_target!(|bytes: &[u8]| {
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
