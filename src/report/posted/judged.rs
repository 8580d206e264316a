//! What stands on a head: parts of this run, and parts that earlier runs of the head left.

use super::{Conclusion, Conclusions, Stage};
use crate::{
    receipt::Receipt,
    report::{Contradictions, contradictions, mark::Mark, words},
    verdict::{Outcome, Part, PartName, Route, Skip, Verdict},
};

/// A run's facts and what they mean for the head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged<'a> {
    pub(super) receipt: &'a Receipt,
    pub(super) verdict: &'a Verdict,
    pub(super) standing: &'a Verdict,
    kept: &'a [(PartName, String)],
}

/// What the parts of a head come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bearing {
    /// Every part had nothing to do.
    Nothing,
    /// What ran is content, and these parts were never run on this head.
    Incomplete(Vec<PartName>),
    /// An outcome that every part bears out.
    Outcome(Outcome),
}

/// Where a head goes next: the routes of the verdict that stands on it. None where a part was
/// never run on the head: content with one half is no reason to go on.
pub fn routes(standing: &Verdict) -> &[Route] {
    match bearing(standing) {
        Bearing::Incomplete(_) => &[],
        Bearing::Nothing | Bearing::Outcome(_) => &standing.routes,
    }
}

fn content(part: &Part) -> bool {
    part.outcome().is_some_and(|outcome| outcome <= Outcome::Attention)
}

fn bearing(standing: &Verdict) -> Bearing {
    let unasked = |part: &&Part| part.skipped == Some(Skip::NotRequested);
    let missing: Vec<PartName> =
        standing.parts.iter().filter(unasked).map(|part| part.name).collect();
    if !missing.is_empty() && standing.outcome <= Outcome::Attention {
        return Bearing::Incomplete(missing);
    }
    if standing.parts.iter().all(|part| part.skipped.is_some()) {
        return Bearing::Nothing;
    }
    Bearing::Outcome(standing.outcome)
}

impl<'a> Judged<'a> {
    /// The facts of a stage that has any.
    ///
    /// # Errors
    ///
    /// Refuses a receipt that contradicts itself, and a standing verdict that follows neither
    /// from this run nor from a run that is named.
    pub(super) fn of(stage: &Stage<'a>) -> Result<Option<Self>, Contradictions> {
        let Stage::Judged { receipt, verdict, standing, kept } = *stage else {
            return Ok(None);
        };
        let judged = Self { receipt, standing, verdict, kept };
        let mut found = contradictions(receipt, verdict);
        judged.contradictions(&mut found);
        if found.is_empty() { Ok(Some(judged)) } else { Err(Contradictions(found)) }
    }

    fn contradictions(&self, found: &mut Vec<String>) {
        for part in &self.standing.parts {
            let name = words::part(part.name);
            let own = self.verdict.part(part.name);
            let less = self.in_part(part.name) && own.is_some_and(content);
            if self.page(part.name).is_none() && own != Some(part) && !less {
                found.push(format!(
                    "what stands for {name} is not this run's, and no earlier run is named for it"
                ));
            }
        }
        for part in &self.verdict.parts {
            if self.standing.part(part.name).is_none() {
                found.push(format!("{} does not stand at all", words::part(part.name)));
            }
        }
        if Verdict::over(self.standing.parts.clone()) != *self.standing {
            found.push("the standing verdict does not follow from its own parts".to_owned());
        }
    }

    /// This run ran some of a part, and no run of the head all of it.
    pub(super) fn in_part(&self, part: PartName) -> bool {
        let skip = |verdict: &Verdict| verdict.part(part).and_then(|part| part.skipped);
        skip(self.standing) == Some(Skip::NotRequested)
            && skip(self.verdict) != Some(Skip::NotRequested)
    }

    pub(super) fn bearing(&self) -> Bearing {
        bearing(self.standing)
    }

    /// The page of the earlier run that a part is kept from.
    pub(super) fn page(&self, part: PartName) -> Option<&'a str> {
        self.kept.iter().find(|(name, _)| *name == part).map(|(_, page)| page.as_str())
    }

    /// Green only where a part of this very run is.
    pub(super) fn mark(&self) -> Mark {
        match self.bearing() {
            Bearing::Nothing => Mark::SKIPPED,
            Bearing::Incomplete(_) => Mark::against(Outcome::CouldNotRun),
            Bearing::Outcome(Outcome::Pass) => self
                .standing
                .parts
                .iter()
                .filter(|part| self.page(part.name).is_none())
                .map(|part| Mark::part(self.receipt, part))
                .find(|mark| mark.is_good())
                .unwrap_or(Mark::NOT_MEASURED),
            Bearing::Outcome(outcome) => Mark::against(outcome),
        }
    }

    /// With its mark: `❌ fail`.
    pub(super) fn status(&self) -> String {
        let word = match self.bearing() {
            Bearing::Nothing => "skipped",
            Bearing::Incomplete(_) => "incomplete",
            Bearing::Outcome(outcome) => words::outcome(outcome),
        };
        format!("{} {word}", self.mark())
    }

    pub(super) fn conclusion(&self, conclusions: Conclusions) -> Conclusion {
        match self.bearing() {
            Bearing::Nothing | Bearing::Outcome(Outcome::Pass | Outcome::Attention) => {
                Conclusion::Success
            }
            Bearing::Outcome(Outcome::Fail) => Conclusion::Failure,
            Bearing::Outcome(Outcome::Inconclusive) => conclusions.inconclusive,
            Bearing::Incomplete(_) | Bearing::Outcome(Outcome::CouldNotRun) => {
                conclusions.could_not_run
            }
        }
    }

    /// For the report of this run alone, where more than this run stands on the head.
    pub(super) fn differs_from_its_run(&self) -> Option<&'static str> {
        (self.verdict != self.standing).then_some(
            "This is the report of this run alone. Parts of earlier runs stand beside it; the \
             summary names them.",
        )
    }

    /// Content, and yet an earlier run of the same head failed.
    pub(super) fn passes_after_a_fail<'e>(
        &self,
        earlier: &'e [super::Earlier],
    ) -> Option<&'e super::Earlier> {
        let content = self.standing.outcome <= Outcome::Attention;
        earlier.iter().rev().find(|run| content && run.outcome == Outcome::Fail)
    }
}
