//! GitHub's buttons and ours, and who may press them.

use t5_gate::queue::{Heard, Scope};

use super::{
    outcomes::{fail, pass, policy},
    world::{ADA, EVE, World, sha},
};
use crate::support::github::REPO;

async fn judged() -> World {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.run(&pass()).await;
    world.sticky(1);
    world
}

#[tokio::test]
async fn every_way_to_press_rerun_starts_a_new_check_run_of_the_same_name() {
    for way in 0..3 {
        let mut world = judged().await;
        let check = world.check(&sha('1'));
        let pressed = match way {
            0 => world.github.check_rerequested(REPO, check.id, ADA),
            1 => world.github.suite_rerequested(REPO, &sha('1'), ADA),
            _ => world.github.button_pressed(REPO, check.id, "t5-rerun", ADA),
        };
        world.on(pressed).await;
        assert_eq!(world.states(&sha('1')), ["success", "queued"]);
        assert_eq!(world.check(&sha('1')).name, check.name);
        assert!(world.sticky(1).contains("`ada` (Re-run)"));
        world.run(&pass()).await;
        assert_eq!(world.states(&sha('1')), ["success", "success"]);
    }
}

#[tokio::test]
async fn a_click_that_github_tells_twice_over_starts_one_job() {
    let world = judged().await;
    let check = world.check(&sha('1'));
    world.on(world.github.check_rerequested(REPO, check.id, ADA)).await;
    world.on(world.github.suite_rerequested(REPO, &sha('1'), ADA)).await;
    assert_eq!(world.states(&sha('1')), ["success", "queued"]);
    assert!(world.note().await.contains("already"), "{}", world.note().await);
    world.sticky(1);
}

#[tokio::test]
async fn a_rerun_by_button_runs_what_the_job_behind_it_ran() {
    let mut world = judged().await;
    world.say(1, ADA, "/rerun-t5 policy").await;
    world.run(&policy()).await;
    let check = world.check(&sha('1'));
    world.on(world.github.check_rerequested(REPO, check.id, ADA)).await;
    assert_eq!(world.take().await.job.job.scope, Scope::Policy);
    world.checks(&sha('1'));
    world.sticky(1);
}

#[tokio::test]
async fn nobody_presses_a_button_who_may_not_write() {
    let world = judged().await;
    let check = world.check(&sha('1'));
    world.on(world.github.check_rerequested(REPO, check.id, EVE)).await;
    assert_eq!(world.note().await, "eve may not write here");
    world.on(world.github.suite_rerequested(REPO, &sha('1'), EVE)).await;
    for button in ["t5-rerun", "t5-cancel", "t5-approve"] {
        world.on(world.github.button_pressed(REPO, check.id, button, EVE)).await;
    }
    assert_eq!(world.states(&sha('1')), ["success"]);
    assert_eq!(world.answers(1), Vec::<String>::new());
    world.sticky(1);
}

#[tokio::test]
async fn cancel_stops_the_job_that_it_stands_on_and_no_other() {
    let world = World::new().await;
    world.opened(1, &sha('1')).await;
    let old = world.check(&sha('1')).id;
    world.on(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    let work = world.take().await;

    // Somebody looks at a page that is no longer true.
    world.on(world.github.button_pressed(REPO, old, "t5-cancel", ADA)).await;
    assert_eq!(world.beat(&work).await, Heard::Continue);

    let new = world.check(&sha('2')).id;
    world.on(world.github.button_pressed(REPO, new, "t5-cancel", ADA)).await;
    assert!(matches!(world.beat(&work).await, Heard::Stop(_)));
    assert_eq!(world.states(&sha('2')), ["cancelled"]);
    assert_eq!(world.buttons(&sha('2')), ["t5-rerun"]);
    world.checks(&sha('1'));
    world.sticky(1);
}

#[tokio::test]
async fn a_button_on_an_outdated_head_gates_the_head_as_it_is_now() {
    let mut world = judged().await;
    let old = world.check(&sha('1')).id;
    world.on(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    world.run(&fail()).await;
    world.on(world.github.check_rerequested(REPO, old, ADA)).await;
    assert_eq!(world.states(&sha('1')), ["success"]);
    assert_eq!(world.states(&sha('2')), ["failure", "queued"]);
    world.sticky(1);
}

#[tokio::test]
async fn a_click_and_a_push_together_leave_the_newest_head_gated() {
    let world = judged().await;
    let check = world.check(&sha('1'));
    world.deliver(world.github.check_rerequested(REPO, check.id, ADA)).await;
    world.deliver(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    world.settle().await;
    assert_eq!(world.states(&sha('2')).last().map(String::as_str), Some("queued"));
    assert_eq!(world.take().await.job.job.head, sha('2'));
    world.checks(&sha('1'));
    world.checks(&sha('2'));
    world.sticky(1);
}

#[tokio::test]
async fn a_suite_of_a_forks_head_is_found_by_its_head() {
    let world = World::with_sandbox().await;
    world.github.open_fork_pull(REPO, 1, EVE, &sha('1'));
    // The delivery about its opening was lost, so there is no job either.
    world.on(world.github.suite_rerequested(REPO, &sha('1'), ADA)).await;
    assert_eq!(world.states(&sha('1')), ["action_required"]);
    world.sticky(1);
}

#[tokio::test]
async fn a_button_on_nothing_does_nothing() {
    let world = World::new().await;
    world.on(world.github.suite_rerequested(REPO, &sha('9'), ADA)).await;
    assert!(world.note().await.starts_with("no job and no pull request at"));
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    world.on(world.github.pull_opened(REPO, 1)).await;
    let check = world.check(&sha('1')).id;
    world.on(world.github.pull_closed(REPO, 1, true)).await;
    world.on(world.github.check_rerequested(REPO, check, ADA)).await;
    assert_eq!(world.note().await, "pull request 1 is not open");
    assert_eq!(world.states(&sha('1')), ["cancelled"]);
    world.sticky(1);
}
