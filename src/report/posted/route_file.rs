//! The route for a program: where the change goes, why, what fails, and how to see it again.

use serde_json::{Value, json};

use crate::{
    perf::{
        self, BenchId, Bounds, BuildState, MemoryState, PairState, TargetState, WorkloadPair,
        WorkloadState,
    },
    policy::{self, Finding, ScanState, Side, Standing, WaiverState, waiver_states},
    receipt::{Receipt, judged_on},
    report::{
        Contradictions, GATE, refuse_contradictions, repeat,
        tally::{Weight, weight},
    },
    verdict::{Outcome, Verdict},
};

/// The version of this format.
pub const ROUTE_SCHEMA: &str = "t5-route/1";

/// The route of a run as a value: outcome, routes, reasons, and everything that fails, is
/// inconclusive or could not run, each with the command that repeats it.
///
/// Texts stand in it as the receipt has them: whoever shows them has to escape them.
///
/// # Errors
///
/// Refuses what contradicts itself.
pub fn route_file(receipt: &Receipt, verdict: &Verdict) -> Result<Value, Contradictions> {
    refuse_contradictions(receipt, verdict)?;
    let reasons: Vec<Value> = verdict
        .parts
        .iter()
        .flat_map(|part| {
            part.reasons.iter().map(move |reason| {
                json!({
                    "part": part.name,
                    "outcome": reason.outcome,
                    "code": reason.code,
                    "text": reason.text,
                })
            })
        })
        .collect();
    let mut rows = Vec::new();
    if let Some(facts) = &receipt.policy {
        rows.extend(of_policy(receipt, facts));
    }
    if let Some(facts) = &receipt.perf {
        rows.extend(of_perf(receipt, facts));
        let workloads = facts.workloads.iter().flat_map(|facts| &facts.pairs);
        rows.extend(workloads.filter_map(|pair| of_workload(receipt, pair)));
    }
    let of = |wanted: &[Outcome]| -> Vec<&Value> {
        rows.iter().filter(|(outcome, _)| wanted.contains(outcome)).map(|(_, row)| row).collect()
    };
    Ok(json!({
        "schema": ROUTE_SCHEMA,
        "gate": GATE,
        "run": receipt.run.id,
        "repository": receipt.subject.repository,
        "head": receipt.subject.head.sha,
        "base": receipt.subject.base.as_ref().map(|base| &base.sha),
        "outcome": verdict.outcome,
        "routes": verdict.routes,
        "reasons": reasons,
        "failing": of(&[Outcome::Fail]),
        "unresolved": of(&[Outcome::Inconclusive, Outcome::CouldNotRun]),
        "reproduce": receipt.run.command,
    }))
}

/// The exact bytes of the route file.
///
/// # Errors
///
/// Refuses what contradicts itself.
pub fn encode_route(receipt: &Receipt, verdict: &Verdict) -> Result<Vec<u8>, Contradictions> {
    let value = route_file(receipt, verdict)?;
    let unable = |error: serde_json::Error| Contradictions(vec![error.to_string()]);
    let mut bytes = serde_json::to_vec_pretty(&value).map_err(unable)?;
    bytes.push(b'\n');
    Ok(bytes)
}

type Row = (Outcome, Value);

fn of_policy(receipt: &Receipt, facts: &policy::Facts) -> Vec<Row> {
    let day = judged_on(receipt);
    let reproduce = repeat::policy(receipt);
    let fails = |finding: &&Finding| weight(facts, finding, day) == Weight::Fails;
    let mut rows: Vec<Row> = facts
        .findings
        .iter()
        .filter(fails)
        .map(|finding| {
            let row = json!({
                "kind": "finding",
                "source": finding.source,
                "id": finding.id,
                "package": finding.package,
                "why": finding.why,
                "chain": finding.chain,
                "location": finding.location,
                "reproduce": reproduce,
            });
            (Outcome::Fail, row)
        })
        .collect();
    let expired = |state: &&WaiverState<'_>| {
        matches!(state.standing, Standing::Expired { .. }) && !state.covers.is_empty()
    };
    rows.extend(waiver_states(facts, day).iter().filter(expired).map(|state| {
        let row = json!({
            "kind": "waiver",
            "id": state.waiver.id,
            "scope": state.waiver.scope,
            "owner": state.waiver.owner,
            "expired": state.waiver.expires,
            "reproduce": reproduce,
        });
        (Outcome::Fail, row)
    }));
    rows.extend(facts.scans.iter().filter_map(|scan| {
        let ScanState::CouldNotRun { reason, next } = &scan.state else {
            return None;
        };
        let row = json!({
            "kind": "scan",
            "source": scan.source,
            "side": scan.side,
            "why": reason,
            "next": next,
            "reproduce": reproduce,
        });
        Some((Outcome::CouldNotRun, row))
    }));
    rows
}

