//! Kills, silences and removals: nothing is lost, doubled or left open.

use t5_gate::queue::{Coordinator as _, Ended, Finish, Heard, Reaped};
use tokio::task::LocalSet;

use super::{
    outcomes::{fail, pass},
    world::{ADA, World, sha},
};
use crate::support::github::{REPO, Signed};

/// How much of a scenario is done before the server is killed.
struct Crash {
    steps_left: usize,
    world: Option<World>,
}

impl Crash {
    fn world(&mut self) -> &mut World {
        self.world.as_mut().unwrap()
    }

    /// Counts a step; kills the server after the last one that it may take.
    async fn stepped(&mut self) {
        if self.steps_left == 1 {
            let world = self.world.take().unwrap().restart().await;
            self.world = Some(world);
        }
        self.steps_left = self.steps_left.saturating_sub(1);
    }

    /// Everything that is due, with a kill wherever it falls.
    async fn settle(&mut self) {
        loop {
            let acted = self.world().bot.step_inbox().await.unwrap();
            self.stepped().await;
            let published = self.world().bot.step_outbox().await.unwrap();
            self.stepped().await;
            if acted + published == 0 {
                return;
            }
        }
    }

    async fn deliver(&mut self, signed: Signed) {
        self.world().deliver(signed).await;
        self.stepped().await;
        self.settle().await;
    }

    /// Runs the next job, again if the server was killed meanwhile.
    async fn run(&mut self, gated: &crate::receipt::build::Gated) {
        loop {
            let work = self.world().lease().await.unwrap();
            self.stepped().await;
            self.settle().await;
            let counted = self.world().give(&work, gated).await;
            self.stepped().await;
            self.settle().await;
            if counted {
                return;
            }
        }
    }
}

/// A pull request that is gated, asked about, pushed to and gated again; how many steps are left.
async fn whole_life(steps: usize) -> usize {
    let world = World::new().await;
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    let mut crash = Crash { steps_left: steps, world: Some(world) };
    let opened = crash.world().github.pull_opened(REPO, 1);
    crash.deliver(opened).await;
    crash.run(&fail()).await;
    let comment = crash.world().github.say(REPO, 1, ADA, "/rerun-t5");
    let said = crash.world().github.comment_event(REPO, comment, "created");
    crash.deliver(said).await;
    crash.run(&pass()).await;
    let status = crash.world().github.comment(REPO, 1, ADA, "/t5 status");
    crash.deliver(status).await;
    let pushed = crash.world().github.pull_pushed(REPO, 1, &sha('2'));
    crash.deliver(pushed).await;
    crash.run(&pass()).await;
    let left = crash.steps_left;

    let world = crash.world();
    assert_eq!(world.states(&sha('1')), ["failure", "success"], "killed after {steps} steps");
    assert_eq!(world.states(&sha('2')), ["success"], "killed after {steps} steps");
    assert_eq!(world.bot.store.jobs(100).await.unwrap().len(), 3);
    assert_eq!(world.answers(1).len(), 1);
    assert_eq!(world.reactions(comment), ["eyes", "rocket"]);
    assert!(world.sticky(1).contains("pass"));
    assert_eq!(world.github.labels(REPO, 1), ["t5:pr-doc-reviewer"]);
    left
}

/// So many lives are lived side by side: most of each is waiting for the disk.
const TOGETHER: usize = 16;

#[tokio::test]
async fn a_server_that_is_killed_between_any_two_steps_loses_and_doubles_nothing() {
    let mut killed = 0;
    loop {
        let here = LocalSet::new();
        let live = |more| here.spawn_local(whole_life(killed + more));
        let lives: Vec<_> = (1..=TOGETHER).map(live).collect();
        here.await;
        killed += TOGETHER;
        let mut left = 0;
        for life in lives {
            left += life.await.unwrap();
        }
        if left > 0 {
            break;
        }
    }
    assert!(killed > 30, "the scenario has at most {killed} steps");
}

