//! Changes from people who may not write, and from other repositories.

use t5_gate::{queue::JobState, sandbox::Isolation};

use super::{
    outcomes::pass,
    world::{ADA, EVE, World, sha},
};
use crate::support::github::{File, REPO};

fn file(path: &str, patch: &str) -> File {
    let status = "modified".to_owned();
    File { path: path.to_owned(), previous: None, status, patch: Some(patch.to_owned()) }
}

/// The command that approves a commit.
fn approve(digit: char) -> String {
    format!("/t5 approve {}", sha(digit))
}

/// Eve asks for a change of her fork to be merged.
async fn from_a_fork(world: &World) {
    world.github.open_fork_pull(REPO, 1, EVE, &sha('1'));
    world.github.edit(|state| {
        state.repo(REPO).pull(1).files = vec![
            file("build.rs", "+fn main() {}"),
            file("benches/dot.rs", "+loop {}"),
            file("macros/Cargo.toml", "+[lib]\n+proc-macro = true"),
            file("Cargo.lock", "+[[package]]\n+name = \"left-pad\"\n+version = \"1.0.0\""),
            file("src/lib.rs", "+// <img src=x onerror=alert(1)> @everybody"),
        ];
    });
    world.on(world.github.pull_opened(REPO, 1)).await;
}

#[tokio::test]
async fn without_a_sandbox_a_strangers_change_is_not_run_whatever_anybody_approves() {
    let world = World::new().await;
    from_a_fork(&world).await;
    let check = world.check(&sha('1'));
    assert_eq!(check.conclusion.as_deref(), Some("action_required"));
    assert_eq!(check.title, "Not run: this server has no sandbox for strangers' code");
    assert_eq!(world.buttons(&sha('1')), Vec::<String>::new());
    assert!(world.lease().await.is_none());

    world.say(1, ADA, &approve('1')).await;
    let answers = world.answers(1);
    assert!(
        answers[0].contains("runs no stranger's code, whatever anyone approves"),
        "{answers:?}"
    );
    assert!(world.lease().await.is_none());
    assert!(world.check(&sha('1')).summary.contains("`ada` approved this commit."));

    // A pressed button that is not there comes to the same, and so does a rerun.
    let check = world.check(&sha('1')).id;
    world.on(world.github.button_pressed(REPO, check, "t5-approve", ADA)).await;
    let comment = world.say(1, ADA, "/rerun-t5").await;
    assert_eq!(world.reactions(comment), ["eyes"]);
    assert!(world.answers(1)[1].contains("runs no stranger's code"), "{:?}", world.answers(1));
    assert!(world.lease().await.is_none());
    assert_eq!(world.states(&sha('1')).last().unwrap(), "action_required");
    world.sticky(1);
}

#[tokio::test]
async fn with_a_sandbox_a_strangers_change_waits_with_its_risks_and_a_button() {
    let mut world = World::with_sandbox().await;
    from_a_fork(&world).await;
    let check = world.check(&sha('1'));
    assert_eq!(check.conclusion.as_deref(), Some("action_required"));
    assert_eq!(world.buttons(&sha('1')), ["t5-approve"]);
    for risk in [
        "build.rs: build script, runs while building",
        "benches/dot.rs: benchmark, runs while measuring",
        "macros/Cargo.toml: may declare a procedural macro",
        "new in the lock file: left-pad",
    ] {
        let plain = check.summary.replace('\\', "");
        assert!(plain.contains(risk), "{risk}: {plain}");
    }
    assert!(world.lease().await.is_none());

    world.on(world.github.button_pressed(REPO, check.id, "t5-approve", ADA)).await;
    assert_eq!(world.states(&sha('1')), ["queued"]);
    world.run(&pass()).await;
    assert_eq!(world.states(&sha('1')), ["success"]);
    world.sticky(1);
}

