//! Workloads: whole programs that are run on both sides and compared, one by one.

use serde::{Deserialize, Serialize};

use super::{
    mistake::{Found, Mistake, Place, shown},
    name,
    read::{DAY, HOUR, min_throughput, seconds},
    scalar::{Wrong, checked, number, word},
    section::Section,
    tree::{Node, Value},
};

pub(super) const KEYS: &[&str] = &[
    "name",
    "package",
    "example",
    "bin",
    "args",
    "threads",
    "rounds",
    "budget",
    "process-limit",
    "min-throughput",
    "max-memory-ratio",
];

/// Most workloads of one file: each takes minutes.
const MOST: usize = 32;
/// Most arguments of one.
const ARGUMENTS: usize = 64;
/// The fewest and the most rounds: with fewer nothing is proved, and more prove nothing new.
const ROUNDS: std::ops::RangeInclusive<u32> = 8..=200;

/// A whole program that is run on both sides and compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// What it is called; each name stands once.
    pub name: String,
    /// The package that holds the program.
    pub package: String,
    /// The program.
    pub program: Program,
    /// Its arguments.
    pub args: Vec<String>,
    /// Whether it works on one core or on all.
    pub threads: Threads,
    /// Rounds at most.
    pub rounds: u32,
    /// Seconds that all its rounds together may take.
    pub budget_seconds: u64,
    /// Seconds that one process of it may take.
    pub process_seconds: u64,
    /// Throughput of the head ÷ base below which it has regressed; the guard of the benches is added.
    pub min_throughput: f64,
    /// Peak memory of the head ÷ base above which it takes too much.
    pub max_memory_ratio: f64,
}

/// What cargo builds for a workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// An example of the package, by name.
    Example(String),
    /// A binary of the package, by name.
    Bin(String),
}

/// On how many cores a workload works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Threads {
    /// On one: both sides are run at once on the same core, and compared by processor time.
    #[default]
    One,
    /// On all: the sides are run one after the other, and compared by wall time.
    Many,
}

impl Program {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Example(name) | Self::Bin(name) => name,
        }
    }

    /// What cargo calls its kind: the option is the same with two dashes before it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Example(_) => "example",
            Self::Bin(_) => "bin",
        }
    }
}

impl Workload {
    /// A workload with the defaults of everything that can be left out.
    pub fn new(name: &str, package: &str, program: Program) -> Self {
        Self {
            name: name.to_owned(),
            package: package.to_owned(),
            program,
            args: Vec::new(),
            threads: Threads::One,
            rounds: 100,
            budget_seconds: 300,
            process_seconds: 60,
            min_throughput: 0.95,
            max_memory_ratio: 1.05,
        }
    }

    /// The command that runs it in a checkout, as a person would type it.
    pub fn command(&self, profile: &str) -> String {
        let (kind, program) = (self.program.kind(), self.program.name());
        let mut command =
            format!("cargo run --profile {profile} -p {} --{kind} {program}", self.package);
        if !self.args.is_empty() {
            command.push_str(" --");
        }
        for arg in &self.args {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
            command.push(' ');
            match arg.chars().all(plain) {
                true => command.push_str(arg),
                false => command.push_str(&format!("'{}'", arg.replace('\'', r"'\''"))),
            }
        }
        command
    }
}

/// Reads the workloads of a list; those with mistakes are told and left out.
pub(super) fn list(node: &Node, found: &mut Found) -> Vec<Workload> {
    let nodes = match &node.value {
        Value::List(nodes) => nodes.as_slice(),
        Value::Nothing => return Vec::new(),
        other => {
            let message = format!("`workloads` must be a list, not {}", other.described());
            found.push(Mistake::at(node.place, message).hint("begin each with `- name: …`"));
            return Vec::new();
        }
    };
    if nodes.len() > MOST {
        let message = format!("`workloads` lists {}, and {MOST} are the most", nodes.len());
        found.push(Mistake::at(node.place, message));
        return Vec::new();
    }
    let mut workloads: Vec<(Place, Workload)> = Vec::new();
    for node in nodes {
        let Some(workload) = workload(node, found) else { continue };
        match workloads.iter().find(|(_, other)| other.name == workload.name) {
            Some((place, _)) => {
                let what = format!("the workload {} stands twice", shown(&workload.name));
                let hint = format!("the first is on line {}", place.line);
                found.push(Mistake::at(node.place, what).hint(hint));
            }
            None => workloads.push((node.place, workload)),
        }
    }
    workloads.into_iter().map(|(_, workload)| workload).collect()
}

