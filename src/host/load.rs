//! What else a machine does while something is measured on it.

use crate::perf::Load;

/// The kernel counts processor time in hundredths of a second, whatever the machine.
const TICKS_PER_SECOND: f64 = 100.0;

/// A measurement that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    before: f64,
    begun: Ticks,
    started: std::time::Instant,
}

/// Processor time of all cores together since the machine started, in ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    busy: f64,
    stolen: f64,
    all: f64,
}

impl Watch {
    /// Begins; none where Linux does not tell.
    pub fn begin() -> Option<Self> {
        let before = super::read("/proc/loadavg").split_whitespace().next()?.parse().ok()?;
        let begun = Ticks::read(&super::read("/proc/stat"))?;
        Some(Self { before, begun, started: std::time::Instant::now() })
    }

    /// What went on since then; none after less than a tick.
    pub fn end(self) -> Option<Load> {
        let ended = Ticks::read(&super::read("/proc/stat"))?;
        load(self.before, self.begun, ended, self.started.elapsed().as_secs_f64())
    }
}

fn load(before: f64, begun: Ticks, ended: Ticks, seconds: f64) -> Option<Load> {
    let all = ended.all - begun.all;
    let load = Load {
        before,
        busy: (ended.busy - begun.busy) / (seconds * TICKS_PER_SECOND),
        stolen: (ended.stolen - begun.stolen) / all,
    };
    let figures = [load.before, load.busy, load.stolen];
    figures.iter().all(|figure| figure.is_finite() && *figure >= 0.0).then_some(load)
}

impl Ticks {
    /// Reads the first line of `/proc/stat`: user, nice, system, idle, waiting for a disk, two kinds
    /// of interrupts, stolen.
    fn read(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<f64> =
            line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [user, nice, system, idle, waiting, interrupts, soft, stolen, ..] = *ticks else {
            return None;
        };
        let busy = user + nice + system + interrupts + soft;
        Some(Self { busy, stolen, all: busy + idle + waiting + stolen })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN: &str = "cpu  100 0 50 800 40 5 5 0 0 0\ncpu0 50 0 25 400 20 2 3 0 0 0\n";
    const ENDED: &str = "cpu  280 0 60 950 40 10 10 50 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n";

    #[test]
    fn cores_and_stolen_time_are_counted_between_two_readings() {
        let (begun, ended) = (Ticks::read(BEGUN).unwrap(), Ticks::read(ENDED).unwrap());
        let load = load(0.7, begun, ended, 2.0).unwrap();
        assert!((load.busy - 1.0).abs() < 1e-9, "200 ticks in two seconds: {load:?}");
        assert!((load.stolen - 0.125).abs() < 1e-9, "50 ticks of 400: {load:?}");
        assert!((load.before - 0.7).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_such_file_tells_nothing() {
        assert_eq!(Ticks::read(""), None);
        assert_eq!(Ticks::read("cpu  1 2 3"), None);
        assert_eq!(Ticks::read("cpu  1 2 3 4 5 6 7 x"), None);
        let same = Ticks::read(BEGUN).unwrap();
        assert_eq!(load(0.0, same, same, 1.0), None, "no time passed");
    }

    #[test]
    fn this_machine_tells() {
        let watch = Watch::begin().unwrap();
        assert!(watch.begun.all > 0.0 && watch.before >= 0.0);
    }
}