#[tokio::test]
async fn an_approval_by_comment_names_the_head_by_all_of_its_digits() {
    let world = World::with_sandbox().await;
    from_a_fork(&world).await;
    let shown = world.check(&sha('1')).summary;
    assert!(shown.contains(&approve('1')), "nobody has to type it: {shown}");
    world.say(1, ADA, &approve('2')).await;
    assert!(world.answers(1)[0].contains("is not the head"), "{:?}", world.answers(1));
    world.say(1, ADA, "/t5 approve 111").await;
    assert!(world.answers(1)[1].contains("with all 40 digits"), "{:?}", world.answers(1));
    for some in [7, 12, 39] {
        world.say(1, ADA, &format!("/t5 approve {}", &sha('1')[..some])).await;
        let answer = world.answers(1).pop().unwrap();
        assert!(answer.contains("nothing was approved"), "{answer}");
        assert!(answer.contains(&format!("`{}`", approve('1'))), "to be copied: {answer}");
    }
    world.say(1, EVE, &approve('1')).await;
    assert!(world.answers(1)[5].starts_with("`eve` has no write permission"));
    assert!(world.lease().await.is_none());

    let comment = world.say(1, ADA, &approve('1')).await;
    assert_eq!(world.reactions(comment), ["eyes"]);
    assert!(world.answers(1)[6].contains("is approved and queued"));
    assert!(world.lease().await.is_some());
    world.say(1, ADA, &approve('1')).await;
    assert_eq!(world.answers(1)[7], "Nothing here waits for an approval.");
    world.checks(&sha('1'));
    world.sticky(1);
}

