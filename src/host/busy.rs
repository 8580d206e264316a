//! How busy this machine is, and how much of it a hypervisor takes away.

use super::read;

/// Processes that run or wait to, on average over the last minute; none where Linux does not tell.
pub fn load() -> Option<f64> {
    read("/proc/loadavg").split_whitespace().next()?.parse().ok()
}

/// What all processors have done since this machine was started, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticks {
    all: u64,
    stolen: u64,
}

impl Ticks {
    /// So far; none where Linux does not tell.
    pub fn now() -> Option<Self> {
        Self::of(&read("/proc/stat"))
    }

    /// Reads `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; what guests took
    /// is counted as user already.
    pub fn of(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<u64> =
            line.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
        let [.., stolen] = <[u64; 8]>::try_from(ticks.as_slice()).ok()?;
        Some(Self { all: ticks.iter().sum(), stolen })
    }

    /// The share of the time since `before` that a hypervisor gave to others; none of no time.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share needs no more digits than a double has"
    )]
    pub fn stolen(self, before: Self) -> Option<f64> {
        let all = self.all.checked_sub(before.all).filter(|all| *all > 0)?;
        Some(self.stolen.saturating_sub(before.stolen) as f64 / all as f64)
    }
}
