//! Which waiver covers which finding, and how long it still counts.

use jiff::civil::Date;

use super::{Facts, Finding, FindingState, Waiver};

/// A waiver that expires within this many days is announced.
pub const ANNOUNCE_DAYS: u32 = 14;

/// How a waiver stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts, and for longer than [`ANNOUNCE_DAYS`].
    Active,
    /// It still counts, for this many days; 0 is its last day.
    Expiring {
        /// Days that are left.
        days: u32,
    },
    /// It no longer counts.
    Expired {
        /// Days since its last day.
        days: u32,
    },
}

impl Standing {
    /// Whether the waiver still counts.
    pub fn counts(self) -> bool {
        !matches!(self, Self::Expired { .. })
    }
}

/// A waiver, how it stands, and what it covers.
#[derive(Clone, Debug, PartialEq)]
pub struct WaiverState<'a> {
    /// The waiver.
    pub waiver: &'a Waiver,
    /// How it stands.
    pub standing: Standing,
    /// Findings of the head that it names, whether it still counts or not. Empty means that it is
    /// unused and can be removed.
    pub covers: Vec<&'a Finding>,
}

/// How `waiver` stands on the day `today`.
pub fn standing(waiver: &Waiver, today: Date) -> Standing {
    let left = days_between(today, waiver.expires);
    match u32::try_from(left) {
        Ok(days) if days <= ANNOUNCE_DAYS => Standing::Expiring { days },
        Ok(_) => Standing::Active,
        Err(_) => Standing::Expired { days: left.unsigned_abs() },
    }
}

/// The waiver that names this finding, if there is one: of several the one that lasts longest.
/// Whether it still counts is for [`standing`] to say.
pub fn waiver_for<'a>(facts: &'a Facts, finding: &Finding) -> Option<&'a Waiver> {
    facts.waivers.iter().filter(|waiver| names(waiver, finding)).max_by_key(|waiver| waiver.expires)
}

/// All waivers, as they stand on the day `today`, with what they cover in the head.
pub fn waiver_states(facts: &Facts, today: Date) -> Vec<WaiverState<'_>> {
    facts
        .waivers
        .iter()
        .map(|waiver| WaiverState {
            waiver,
            standing: standing(waiver, today),
            covers: facts
                .findings
                .iter()
                .filter(|finding| finding.state != FindingState::Fixed && names(waiver, finding))
                .collect(),
        })
        .collect()
}

pub(super) fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

fn names(waiver: &Waiver, finding: &Finding) -> bool {
    let id = waiver.id == finding.id || finding.aliases.contains(&waiver.id);
    id && covers_package(&waiver.scope, finding)
}

fn covers_package(scope: &str, finding: &Finding) -> bool {
    // A finding about no package (a rule that matches nothing) cannot be waived by a scope.
    if finding.package.name.is_empty() {
        return false;
    }
    match scope.split_once('@') {
        None => scope == finding.package.name,
        Some((name, version)) => name == finding.package.name && version == finding.package.version,
    }
}