fn workload(node: &Node, found: &mut Found) -> Option<Workload> {
    let mut section = Section::open(node, "a workload", KEYS, found)?;
    // All are read before any is missed, so that every mistake is told.
    let called =
        section.require("name", "what the report calls it", |node| checked(node, name::workload));
    let package =
        section.require("package", "which package holds it", |node| checked(node, name::package));
    let program = program(&mut section);
    let mut rest = Workload::new("", "", Program::Bin(String::new()));
    rest.args = args(&mut section).unwrap_or_default();
    section.set("threads", &mut rest.threads, threads);
    section.set("rounds", &mut rest.rounds, rounds);
    section.set("budget", &mut rest.budget_seconds, |node| seconds(node, DAY));
    section.set("process-limit", &mut rest.process_seconds, |node| seconds(node, HOUR));
    section.set("min-throughput", &mut rest.min_throughput, min_throughput);
    section.set("max-memory-ratio", &mut rest.max_memory_ratio, max_memory_ratio);
    Some(Workload { name: called?, package: package?, program: program?, ..rest })
}

/// Exactly one of the two.
fn program(section: &mut Section<'_, '_>) -> Option<Program> {
    match (section.get("example"), section.get("bin")) {
        (Some(_), Some(bin)) => {
            let both = Mistake::at(bin.place, "`example` and `bin` exclude each other");
            section.tell(both.hint("keep the one that is to be run"));
            None
        }
        (None, Some(_)) => {
            section.read("bin", |node| checked(node, name::target)).map(Program::Bin)
        }
        (Some(_), None) => {
            section.read("example", |node| checked(node, name::target)).map(Program::Example)
        }
        (None, None) => {
            let neither = Mistake::at(section.place(), "a workload lacks `example` or `bin`");
            section.tell(neither.hint("it says which program of the package is run"));
            None
        }
    }
}

/// Texts, the same one perhaps several times.
fn args(section: &mut Section<'_, '_>) -> Option<Vec<String>> {
    let nodes = section.items("args")?;
    if let Some(first) = nodes.first().filter(|_| nodes.len() > ARGUMENTS) {
        let message = format!("`args` has {} entries, and {ARGUMENTS} are the most", nodes.len());
        section.tell(Mistake::at(first.place, message));
        return None;
    }
    let mut args = Vec::new();
    for node in nodes {
        match word(node) {
            Ok(arg) => args.push(arg),
            Err(wrong) => section.tell(wrong.of("an entry of `args`", node.place)),
        }
    }
    Some(args)
}

fn threads(node: &Node) -> Result<Threads, Wrong> {
    match &node.value {
        Value::Text(text) if text == "one" => Ok(Threads::One),
        Value::Text(text) if text == "many" => Ok(Threads::Many),
        other => {
            let wrong = Wrong::new(format!("must be `one` or `many`, not {}", other.described()));
            Err(wrong.hint("many: the program uses several cores at once"))
        }
    }
}

fn rounds(node: &Node) -> Result<u32, Wrong> {
    let rounds = number(node)?;
    let (least, most) = (f64::from(*ROUNDS.start()), f64::from(*ROUNDS.end()));
    if rounds.fract() != 0.0 || !(least..=most).contains(&rounds) {
        let what = format!("must be a whole number between {least} and {most}, not {rounds}");
        return Err(Wrong::new(what));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole, and within the range"
    )]
    Ok(rounds as u32)
}

fn max_memory_ratio(node: &Node) -> Result<f64, Wrong> {
    match number(node)? {
        ratio if (1.0..=100.0).contains(&ratio) => Ok(ratio),
        other => {
            let wrong = Wrong::new(format!("must be between 1 and 100, not {other}"));
            Err(wrong.hint("5 % more than the base is 1.05"))
        }
    }
}