#[tokio::test]
async fn a_push_takes_an_approval_back() {
    let world = World::with_sandbox().await;
    from_a_fork(&world).await;
    world.say(1, ADA, &approve('1')).await;
    world.on(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    assert!(world.lease().await.is_none());
    assert_eq!(world.states(&sha('1')), ["cancelled"]);
    assert_eq!(world.states(&sha('2')), ["action_required"]);
    assert!(!world.check(&sha('2')).summary.contains("`ada` approved"));

    // The old button, on a page that is no longer true.
    let old = world.check(&sha('1')).id;
    world.on(world.github.button_pressed(REPO, old, "t5-approve", ADA)).await;
    assert_eq!(world.note().await, "the head has moved since");
    assert!(world.lease().await.is_none());
    world.answers(1);
    world.sticky(1);
}

#[tokio::test]
async fn a_head_that_moved_after_its_approval_is_not_run() {
    let world = World::with_sandbox().await;
    from_a_fork(&world).await;
    world.say(1, ADA, &approve('1')).await;
    // The delivery about the push is late.
    let pushed = world.github.pull_pushed(REPO, 1, &sha('2'));
    assert!(world.lease().await.is_none());
    world.settle().await;
    assert_eq!(world.states(&sha('1')), ["cancelled"]);
    world.on(pushed).await;
    assert_eq!(world.states(&sha('2')), ["action_required"]);
    world.answers(1);
    world.sticky(1);
}

#[tokio::test]
async fn an_approval_goes_on_to_count_for_a_rerun_of_the_same_head_alone() {
    let mut world = World::with_sandbox().await;
    from_a_fork(&world).await;
    world.say(1, ADA, &approve('1')).await;
    world.run(&pass()).await;
    world.say(1, ADA, "/rerun-t5").await;
    assert_eq!(world.states(&sha('1')), ["success", "queued"]);
    world.run(&pass()).await;

    world.on(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    world.on(world.github.pull_pushed(REPO, 1, &sha('1'))).await;
    assert_eq!(world.states(&sha('1')).last().unwrap(), "action_required", "it went away once");
    assert!(world.lease().await.is_none());
    world.checks(&sha('2'));
    world.answers(1);
    world.sticky(1);
}

#[tokio::test]
async fn whoever_may_not_write_is_a_stranger_in_the_repository_itself_too() {
    let world = World::with_sandbox().await;
    world.github.open_pull(REPO, 1, EVE, &sha('1'));
    world.on(world.github.pull_opened(REPO, 1)).await;
    assert_eq!(world.states(&sha('1')), ["action_required"]);
    // And a member's change of a fork is a stranger's.
    world.github.open_fork_pull(REPO, 2, ADA, &sha('2'));
    world.on(world.github.pull_opened(REPO, 2)).await;
    assert_eq!(world.states(&sha('2')), ["action_required"]);
    let jobs = world.bot.store.jobs(10).await.unwrap();
    assert!(jobs.iter().all(|job| job.state == JobState::Held));
    world.sticky(1);
    world.sticky(2);
}

#[tokio::test]
async fn a_job_that_lacked_a_sandbox_goes_on_once_the_host_has_one() {
    let world = World::with(Isolation::Landlock, |_| {}).await;
    from_a_fork(&world).await;
    world.github.open_fork_pull(REPO, 2, EVE, &sha('2'));
    world.on(world.github.pull_opened(REPO, 2)).await;
    world.say(2, ADA, &approve('2')).await;
    assert!(world.lease().await.is_none(), "approved in vain");

    // One is approved already, the other one waits for that.
    let mut world = world.restart_with(Isolation::Full).await;
    world.settle().await;
    assert_eq!(world.states(&sha('1')), ["action_required"]);
    assert_eq!(world.buttons(&sha('1')), ["t5-approve"]);
    assert_eq!(world.states(&sha('2')), ["queued"]);
    assert_eq!(world.run(&pass()).await.job.job.head, sha('2'));
    world.say(1, ADA, &approve('1')).await;
    assert_eq!(world.run(&pass()).await.job.job.head, sha('1'));
    for (pull, head) in [(1, '1'), (2, '2')] {
        assert_eq!(world.states(&sha(head)), ["success"]);
        world.sticky(pull);
        world.answers(pull);
    }
}

#[tokio::test]
async fn a_job_waits_again_once_the_host_has_lost_its_sandbox() {
    let world = World::with_sandbox().await;
    from_a_fork(&world).await;
    world.say(1, ADA, &approve('1')).await;
    assert_eq!(world.states(&sha('1')), ["queued"]);
    for less in [Isolation::Landlock, Isolation::None] {
        let world = World::with_sandbox().await;
        from_a_fork(&world).await;
        world.say(1, ADA, &approve('1')).await;
        let world = world.restart_with(less).await;
        world.settle().await;
        assert!(world.lease().await.is_none());
        assert_eq!(world.states(&sha('1')), ["action_required"], "{less:?}");
        assert_eq!(world.buttons(&sha('1')), Vec::<String>::new());
        world.answers(1);
        world.sticky(1);
    }
    world.checks(&sha('1'));
    world.answers(1);
    world.sticky(1);
}

#[tokio::test]
async fn whose_code_it_is_is_asked_again_when_a_runner_takes_it() {
    let world = World::with_sandbox().await;
    world.opened(1, &sha('1')).await;
    assert_eq!(world.states(&sha('1')), ["queued"], "a member's");
    world.github.collaborate(REPO, ADA, "read");
    assert!(world.lease().await.is_none(), "ada was removed in between");
    world.settle().await;
    assert_eq!(world.states(&sha('1')), ["action_required"]);
    assert_eq!(world.buttons(&sha('1')), ["t5-approve"]);

    // Somebody else approves it, and that counts.
    world.github.collaborate(REPO, "mona", "write");
    world.say(1, "mona", &approve('1')).await;
    assert_eq!(world.states(&sha('1')), ["queued"]);
    assert!(world.lease().await.is_some());
    world.settle().await;
    world.checks(&sha('1'));
    world.answers(1);
    world.sticky(1);
}

#[tokio::test]
async fn an_approval_counts_no_longer_than_its_author_may_write() {
    let world = World::with_sandbox().await;
    from_a_fork(&world).await;
    world.say(1, ADA, &approve('1')).await;
    world.github.collaborate(REPO, ADA, "read");
    assert!(world.lease().await.is_none());
    world.settle().await;
    assert_eq!(world.states(&sha('1')), ["action_required"]);
    assert!(!world.check(&sha('1')).summary.contains("`ada` approved"));
    world.answers(1);
    world.sticky(1);
}
