//! Builds receipts as a run would write them: figures come from samples, never by hand.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::date};
use t5_gate::{
    config::{BenchRules, Config, Workload},
    perf::{
        self, BenchId, Build, BuildState, Harness, Load, Order, Pair, PairState, Process, Round,
        Rule, Seen, SeenSides, Slice, Stage, Target, TargetState, Throughput, Together, Turns,
        WorkloadPair, WorkloadRound, WorkloadRule, WorkloadState, Workloads, recompute_workloads,
        workload_pair,
    },
    policy::{
        self, Checked, DatabaseFact, DatabaseOrigin, Finding, FindingState, Location, Package,
        PolicyFile, PolicyOrigin, Scan, ScanState, Severity, Side, Source,
    },
    receipt::{
        Area, Artifact, ChangedCommit, Changes, Commit, Host, Receipt, Rules, Run, SAMPLES_FILE,
        SCHEMA, Subject, Tool, WORKLOADS_FILE, digest, encode_rounds, encode_workloads,
    },
};

/// A receipt, and the samples behind it.
#[derive(Clone, Debug)]
pub(crate) struct Gated {
    pub(crate) receipt: Receipt,
    pub(crate) rounds: Vec<Round>,
    pub(crate) workloads: Vec<WorkloadRound>,
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn commit(digit: char, subject: &str, committed: &str) -> Commit {
    Commit {
        sha: digit.to_string().repeat(40),
        subject: subject.to_owned(),
        committed: time(committed),
    }
}

pub(crate) fn package(name: &str, version: &str) -> Package {
    Package { name: name.to_owned(), version: version.to_owned() }
}

/// A run that was asked for nothing yet.
pub(crate) fn empty() -> Gated {
    let receipt = Receipt {
        schema: SCHEMA.to_owned(),
        run: Run {
            id: "20261122T100000Z-222222222222".to_owned(),
            gate_version: "0.1.0".to_owned(),
            started: time("2026-11-22T10:00:00Z"),
            finished: time("2026-11-22T10:04:30Z"),
            command: "t5 run --repo widgets --base 1111111 --head 2222222".to_owned(),
            isolation: "none".to_owned(),
            layers: Vec::new(),
        },
        subject: Subject {
            repository: "widgets".to_owned(),
            subfolder: String::new(),
            base: Some(commit('1', "Say what a widget is", "2026-11-20T08:00:00Z")),
            head: commit('2', "Unroll the inner loop", "2026-11-21T08:00:00Z"),
            rules: Some(commit('1', "Say what a widget is", "2026-11-20T08:00:00Z")),
            chosen: "parent of HEAD".to_owned(),
            uncommitted: 0,
        },
        rules: Rules {
            source: "built-in default".to_owned(),
            sha256: None,
            config: Config::default(),
        },
        host: Host {
            fingerprint: "f".repeat(64),
            cpu: "AMD EPYC 9B14".to_owned(),
            cpus: 2,
            memory: 8 << 30,
            os: "Linux 6.18".to_owned(),
            notes: vec!["runs under a hypervisor".to_owned()],
        },
        tools: vec![
            Tool { name: "cargo".to_owned(), version: "1.95.0".to_owned() },
            Tool { name: "cargo-deny".to_owned(), version: "0.20.2".to_owned() },
        ],
        changes: Changes {
            commits: vec![ChangedCommit {
                sha: "2".repeat(40),
                subject: "Unroll the inner loop".to_owned(),
            }],
            commit_count: 1,
            areas: vec![Area {
                name: "source".to_owned(),
                files: 1,
                added: 12,
                removed: 4,
                examples: vec!["src/dot.rs".to_owned()],
            }],
            dependencies: Vec::new(),
            documentation_only: false,
        },
        policy: None,
        perf: None,
        calibration: None,
        artifacts: Vec::new(),
    };
    Gated { receipt, rounds: Vec::new(), workloads: Vec::new() }
}

/// A run in which every part found what one hopes for.
pub(crate) fn content() -> Gated {
    empty().with_policy().with_perf().bench("dot/1024", 8_420.0, 1.0, 0.004, 6).bench(
        "dot/65536",
        612_000.0,
        0.98,
        0.004,
        6,
    )
}

impl Gated {
    pub(crate) fn policy(&mut self) -> &mut policy::Facts {
        self.receipt.policy.as_mut().unwrap()
    }

