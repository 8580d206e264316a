//! The passes of a calibration: which there are, and what each gives.

use std::time::{Duration, Instant};

use super::Injected;
use crate::{
    perf::{Facts, Pair, Round, Rule, calibration::Passed, canary},
    receipt::Pass,
    runner::{
        bench_part::nothing_built,
        measure::{MeasureError, measure_injected},
        pairing::{self, Surroundings},
    },
};

/// Losses of throughput that are injected, in the order they take turns: two that have to be found,
/// one that must not be failed, and one beside the line, which takes the longest.
const LOSSES: [f64; 4] = [0.065, 0.02, 0.09, 0.04];

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Decisions of each benchmark on identical executables.
    pub decisions: u32,
    /// No pass begins that would probably end later than this.
    pub budget: Duration,
    /// The seeds of the passes are drawn from it.
    pub seed: u64,
}

/// What all passes gave.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// As they stand in a calibration.
    pub passes: Vec<Pass>,
    /// What each came to.
    pub passed: Vec<Passed>,
    /// The raw samples of each.
    pub rounds: Vec<Vec<Round>>,
}

/// The losses of the passes, in the order they run; 0 is none. Every other pass has one, each in
/// its turn, so that both kinds were measured wherever a budget ends them.
pub fn passes(decisions: u32) -> Vec<f64> {
    let losses = LOSSES.iter().copied().cycle();
    (0..decisions).zip(losses).flat_map(|(_, loss)| [0.0, loss]).collect()
}

/// Measures pass after pass, as long as the budget allows; the first always.
///
/// # Errors
///
/// If something of ours fails, or somebody asked to stop.
pub async fn measure(
    around: &Surroundings<'_>,
    pairs: &pairing::Plan,
    rule: &Rule,
    plan: Plan,
) -> Result<Measured, MeasureError> {
    let progress = &around.ctx.progress;
    let (started, mut draw) = (Instant::now(), fastrand::Rng::with_seed(plan.seed));
    let (losses, mut measured) = (passes(plan.decisions), Measured::default());
    for (index, loss) in losses.iter().enumerate() {
        let longest = longest(&measured, *loss);
        if index > 0 && started.elapsed() + longest > plan.budget {
            progress.note(format!(
                "the budget of {} s ended it after {index} of {} passes; a larger --budget gives \
                 the others",
                plan.budget.as_secs(),
                losses.len()
            ));
            break;
        }
        let what = match Injected::of(*loss) {
            None => "identical executables".to_owned(),
            Some(_) => format!("an injected loss of {} %", loss * 100.0),
        };
        let (done, all) = (index as u64, losses.len() as u64);
        progress.phase("calibrate", format!("pass {} of {all}: {what}", done + 1));
        let (began, seed) = (Instant::now(), draw.u64(..));
        let given = measure_injected(around, pairs, rule, seed, Injected::of(*loss)).await?;
        let seconds = began.elapsed().as_secs_f64();
        let stated = stated(around, rule, seed, given.pairs);
        let passed = Passed::new(*loss, seconds, &stated, &given.rounds);
        let canaries = passed.canaries;
        measured.passes.push(Pass { loss: *loss, seed, seconds, canaries });
        measured.passed.push(passed);
        measured.rounds.push(given.rounds);
        if index == 0 {
            tell(around, seconds, &losses, plan);
        }
    }
    Ok(measured)
}

/// The longest pass of this kind so far; while there was none, the longest of all.
fn longest(measured: &Measured, loss: f64) -> Duration {
    let longest = |same: &dyn Fn(&&Pass) -> bool| {
        measured.passes.iter().filter(same).map(|pass| pass.seconds).max_by(f64::total_cmp)
    };
    let same = |pass: &&Pass| pass.loss.total_cmp(&loss).is_eq();
    let seconds = longest(&same).or_else(|| longest(&|_| true)).unwrap_or_default();
    Duration::from_secs_f64(seconds)
}

/// What the first pass says of how long it will take.
fn tell(around: &Surroundings<'_>, seconds: f64, losses: &[f64], plan: Plan) {
    let same = losses.iter().filter(|loss| **loss <= 0.0).count();
    #[expect(clippy::cast_precision_loss, reason = "there are few passes")]
    let alone = seconds * same as f64;
    around.ctx.progress.note(format!(
        "a pass on identical executables takes {seconds:.1} s, {same} of them {alone:.0} s; one \
         with a loss takes longer; the budget ends all after {} s",
        plan.budget.as_secs()
    ));
}

/// What a run would state of such a pass before it is judged.
fn stated(around: &Surroundings<'_>, rule: &Rule, seed: u64, pairs: Vec<Pair>) -> Facts {
    let (canaries, pairs) =
        pairs.into_iter().partition(|pair| pair.bench.package == canary::PACKAGE);
    Facts { rule: rule.clone(), pairs, canaries, ..nothing_built(around.rules, seed, None) }
}
