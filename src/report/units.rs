//! Figures as a person reads them.

use crate::perf::{Bounds, Estimate, Throughput};

/// The minus sign; a hyphen is too short for a figure.
const MINUS: char = '−';

/// A time with three digits and a fitting unit: `1.35 ms`, `879 µs`.
pub(super) fn time(nanoseconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")];
    scaled(nanoseconds, &UNITS)
}

/// Work a second with three digits and a fitting unit: `26.4 Melem/s`, `1.24 GiB/s`.
pub(super) fn rate(work: Throughput, nanoseconds: f64) -> String {
    const ELEMENTS: [(f64, &str); 5] =
        [(1.0, "elem/s"), (1e3, "Kelem/s"), (1e6, "Melem/s"), (1e9, "Gelem/s"), (1e12, "Telem/s")];
    const KIB: f64 = 1024.0;
    const BYTES: [(f64, &str); 5] = [
        (1.0, "B/s"),
        (KIB, "KiB/s"),
        (KIB * KIB, "MiB/s"),
        (KIB * KIB * KIB, "GiB/s"),
        (KIB * KIB * KIB * KIB, "TiB/s"),
    ];
    if nanoseconds <= 0.0 {
        return "—".to_owned();
    }
    // A benchmark's work fits a f64 well enough for three digits.
    #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
    let per_second = |units: u64| units as f64 / nanoseconds * 1e9;
    match work {
        Throughput::Elements(elements) => scaled(per_second(elements), &ELEMENTS),
        Throughput::Bytes(bytes) => scaled(per_second(bytes), &BYTES),
    }
}

/// A size: `480 KiB`.
pub(crate) fn size(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    const UNITS: [(f64, &str); 4] =
        [(1.0, "B"), (KIB, "KiB"), (KIB * KIB, "MiB"), (KIB * KIB * KIB, "GiB")];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
    scaled(bytes as f64, &UNITS)
}

/// A size that is a median, and so may be a half.
pub(super) fn bytes(bytes: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and a size is not negative"
    )]
    size(bytes.round() as u64)
}

/// A duration of a build or a run: `43 s`, `4 min 36 s`, `1 h 2 min`.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and a duration is not negative"
    )]
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// The change of throughput with its interval: `−4.8 % (−5.3 … −4.2)`.
pub(super) fn change(estimate: &Estimate) -> String {
    interval(estimate.ratio, estimate.lower, estimate.upper)
}

/// The same of a workload's ratio.
pub(super) fn bounds(bounds: &Bounds) -> String {
    interval(bounds.ratio, bounds.lower, bounds.upper)
}

fn interval(ratio: f64, lower: f64, upper: f64) -> String {
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    let width = percent(upper) - percent(lower);
    // One digit after the point, two where the interval is narrower than it could show.
    let digits = if width < 0.5 { 2 } else { 1 };
    format!(
        "{} % ({} … {})",
        signed(percent(ratio), digits),
        signed(percent(lower), digits),
        signed(percent(upper), digits)
    )
}

/// A share in per cent with the digits that it needs, three at most: `95.5 %`, `0.1 %`.
pub(super) fn share(value: f64) -> String {
    let text = format!("{:.3}", value * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A figure with its sign, the true minus, and none on a zero.
fn signed(value: f64, digits: usize) -> String {
    let magnitude = format!("{:.digits$}", value.abs());
    if magnitude.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return magnitude;
    }
    let sign = if value < 0.0 { MINUS } else { '+' };
    format!("{sign}{magnitude}")
}

fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    // 999.6 of a unit would be shown as 1000: the next unit takes over a little earlier.
    let fits = |(scale, _): &&(f64, &str)| value >= scale * 0.9995;
    let (scale, unit) =
        units.iter().rev().find(fits).or(units.first()).copied().unwrap_or((1.0, ""));
    let value = value / scale;
    let digits = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perf::Estimator;

    fn estimate(ratio: f64, lower: f64, upper: f64) -> Estimate {
        Estimate { estimator: Estimator::Paired, ratio, lower, upper, rounds: 24 }
    }

    #[test]
    fn times_have_three_digits_and_a_fitting_unit() {
        let shown = [0.25, 8.0, 42.123, 879_000.0, 999_700.0, 1_350_000.0, 82.3e6, 2.8e9, 7200e9];
        let expected = [
            "0.25 ns", "8.00 ns", "42.1 ns", "879 µs", "1.00 ms", "1.35 ms", "82.3 ms", "2.80 s",
            "7200 s",
        ];
        assert_eq!(shown.map(time), expected);
    }

    #[test]
    fn rates_have_the_units_of_the_seed() {
        assert_eq!(rate(Throughput::Elements(1024), 1.35e6), "759 Kelem/s");
        assert_eq!(rate(Throughput::Elements(65_536), 2.48e6), "26.4 Melem/s");
        assert_eq!(rate(Throughput::Bytes(16 << 20), 4e6), "3.91 GiB/s");
        assert_eq!(rate(Throughput::Bytes(1), 0.0), "—");
    }

    #[test]
    fn changes_have_a_true_minus_and_no_sign_on_zero() {
        assert_eq!(change(&estimate(0.952, 0.947, 0.958)), "−4.8 % (−5.3 … −4.2)");
        assert_eq!(change(&estimate(1.0, 0.992, 1.008)), "0.0 % (−0.8 … +0.8)");
        assert_eq!(change(&estimate(1.0004, 0.9995, 1.0013)), "+0.04 % (−0.05 … +0.13)");
    }

    #[test]
    fn sizes_durations_and_shares() {
        assert_eq!([0, 1023, 1024, 1 << 20].map(size), ["0 B", "1023 B", "1.00 KiB", "1.00 MiB"]);
        assert_eq!(
            [3.21, 43.2, 276.0, 3725.0].map(duration),
            ["3.2 s", "43 s", "4 min 36 s", "1 h 2 min"]
        );
        assert_eq!([0.955, 0.95, 0.001, 1.0].map(share), ["95.5 %", "95 %", "0.1 %", "100 %"]);
    }
}