    pub(crate) fn perf(&mut self) -> &mut perf::Facts {
        self.receipt.perf.as_mut().unwrap()
    }

    /// All checks finished on both sides and found nothing.
    pub(crate) fn with_policy(mut self) -> Self {
        let sources = [
            Source::DenyLicenses,
            Source::DenySources,
            Source::DenyBans,
            Source::DenyAdvisories,
            Source::Audit,
        ];
        let scan = |source, side| Scan {
            source,
            side,
            state: ScanState::Finished { errors: 0, warnings: 0 },
        };
        self.receipt.policy = Some(policy::Facts {
            policy_file: PolicyFile {
                origin: PolicyOrigin::Shipped,
                path: "config/deny.toml".to_owned(),
                sha256: "d".repeat(64),
            },
            database: DatabaseFact {
                origin: DatabaseOrigin::Fetched {
                    url: "https://github.com/RustSec/advisory-db".to_owned(),
                },
                commit: Some("b".repeat(40)),
                committed: Some(time("2026-11-21T09:00:00Z")),
                advisories: 812,
                refused: Vec::new(),
                fallback: None,
            },
            database_max_age_days: 30,
            checked: Checked { base_packages: Some(214), head_packages: 215 },
            scans: sources
                .into_iter()
                .flat_map(|source| [scan(source, Side::Base), scan(source, Side::Head)])
                .collect(),
            findings: Vec::new(),
            waivers: Vec::new(),
            edits: Vec::new(),
        });
        self
    }

    /// Both sides are built; no benchmark yet.
    pub(crate) fn with_perf(mut self) -> Self {
        let build = |side| Build {
            side,
            command: "cargo bench --no-run --workspace --locked".to_owned(),
            state: BuildState::Built { seconds: 43.2, reused: false },
        };
        self.receipt.perf = Some(perf::Facts {
            rule: Rule::new(&BenchRules::default(), 8),
            seed: 42,
            core: Some(1),
            environment: BTreeMap::from([("RAYON_NUM_THREADS".to_owned(), "1".to_owned())]),
            toolchain: "rustc 1.95.0".to_owned(),
            builds: vec![build(Side::Base), build(Side::Head)],
            targets: Vec::new(),
            pairs: Vec::new(),
            missing: Vec::new(),
            added: Vec::new(),
            canaries: Vec::new(),
            edits: Vec::new(),
            seen_by: None,
            load: Some(Load { before: 0.4, busy: 1.1, stolen: 0.002 }),
            workloads: None,
        });
        self
    }

    /// Measures a benchmark: the head takes `factor` times the base's time, and every slice up
    /// to `noise` more than that.
    pub(crate) fn bench(mut self, id: &str, ns: f64, factor: f64, noise: f64, rounds: u32) -> Self {
        let bench = bench("kernels", id);
        let mut draw = fastrand::Rng::with_seed(u64::from(rounds) + id.len() as u64);
        let own: Vec<Round> = (0..rounds)
            .map(|round| {
                let mut side = |ns: f64| -> Vec<Slice> {
                    let launch = 1.0 + noise * draw.f64();
                    let mut slice =
                        || Slice(100.0, (ns * launch * (1.0 + noise * draw.f64()) * 100.0).round());
                    (0..5).map(|_| slice()).collect()
                };
                let order = if round % 2 == 0 { Order::BaseFirst } else { Order::HeadFirst };
                Round {
                    bench: bench.clone(),
                    round,
                    order,
                    base: side(ns),
                    head: side(ns * factor),
                    turns: Turns::default(),
                    stage: Stage::First,
                    seen: None,
                    harness: Harness::Criterion,
                }
            })
            .collect();
        let elements = id.rsplit('/').next().and_then(|size| size.parse().ok());
        let perf = self.perf();
        let pair = Pair {
            throughput: elements.map(Throughput::Elements),
            ..perf::pair(bench, &own, &perf.rule, perf.seed)
        };
        perf.pairs.push(pair);
        self.rounds.extend(own);
        self.listed("kernels").sealed()
    }

