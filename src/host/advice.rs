//! What to change on this host so that a measurement resolves more, and what each change is worth.
//!
//! Nothing here is measured but load and steal: what a setting is worth depends on the machine, and
//! two calibrations, before and after, tell.

use std::path::Path;

use super::{chosen, read_in};
use crate::receipt::{Advice, Beside};

/// More processes than this, on average, are other load.
const BUSY: f64 = 0.5;
/// More than this share of the processors' time taken by others is worth a word.
const STOLEN: f64 = 0.005;

/// A setting that one file shows.
struct Setting {
    what: &'static str,
    /// The first of these that is there is read.
    files: &'static [&'static str],
    /// What is as it should be.
    good: &'static [&'static str],
    /// What changes it.
    change: &'static str,
    worth: &'static str,
}

const SETTINGS: [Setting; 5] = [
    Setting {
        what: "frequency governor",
        files: &["sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"],
        good: &["performance"],
        change: "sudo cpupower frequency-set -g performance",
        worth: "the clock does not ramp up in the first slices of each process",
    },
    Setting {
        what: "turbo",
        files: &[
            "sys/devices/system/cpu/intel_pstate/no_turbo",
            "sys/devices/system/cpu/cpufreq/boost",
        ],
        good: &["off"],
        change: "",
        worth: "the clock does not depend on what the other cores do and on the temperature; the \
                machine gets slower and steadier",
    },
    Setting {
        what: "simultaneous multithreading",
        files: &["sys/devices/system/cpu/smt/control"],
        good: &["off", "forceoff", "notsupported", "notimplemented"],
        change: "echo off | sudo tee /sys/devices/system/cpu/smt/control",
        worth: "nothing else shares caches and execution units with the measured core",
    },
    Setting {
        what: "address space randomisation",
        files: &["proc/sys/kernel/randomize_va_space"],
        good: &["2"],
        change: "sudo sysctl kernel.randomize_va_space=2",
        worth: "fresh processes draw their addresses anew, so that the luck of one layout averages \
                out over the rounds; without it a run repeats one draw",
    },
    Setting {
        what: "transparent huge pages",
        files: &["sys/kernel/mm/transparent_hugepage/enabled"],
        good: &["madvise", "never"],
        change: "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled",
        worth: "whether a process gets huge pages is no longer chance; benches that use much memory \
                differ less from process to process",
    },
];

/// What this host could do, with what went on beside a measurement.
pub fn advice(beside: &Beside) -> Vec<Advice> {
    let cpus = u32::try_from(std::thread::available_parallelism().map_or(1, usize::from));
    advice_in(Path::new("/"), beside, cpus.unwrap_or(u32::MAX))
}

/// The same of a host whose `proc` and `sys` lie in this folder.
pub fn advice_in(root: &Path, beside: &Beside, cpus: u32) -> Vec<Advice> {
    let mut all: Vec<Advice> = SETTINGS.iter().map(|setting| setting.of(root)).collect();
    all.push(load(beside, cpus));
    all.push(stolen(beside));
    all
}

impl Setting {
    fn of(&self, root: &Path) -> Advice {
        let found = self.files.iter().find_map(|file| {
            let value = read_in(root, file);
            let value = chosen(value.trim());
            (!value.is_empty()).then(|| self.told(file, value))
        });
        let (now, change) = found.map_or((None, None), |(now, change)| (Some(now), change));
        Advice { what: self.what.to_owned(), now, change, worth: self.worth.to_owned() }
    }

    /// What a file says, and the command that changes that.
    fn told(&self, file: &str, value: &str) -> (String, Option<String>) {
        // One file says whether there is turbo, the other whether there is none.
        let (now, change) = match (file.ends_with("no_turbo"), file.ends_with("boost"), value) {
            (true, _, "0") => ("on", format!("echo 1 | sudo tee /{file}")),
            (_, true, "1") => ("on", format!("echo 0 | sudo tee /{file}")),
            (true, ..) | (_, true, _) => ("off", String::new()),
            _ => (value, self.change.to_owned()),
        };
        (now.to_owned(), (!self.good.contains(&now)).then_some(change))
    }
}

fn load(beside: &Beside, cpus: u32) -> Advice {
    let change = "stop what else runs, or measure when it rests: `top` names it";
    Advice {
        what: "other load".to_owned(),
        now: beside.load.map(|load| format!("{load:.1} processes on {cpus} processors")),
        change: beside.load.filter(|load| *load > BUSY).map(|_| change.to_owned()),
        worth: "what else runs takes caches and the memory's width, and now and then the core"
            .to_owned(),
    }
}

fn stolen(beside: &Beside) -> Advice {
    let percent = |share: f64| format!("{:.1} % of the processors' time", share * 100.0);
    let change = "ask for dedicated cores, or a machine that is nobody else's";
    Advice {
        what: "steal".to_owned(),
        now: beside.stolen.map(percent),
        change: beside.stolen.filter(|share| *share > STOLEN).map(|_| change.to_owned()),
        worth: "a neighbour takes the processor in the middle of slices; many hypervisors take \
                speed and say nothing of it, so none seen proves little"
            .to_owned(),
    }
}