fn of_perf(receipt: &Receipt, facts: &perf::Facts) -> Vec<Row> {
    let builds = facts.builds.iter().filter_map(|build| {
        let (outcome, why) = match (&build.state, build.side) {
            (BuildState::Failed { reason }, Side::Head) => (Outcome::Fail, reason),
            (BuildState::Failed { reason }, Side::Base) => (Outcome::CouldNotRun, reason),
            (BuildState::CouldNotRun { reason, .. }, _) => (Outcome::CouldNotRun, reason),
            (BuildState::Built { .. } | BuildState::Absent, _) => return None,
        };
        let row = json!({
            "kind": "build",
            "side": build.side,
            "command": build.command,
            "why": why,
            "reproduce": repeat::benches(receipt),
        });
        Some((outcome, row))
    });
    let targets = facts.targets.iter().filter_map(|target| {
        let TargetState::CouldNotRun { reason, next } = &target.state else {
            return None;
        };
        let row = json!({
            "kind": "bench-target",
            "package": target.package,
            "target": target.name,
            "why": reason,
            "next": next,
            "reproduce": repeat::benches(receipt),
        });
        Some((Outcome::CouldNotRun, row))
    });
    let pairs = facts.pairs.iter().filter_map(|pair| {
        let outcome = match pair.state {
            PairState::Regressed => Outcome::Fail,
            PairState::Inconclusive => Outcome::Inconclusive,
            PairState::CouldNotRun => Outcome::CouldNotRun,
            _ => return None,
        };
        let BenchId { package, target, id } = &pair.bench;
        let row = json!({
            "kind": "benchmark",
            "package": package,
            "target": target,
            "id": id,
            "state": pair.state,
            "throughput_ratio": pair.estimate.as_ref().map(|estimate| {
                json!({
                    "estimate": estimate.ratio,
                    "lower": estimate.lower,
                    "upper": estimate.upper,
                    "rounds": estimate.rounds,
                })
            }),
            "why": pair.note,
            "location": pair.source,
            "reproduce": repeat::bench(receipt, &pair.bench),
        });
        Some((outcome, row))
    });
    builds.chain(targets).chain(pairs).collect()
}

fn of_workload(receipt: &Receipt, pair: &WorkloadPair) -> Option<Row> {
    let memory = pair.memory.as_ref().map(|memory| memory.state);
    let outcome = match (pair.state, memory) {
        (WorkloadState::Regressed | WorkloadState::DoesNotBuild, _)
        | (_, Some(MemoryState::Grown)) => Outcome::Fail,
        (WorkloadState::CouldNotRun, _) => Outcome::CouldNotRun,
        (WorkloadState::Inconclusive, _) | (_, Some(MemoryState::Inconclusive)) => {
            Outcome::Inconclusive
        }
        _ => return None,
    };
    let ratio = |bounds: &Bounds| {
        json!({
            "estimate": bounds.ratio,
            "lower": bounds.lower,
            "upper": bounds.upper,
            "rounds": bounds.rounds,
        })
    };
    let row = json!({
        "kind": "workload",
        "name": pair.name,
        "command": pair.command,
        "state": pair.state,
        "throughput_ratio": pair.throughput.as_ref().map(ratio),
        "memory_state": memory,
        "memory_ratio": pair.memory.as_ref().map(|memory| ratio(&memory.bounds)),
        "why": pair.note,
        "reproduce": repeat::benches(receipt),
    });
    Some((outcome, row))
}