    /// Has a loss measured again: by as many rounds of the same slices, and in the orders of
    /// functions that the rule asks for, in each of which the head takes `factor` times as long.
    pub(crate) fn again(mut self, id: &str, factor: f64) -> Self {
        let seed = self.perf().seed;
        let relinks = self.perf().rule.relink_seeds(seed);
        let own: Vec<Round> =
            self.rounds.iter().filter(|round| round.bench.id == id).cloned().collect();
        let stages = relinks.into_iter().map(Stage::Relinked);
        for stage in std::iter::once(Stage::Again).chain(stages) {
            self.rounds.extend(own.iter().cloned().map(|mut round| {
                if stage != Stage::Again {
                    round.head =
                        round.base.iter().map(|slice| Slice(slice.0, slice.1 * factor)).collect();
                }
                Round { stage, ..round }
            }));
        }
        let rounds = self.rounds.clone();
        let perf = self.perf();
        perf.pairs = perf::recompute(perf, &rounds);
        self.sealed()
    }

    /// Has a benchmark measured again by as many rounds, in which the head takes `factor` times the
    /// base's time.
    pub(crate) fn repeated(mut self, id: &str, factor: f64) -> Self {
        let own: Vec<Round> =
            self.rounds.iter().filter(|round| round.bench.id == id).cloned().collect();
        self.rounds.extend(own.into_iter().map(|round| {
            let head = round.base.iter().map(|slice| Slice(slice.0, slice.1 * factor)).collect();
            Round { stage: Stage::Again, head, ..round }
        }));
        let rounds = self.rounds.clone();
        let perf = self.perf();
        perf.pairs = perf::recompute(perf, &rounds);
        self.sealed()
    }

    /// Has every process seen from outside: what each reported, 40 ms, and as much more of the
    /// head's as is said for its benchmark.
    pub(crate) fn seen(mut self, more: impl Fn(&str) -> f64) -> Self {
        let mut draw = fastrand::Rng::with_seed(7);
        for round in &mut self.rounds {
            let mut seen = |slices: &[Slice], more: f64| {
                let reported: f64 = slices.iter().map(|slice| slice.1).sum();
                let wall_ns = reported + 40e6 + more + draw.f64() * 1e5;
                Some(Seen { wall_ns: wall_ns.round(), cpu_ns: (wall_ns - 2e5).round() })
            };
            let more = more(&round.bench.id);
            let base = if round.base.is_empty() { None } else { seen(&round.base, 0.0) };
            round.seen = SeenSides::of(base, seen(&round.head, more));
        }
        let rounds = self.rounds.clone();
        let perf = self.perf();
        perf.seen_by = Some("cgroup".to_owned());
        perf.pairs = perf::recompute(perf, &rounds);
        self.sealed()
    }

    /// A benchmark whose executables are identical, with its one short reading.
    pub(crate) fn unchanged(mut self, target: &str, id: &str, ns: f64) -> Self {
        let bench = bench(target, id);
        let head = vec![Slice(100.0, ns * 100.0), Slice(100.0, ns * 101.0)];
        let base = Vec::new();
        let order = Order::HeadFirst;
        let own = Round {
            bench: bench.clone(),
            round: 0,
            order,
            base,
            head,
            turns: Turns::default(),
            stage: Stage::First,
            seen: None,
            harness: Harness::Criterion,
        };
        let perf = self.perf();
        let pair = Pair {
            state: PairState::Unchanged,
            ..perf::pair(bench, std::slice::from_ref(&own), &perf.rule, perf.seed)
        };
        perf.pairs.push(pair);
        let state = TargetState::Unchanged { benchmarks: 1 };
        perf.targets.push(Target { package: "widgets".to_owned(), name: target.to_owned(), state });
        self.rounds.push(own);
        self.sealed()
    }

    /// A benchmark that gave nothing.
    pub(crate) fn silent(mut self, id: &str, why: &str) -> Self {
        self.perf().pairs.push(Pair {
            bench: bench("kernels", id),
            state: PairState::CouldNotRun,
            method: None,
            estimate: None,
            base: None,
            head: None,
            round_ns: None,
            throughput: None,
            note: Some(why.to_owned()),
            contention: None,
            confirmation: None,
            clock: None,
            source: None,
        });
        self.listed("kernels")
    }

