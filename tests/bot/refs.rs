//! The merge queue and the default branch.

use t5_gate::{
    queue::{Heard, Subject},
    sandbox::Isolation,
};

use super::{
    outcomes::{fail, pass},
    world::{ADA, EVE, World, sha},
};
use crate::support::github::{BASE, REPO};

#[tokio::test]
async fn a_merge_group_is_gated_against_its_base_and_reported_on_its_head() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.on(world.github.merge_group(REPO, &sha('a'), "checks_requested")).await;
    let work = world.run(&pass()).await;
    assert_eq!(work.job.job.subject, Subject::MergeGroup(sha('a')), "everybody in it waits");
    assert_eq!(work.job.job.base, BASE);
    let check = world.check(&sha('a'));
    assert_eq!(check.conclusion.as_deref(), Some("success"));
    assert_eq!(check.name, "integrative:gate:benchmarks");
    world.check(&sha('1'));
    world.sticky(1);
}

#[tokio::test]
async fn a_merge_group_that_is_gone_is_cancelled() {
    let world = World::new().await;
    world.on(world.github.merge_group(REPO, &sha('a'), "checks_requested")).await;
    let work = world.take().await;
    world.on(world.github.merge_group(REPO, &sha('a'), "destroyed")).await;
    assert!(matches!(world.beat(&work).await, Heard::Stop(_)));
    assert_eq!(world.states(&sha('a')), ["cancelled"]);
}

#[tokio::test]
async fn a_merge_group_whose_end_is_heard_of_first_is_not_gated() {
    let world = World::new().await;
    let asked = world.github.merge_group(REPO, &sha('a'), "checks_requested");
    world.on(world.github.merge_group(REPO, &sha('a'), "destroyed")).await;
    world.on(asked).await;
    assert!(world.checks(&sha('a')).is_empty());
    assert!(world.lease().await.is_none());
}

#[tokio::test]
async fn a_push_to_the_default_branch_is_compared_with_what_was_there() {
    let mut world = World::new().await;
    world.on(world.github.pushed(REPO, "main", &sha('a'), ADA)).await;
    let work = world.run(&fail()).await;
    assert_eq!((work.job.job.base.as_str(), work.job.job.head), (BASE, sha('a')));
    assert_eq!(world.states(&sha('a')), ["failure"]);

    world.on(world.github.pushed(REPO, "topic", &sha('b'), ADA)).await;
    assert!(world.checks(&sha('b')).is_empty(), "other branches are gated as pull requests");
}

#[tokio::test]
async fn pushes_that_arrive_in_the_wrong_order_leave_the_tip_gated() {
    let world = World::new().await;
    let first = world.github.pushed(REPO, "main", &sha('a'), ADA);
    let second = world.github.pushed(REPO, "main", &sha('b'), ADA);
    world.on(second).await;
    world.on(first).await;
    assert!(world.checks(&sha('a')).is_empty());
    assert_eq!(world.states(&sha('b')), ["queued"]);
}

#[tokio::test]
async fn a_rerun_of_an_old_push_does_not_stop_the_newest() {
    let mut world = World::new().await;
    world.on(world.github.pushed(REPO, "main", &sha('a'), ADA)).await;
    world.run(&fail()).await;
    let old = world.check(&sha('a')).id;
    world.on(world.github.check_rerequested(REPO, old, ADA)).await;
    assert_eq!(world.states(&sha('a')), ["failure", "queued"]);
    world.run(&pass()).await;

    world.on(world.github.pushed(REPO, "main", &sha('b'), ADA)).await;
    let work = world.take().await;
    world.on(world.github.check_rerequested(REPO, old, ADA)).await;
    assert_eq!(world.beat(&work).await, Heard::Continue);
    world.checks(&sha('a'));
    world.checks(&sha('b'));
}

/// Ada lets a change of Eve's into the merge queue, and a change of her own after it.
async fn a_queue_with_a_strangers_change(world: &World) {
    world.github.open_fork_pull(REPO, 1, EVE, &sha('1'));
    world.github.open_pull(REPO, 2, ADA, &sha('2'));
    world.on(world.github.merge_group_of(REPO, &sha('a'), BASE, 1)).await;
    world.on(world.github.merge_group_of(REPO, &sha('b'), &sha('a'), 2)).await;
    // And a queue in which everything is a member's.
    world.on(world.github.merge_group_of(REPO, &sha('c'), BASE, 2)).await;
}

#[tokio::test]
async fn a_merge_group_with_a_strangers_change_waits_for_a_sandbox() {
    for less in [Isolation::None, Isolation::Landlock] {
        let world = World::with(less, |_| {}).await;
        a_queue_with_a_strangers_change(&world).await;
        assert_eq!(world.states(&sha('a')), ["action_required"], "it adds the stranger's change");
        assert_eq!(world.states(&sha('b')), ["action_required"], "it stands on it");
        assert_eq!(world.states(&sha('c')), ["queued"]);
        assert_eq!(world.lease().await.unwrap().job.job.head, sha('c'));
        assert!(world.lease().await.is_none());
        world.settle().await;
    }
}

#[tokio::test]
async fn in_a_sandbox_a_merge_group_runs_without_another_approval() {
    let mut world = World::with_sandbox().await;
    a_queue_with_a_strangers_change(&world).await;
    for head in ['a', 'b', 'c'] {
        assert_eq!(world.run(&pass()).await.job.job.head, sha(head));
        assert_eq!(world.states(&sha(head)), ["success"]);
    }
}
