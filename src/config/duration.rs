//! Lengths of time as people write them: `90s`, `10m`, `1h30m`, `30d`.

use std::time::Duration;

/// The units, the longest first, with their seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Ten years: whoever means more means «no limit», and nothing here has none.
const LONGEST: u64 = 3_650 * 86_400;

/// Why a text is no duration. Each reads on after the name of what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADuration {
    /// No number where one has to stand.
    #[error("must begin with a number, such as 10m")]
    NoNumber,
    /// A number without a unit, or with one that is not known.
    #[error("needs a unit after each number: d, h, m or s")]
    NoUnit,
    /// `30m1h`, or a unit twice.
    #[error("must name each unit once, the longest first")]
    Order,
    /// It is zero.
    #[error("must be longer than nothing")]
    Zero,
    /// Longer than ten years.
    #[error("must be at most 3650d")]
    TooLong,
}

/// Reads a duration: whole numbers, each with its unit (`d`, `h`, `m`, `s`), the longest first.
///
/// # Errors
///
/// If it is not written so, is zero, or is longer than ten years.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    let mut units = UNITS.iter();
    let mut seconds: u64 = 0;
    let mut rest = text;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(digits).unwrap_or((rest, ""));
        if number.is_empty() {
            return Err(NotADuration::NoNumber);
        }
        let unit = tail.chars().next().ok_or(NotADuration::NoUnit)?;
        if !UNITS.iter().any(|(known, _)| *known == unit) {
            return Err(NotADuration::NoUnit);
        }
        // Units before the one that is found are used up: none comes again, none comes late.
        let (_, length) = units.find(|(known, _)| *known == unit).ok_or(NotADuration::Order)?;
        // All digits, so the only way to fail is to be too large.
        let number: u64 = number.parse().map_err(|_| NotADuration::TooLong)?;
        seconds =
            number.checked_mul(*length).and_then(|s| s.checked_add(seconds)).unwrap_or(u64::MAX);
        rest = tail.strip_prefix(unit).unwrap_or_default();
        if seconds > LONGEST {
            return Err(NotADuration::TooLong);
        }
        if rest.is_empty() {
            break;
        }
    }
    if seconds == 0 {
        return Err(NotADuration::Zero);
    }
    Ok(Duration::from_secs(seconds))
}