    /// Adds a finding, and counts it in the scans.
    pub(crate) fn finding(mut self, finding: Finding) -> Self {
        let policy = self.policy();
        for scan in policy.scans.iter_mut().filter(|scan| scan.source == finding.source) {
            let there = match scan.side {
                Side::Base => finding.state != FindingState::Introduced,
                Side::Head => finding.state != FindingState::Fixed,
            };
            if let (true, ScanState::Finished { errors, warnings }) = (there, &mut scan.state) {
                *errors += u32::from(finding.severity == Severity::Error);
                *warnings += u32::from(finding.severity == Severity::Warning);
            }
        }
        policy.findings.push(finding);
        self
    }

    /// No base: what a first commit leaves.
    pub(crate) fn first_commit(mut self) -> Self {
        self.receipt.subject.base = None;
        self.receipt.subject.chosen = "HEAD has no parent".to_owned();
        self.receipt.changes.commits.clear();
        self.receipt.changes.commit_count = 0;
        if let Some(policy) = &mut self.receipt.policy {
            policy.checked.base_packages = None;
            for scan in policy.scans.iter_mut().filter(|scan| scan.side == Side::Base) {
                scan.state = ScanState::Absent;
            }
        }
        if let Some(perf) = &mut self.receipt.perf {
            for build in perf.builds.iter_mut().filter(|build| build.side == Side::Base) {
                build.state = BuildState::Absent;
            }
        }
        self
    }

    fn listed(mut self, target: &str) -> Self {
        let perf = self.perf();
        let benchmarks =
            perf.pairs.iter().filter(|pair| pair.bench.target == target).count() as u32;
        perf.targets.retain(|known| known.name != target);
        let state = TargetState::Listed { benchmarks };
        perf.targets.push(Target { package: "widgets".to_owned(), name: target.to_owned(), state });
        self
    }

    /// Runs a workload: the head takes `factor` times the base's time and `memory` times its
    /// memory, and every process up to a fiftieth more than that.
    pub(crate) fn workload(
        mut self,
        workload: &Workload,
        together: Together,
        factor: f64,
        memory: f64,
    ) -> Self {
        const ROUNDS: u32 = 20;
        let mut draw = fastrand::Rng::with_seed(workload.name.len() as u64);
        let mut process = |factor: f64, memory: f64| {
            let mut noisy = |figure: f64| (figure * (1.0 + 0.02 * draw.f64())).round() as u64;
            let (cpu_ns, peak) = (noisy(80e6 * factor), noisy(64e6 * memory));
            Some(Process { wall_ns: cpu_ns + cpu_ns / 8, cpu_ns, peak_bytes: Some(peak) })
        };
        let rounds = (0..3).map(|round| (round, None));
        let rounds = rounds.chain((0..ROUNDS).map(|round| (round, Some(together))));
        let own: Vec<WorkloadRound> = rounds
            .map(|(round, together)| WorkloadRound {
                workload: workload.name.clone(),
                round,
                stage: Stage::First,
                together,
                order: Order::HeadFirst,
                base: process(1.0, 1.0),
                head: process(factor, memory),
            })
            .collect();
        let unmeasured = WorkloadPair::unmeasured(workload, "bench", WorkloadState::Inconclusive);
        self.workloads.extend(own.clone());
        let facts = self.workloads_of();
        let pair = workload_pair(&unmeasured, &own, &facts.rule);
        facts.pairs.push(pair);
        self.sealed()
    }

    /// Has the losses of a workload measured again, with other factors perhaps.
    pub(crate) fn workload_again(mut self, name: &str, factor: f64, memory: f64) -> Self {
        let compares = |round: &&WorkloadRound| round.workload == name && round.together.is_some();
        let own: Vec<WorkloadRound> = self.workloads.iter().filter(compares).cloned().collect();
        let times = |figure: u64, factor: f64| (figure as f64 * factor).round() as u64;
        self.workloads.extend(own.into_iter().map(|round| {
            let head = round.base.map(|base| Process {
                wall_ns: times(base.wall_ns, factor),
                cpu_ns: times(base.cpu_ns, factor),
                peak_bytes: base.peak_bytes.map(|peak| times(peak, memory)),
            });
            WorkloadRound { stage: Stage::Again, head, ..round }
        }));
        let rounds = self.workloads.clone();
        let facts = self.workloads_of();
        facts.pairs = recompute_workloads(facts, &rounds);
        self.sealed()
    }

