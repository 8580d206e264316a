//! Describes this machine, as far as it bears on a figure, and tells its time.

mod advice;
mod busy;
mod clock;
mod load;

use std::{fs, path::Path};

pub use advice::{advice, advice_in};
pub use busy::{Ticks, load};
pub use clock::Clock;
pub use load::Watch;

use crate::receipt::{Host, digest};

/// Reads what Linux tells about this machine. What it does not tell stays empty.
pub fn describe() -> Host {
    let cpuinfo = read("/proc/cpuinfo");
    let cpu = field(&cpuinfo, "model name").unwrap_or_else(|| "unknown".to_owned());
    let cpus = u32::try_from(std::thread::available_parallelism().map_or(1, usize::from))
        .unwrap_or(u32::MAX);
    let memory = memory();
    let os = operating_system();
    // What a figure depends on: not the name of the machine, nor its uptime.
    let identity = [
        cpu.clone(),
        cpus.to_string(),
        field(&cpuinfo, "flags").unwrap_or_default(),
        (memory >> 30).to_string(),
        os.clone(),
    ];
    let fingerprint = digest(identity.join("\n").as_bytes()).chars().take(16).collect();
    Host { fingerprint, cpu, cpus, memory, os, notes: notes(&cpuinfo) }
}

/// Installed memory, in bytes; 0 where Linux does not tell.
pub fn memory() -> u64 {
    field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

fn read(path: &str) -> String {
    read_in(Path::new("/"), path)
}

/// What stands in a file of the host whose root this is; nothing where there is none.
fn read_in(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap_or_default()
}

/// The value of the first `name : value` line.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

fn operating_system() -> String {
    let uname = rustix::system::uname();
    let pretty = read("/etc/os-release").lines().find_map(|line| {
        line.strip_prefix("PRETTY_NAME=").map(|name| name.trim_matches('"').to_owned())
    });
    let kernel =
        format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy());
    pretty.map_or_else(|| kernel.clone(), |pretty| format!("{pretty}, {kernel}"))
}

fn notes(cpuinfo: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if field(cpuinfo, "flags").is_some_and(|flags| flags.split(' ').any(|f| f == "hypervisor")) {
        notes.push("virtual machine".to_owned());
    }
    let settings = [
        ("frequency governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        ("turbo is off", "/sys/devices/system/cpu/intel_pstate/no_turbo"),
        ("boost", "/sys/devices/system/cpu/cpufreq/boost"),
        ("simultaneous multithreading", "/sys/devices/system/cpu/smt/control"),
        ("transparent huge pages", "/sys/kernel/mm/transparent_hugepage/enabled"),
        ("address space randomisation", "/proc/sys/kernel/randomize_va_space"),
    ];
    for (what, path) in settings {
        let value = read(path);
        if !value.trim().is_empty() {
            notes.push(format!("{what}: {}", chosen(value.trim())));
        }
    }
    notes
}

/// Of `always [madvise] never` the one in brackets, else all of it.
fn chosen(value: &str) -> &str {
    value.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or(value, |(one, _)| one)
}