#[tokio::test]
async fn a_runner_that_goes_silent_is_replaced_and_after_three_times_it_is_said() {
    let world = World::new().await;
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    let comment = world.say(1, ADA, "/rerun-t5").await;
    for attempt in 1..=3 {
        let work = world.take().await;
        assert_eq!(work.job.attempts, attempt);
        let title = world.check(&sha('1')).title;
        assert_eq!(title.contains(&format!("attempt {attempt}")), attempt > 1, "{title}");
        world.wait(119);
        assert!(world.bot.step_reaper(None).await.unwrap().is_empty());
        world.wait(1);
        let reaped = world.bot.step_reaper(None).await.unwrap();
        let job = work.job.job.id.clone();
        world.settle().await;
        if attempt < 3 {
            assert_eq!(reaped, [Reaped::Requeued(job)]);
            assert_eq!(world.states(&sha('1')), ["queued"]);
        } else {
            assert_eq!(reaped, [Reaped::TimedOut(job)]);
        }
        assert!(matches!(world.beat(&work).await, Heard::Stop(_)));
        let late = world.bot.finish(&work, Finish::Error("late".to_owned())).await.unwrap();
        assert!(!late, "its result no longer counts");
    }
    let check = world.check(&sha('1'));
    assert_eq!(check.conclusion.as_deref(), Some("timed_out"));
    assert!(check.summary.contains("Its runner went silent 3 times"), "{}", check.summary);
    assert_eq!(world.reactions(comment), ["eyes", "confused"]);
    world.sticky(1);
}

#[tokio::test]
async fn a_job_that_takes_too_long_is_stopped_and_that_is_said() {
    let world = World::new().await;
    world.opened(1, &sha('1')).await;
    let work = world.take().await;
    world.wait(4 * 3600);
    assert_eq!(world.beat(&work).await, Heard::Continue);
    world.wait(1);
    assert!(matches!(world.beat(&work).await, Heard::Stop(_)));
    world.settle().await;
    let check = world.check(&sha('1'));
    assert_eq!(check.conclusion.as_deref(), Some("timed_out"));
    assert!(check.summary.contains("runner.longest"), "{}", check.summary);
    world.sticky(1);
}

#[tokio::test]
async fn a_runner_that_stops_hands_its_job_back_as_if_it_had_never_begun() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    let work = world.take().await;
    world.bot.hand_back(&work).await.unwrap();
    world.settle().await;
    assert_eq!(world.states(&sha('1')), ["queued"]);
    let work = world.run(&pass()).await;
    assert_eq!(work.job.attempts, 1);
    assert_eq!(world.states(&sha('1')), ["success"]);
    world.sticky(1);
}

#[tokio::test]
async fn removing_the_app_ends_its_jobs() {
    for from_all in [true, false] {
        let world = World::new().await;
        world.opened(1, &sha('1')).await;
        let work = world.take().await;
        let gone = match from_all {
            true => world.github.uninstalled(crate::support::github::INSTALLATION),
            false => world.github.removed_from(REPO),
        };
        world.on(gone).await;
        assert!(matches!(world.beat(&work).await, Heard::Stop(_)));
        let job = world.bot.store.job(&work.job.job.id).await.unwrap().unwrap();
        assert_eq!(job.ended, Some(Ended::Cancelled));
        world.checks(&sha('1'));
        world.sticky(1);
    }
}

#[tokio::test]
async fn what_a_repository_was_removed_with_is_not_asked_about_for_ever() {
    let world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.checks(&sha('1'));
    world.sticky(1);
    let gone = world.github.removed_from(REPO);
    world.github.edit(|state| {
        let installation = state.installations.values_mut().next().unwrap();
        installation.repos.clear();
    });
    world.on(gone).await;
    world.patiently().await;
    let before = world.github.requests().len();
    world.patiently().await;
    assert_eq!(world.github.requests().len(), before);
}

#[tokio::test]
async fn what_is_old_is_forgotten_and_the_comment_is_still_known() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.run(&pass()).await;
    let folder = world.bot.runs.join(format!("{:032x}", 1));
    world.wait(29 * 86_400);
    world.bot.step_prune().await.unwrap();
    assert!(folder.exists());
    world.wait(2 * 86_400);
    assert!(world.bot.step_prune().await.unwrap() > 0);
    assert!(!folder.exists(), "the files of old runs are not kept for ever");
    world.on(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    world.run(&pass()).await;
    assert_eq!(world.states(&sha('2')), ["success"]);
    world.check(&sha('1'));
    world.sticky(1);
}