    /// A workload of which nothing was measured, and why.
    pub(crate) fn silent_workload(
        mut self,
        workload: &Workload,
        state: WorkloadState,
        note: Option<&str>,
    ) -> Self {
        let mut pair = WorkloadPair::unmeasured(workload, "bench", state);
        pair.note = note.map(str::to_owned);
        self.workloads_of().pairs.push(pair);
        self
    }

    fn workloads_of(&mut self) -> &mut Workloads {
        let perf = self.perf();
        let rule = WorkloadRule::beside(&perf.rule);
        perf.workloads.get_or_insert(Workloads { rule, pairs: Vec::new() })
    }

    /// Names the samples among the artifacts, with their digest.
    pub(crate) fn sealed(mut self) -> Self {
        let samples = encode_rounds(&self.rounds).unwrap();
        self.receipt.artifacts.retain(|artifact| artifact.path != SAMPLES_FILE);
        self.receipt.artifacts.push(Artifact {
            path: SAMPLES_FILE.to_owned(),
            what: "raw samples, one round a line".to_owned(),
            sha256: digest(&samples),
            bytes: samples.len() as u64,
        });
        if self.workloads.is_empty() {
            return self;
        }
        let rounds = encode_workloads(&self.workloads).unwrap();
        self.receipt.artifacts.retain(|artifact| artifact.path != WORKLOADS_FILE);
        self.receipt.artifacts.push(Artifact {
            path: WORKLOADS_FILE.to_owned(),
            what: "raw figures of workloads, one round a line".to_owned(),
            sha256: digest(&rounds),
            bytes: rounds.len() as u64,
        });
        self
    }
}

pub(crate) fn bench(target: &str, id: &str) -> BenchId {
    BenchId { package: "widgets".to_owned(), target: target.to_owned(), id: id.to_owned() }
}

/// The advisory of the seed, brought in by a login crate.
pub(crate) fn advisory(state: FindingState) -> Finding {
    Finding {
        source: Source::Audit,
        id: "RUSTSEC-2023-0071".to_owned(),
        aliases: vec!["CVE-2023-49092".to_owned()],
        severity: Severity::Error,
        band: Some("medium".to_owned()),
        package: package("rsa", "0.9.8"),
        why: "Marvin Attack: potential key recovery through timing sidechannels".to_owned(),
        chain: vec![
            package("widgets", "0.1.0"),
            package("login", "2.0.1"),
            package("rsa", "0.9.8"),
        ],
        location: Some(Location { file: "Cargo.toml".to_owned(), line: 14 }),
        published: Some(date(2023, 11, 22)),
        state,
    }
}

/// A licence that the rules do not accept.
pub(crate) fn licence(state: FindingState) -> Finding {
    Finding {
        source: Source::DenyLicenses,
        id: "rejected".to_owned(),
        aliases: Vec::new(),
        severity: Severity::Error,
        band: None,
        package: package("copyleft", "1.0.0"),
        why: "failed to satisfy license requirements: GPL-3.0-only".to_owned(),
        chain: vec![package("widgets", "0.1.0"), package("copyleft", "1.0.0")],
        location: Some(Location { file: "Cargo.lock".to_owned(), line: 73 }),
        published: None,
        state,
    }
}

/// Two versions of one package: style, never a failure.
pub(crate) fn duplicate(state: FindingState) -> Finding {
    Finding {
        source: Source::DenyBans,
        id: "duplicate".to_owned(),
        aliases: Vec::new(),
        severity: Severity::Warning,
        band: None,
        package: package("syn", "1.0.109"),
        why: "found 2 duplicate entries for crate 'syn'".to_owned(),
        chain: vec![package("widgets", "0.1.0"), package("syn", "1.0.109")],
        location: None,
        published: None,
        state,
    }
}
