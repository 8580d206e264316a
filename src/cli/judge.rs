//! `t5 judge`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use serde_json::{Value, json};

use super::{Exit, args::JudgeArgs, fail, print};
use crate::{
    config::BenchRules,
    perf::{
        self, BenchId, Estimate, Pair, PairState, Round, Rule, Stage, judge_rounds, resolution,
        rounds_needed,
    },
    receipt::{self, SAMPLES_LIMIT},
};

/// What a person can do about a file that cannot be judged.
const NEXT: &str = "name recorded slices or a run's samples.jsonl (`t5 judge --help` shows a line)";

/// Judges the samples in a file.
pub(super) fn judge(args: &JudgeArgs) -> Exit {
    match judged(args) {
        Ok(document) => {
            print(&format!("{document:#}\n"));
            Exit::Good
        }
        Err(message) => fail(&message, Exit::Usage),
    }
}

fn judged(args: &JudgeArgs) -> Result<Value, String> {
    let named = args.file.display();
    let bytes = read(&args.file).map_err(|error| format!("{named}: {error}; {NEXT}"))?;
    let rounds =
        receipt::decode_recorded(&bytes).map_err(|error| format!("{named}: {error}; {NEXT}"))?;
    let mut own: BTreeMap<BenchId, Vec<Round>> = BTreeMap::new();
    for round in rounds {
        own.entry(round.bench.clone()).or_default().push(round);
    }
    if own.is_empty() {
        return Err(format!("{named}: there is no round in it; {NEXT}"));
    }
    // A reading of an unchanged benchmark is no comparison.
    own.retain(|_, rounds| rounds.iter().any(|round| !round.base.is_empty()));
    let family = args.family.map_or(own.len(), |family| family as usize);
    let rule = Rule::new(&rules(args)?, family);
    let benchmarks: Vec<Value> =
        own.iter().map(|(bench, rounds)| benchmark(bench, rounds, &rule, args.seed)).collect();
    Ok(json!({
        "rule": rule,
        "line": rule.line(),
        "seed": args.seed,
        "benchmarks": benchmarks,
    }))
}

fn rules(args: &JudgeArgs) -> Result<BenchRules, String> {
    let mut rules = BenchRules::default();
    rules.min_throughput = args.min_throughput.unwrap_or(rules.min_throughput);
    rules.guard = args.guard.unwrap_or(rules.guard);
    if !(rules.min_throughput > 0.0 && rules.min_throughput <= 1.0) {
        return Err("--min-throughput is a share above 0 and not above 1, for example 0.95".into());
    }
    if !(rules.guard >= 0.0 && rules.min_throughput + rules.guard <= 1.0) {
        return Err("--guard is a share of 0 or more that leaves the line at 1 or below".into());
    }
    Ok(rules)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than may be there, so that the reader can tell that there is too much.
    File::open(path)?.take(SAMPLES_LIMIT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn benchmark(bench: &BenchId, rounds: &[Round], rule: &Rule, seed: u64) -> Value {
    let first: Vec<Round> =
        rounds.iter().filter(|round| round.stage == Stage::First).cloned().collect();
    let both = judge_rounds(&first, rule, seed).both;
    let pair = perf::pair(bench.clone(), rounds, rule, seed);
    let name = match bench.package.as_str() {
        "" => bench.id.clone(),
        _ => bench.to_string(),
    };
    json!({
        "bench": name,
        "state": pair.state,
        "estimate": pair.estimate,
        "stopped_at": pair.estimate.as_ref().map(|estimate| estimate.rounds),
        "rounds": rounds.len(),
        "floor": both.floor,
        "paired": both.paired,
        "method": pair.method,
        "contention": pair.contention,
        "confirmation": pair.confirmation,
        "clock": pair.clock,
        "resolves_percent": pair.estimate.as_ref().map(resolution),
        "rounds_to_resolve": open(&pair).and_then(|estimate| rounds_needed(estimate, rule)),
    })
}

/// The estimate of a pair that is not settled.
fn open(pair: &Pair) -> Option<&Estimate> {
    pair.estimate.as_ref().filter(|_| pair.state == PairState::Inconclusive)
}
