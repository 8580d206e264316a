//! What GitHub has still to be told: in order, once, and nothing lost.

use t5_gate::queue::{Due, Published, Store as _, Target};

use super::world::{World, at, done, lane, pull, reply};

fn sticky(pull: u64) -> Target {
    Target::Sticky { pull }
}

fn later(seconds: i64) -> Published {
    Published::Later { why: "502".to_owned(), at: at(seconds) }
}

async fn post(world: &World, target: Target, seconds: i64) {
    world.store.post(lane(1), target, at(seconds)).await.unwrap();
}

async fn only(world: &World, seconds: i64) -> Due {
    let mut due = world.due(seconds).await;
    assert_eq!(due.len(), 1, "{due:?}");
    due.remove(0)
}

#[tokio::test]
async fn a_target_comes_back_as_it_was_posted() {
    let world = World::new().await;
    post(&world, reply(5), 0).await;
    let due = only(&world, 0).await;
    assert_eq!((&due.lane, &due.target), (&lane(1), &reply(5)));
    assert_eq!((due.version, due.attempts, due.remote, due.began), (1, 0, None, false));
    assert_eq!(due.digest, None);
}

#[tokio::test]
async fn two_changes_in_a_row_cost_one_request() {
    let world = World::new().await;
    post(&world, sticky(1), 0).await;
    post(&world, sticky(1), 1).await;
    let due = only(&world, 1).await;
    assert_eq!(due.version, 2);
    world.publish(&due, done(Some(77)), 1).await;
    assert!(world.due(9).await.is_empty());
    assert_eq!(world.store.remote(&lane(1), &sticky(1)).await.unwrap(), Some(77));
    assert_eq!(world.store.remote(&lane(1), &sticky(2)).await.unwrap(), None);
}

#[tokio::test]
async fn a_change_while_a_version_is_published_is_not_lost() {
    let world = World::new().await;
    post(&world, sticky(1), 0).await;
    let old = only(&world, 0).await;
    post(&world, sticky(1), 1).await;
    world.publish(&old, done(Some(77)), 2).await;
    let new = only(&world, 2).await;
    assert_eq!((new.version, new.remote, new.digest.as_deref()), (2, Some(77), Some("sent")));
    world.publish(&new, done(None), 3).await;
    assert!(world.due(9).await.is_empty());
    assert_eq!(world.store.remote(&lane(1), &sticky(1)).await.unwrap(), Some(77), "still");
}

#[tokio::test]
async fn a_lane_waits_for_the_target_that_is_to_be_tried_again() {
    let world = World::new().await;
    post(&world, sticky(1), 0).await;
    post(&world, reply(5), 1).await;
    world.store.post(lane(2), sticky(2), at(2)).await.unwrap();
    let due = world.due(2).await;
    assert_eq!(
        due.iter().map(|due| due.target.key()).collect::<Vec<_>>(),
        ["sticky/1", "sticky/2"]
    );
    world.publish(&due[0], later(60), 2).await;
    assert_eq!(only(&world, 59).await.target, sticky(2), "another lane goes on");

    let due = world.due(60).await;
    assert_eq!((&due[0].target, due[0].attempts), (&sticky(1), 1));
    world.publish(&due[0], done(None), 60).await;
    assert_eq!(world.due(60).await[0].target, reply(5));
}

#[tokio::test]
async fn a_target_keeps_its_place_and_its_pause_when_it_changes_once_more() {
    let world = World::new().await;
    post(&world, sticky(1), 0).await;
    post(&world, reply(5), 1).await;
    let first = only(&world, 1).await;
    world.publish(&first, later(60), 1).await;
    post(&world, sticky(1), 2).await;
    assert!(world.due(59).await.is_empty(), "GitHub asked for a pause");
    let again = only(&world, 60).await;
    assert_eq!((again.target, again.version, again.attempts), (sticky(1), 2, 0));
}

#[tokio::test]
async fn a_target_that_was_published_takes_the_last_place_when_it_changes() {
    let world = World::new().await;
    post(&world, sticky(1), 0).await;
    let first = only(&world, 0).await;
    world.publish(&first, done(None), 0).await;
    post(&world, reply(5), 1).await;
    post(&world, sticky(1), 2).await;
    assert_eq!(world.publish_all(2).await, ["reply/5", "sticky/1"]);
}

#[tokio::test]
async fn a_target_that_was_given_up_holds_nobody_up_and_may_become_due_again() {
    let world = World::new().await;
    post(&world, sticky(1), 0).await;
    post(&world, reply(5), 1).await;
    let due = only(&world, 1).await;
    world.publish(&due, Published::GivenUp { why: "gone".to_owned() }, 1).await;
    assert_eq!(world.publish_all(1).await, ["reply/5"]);
    post(&world, sticky(1), 2).await;
    assert_eq!(world.publish_all(2).await, ["sticky/1"]);
}

#[tokio::test]
async fn giving_up_an_old_version_leaves_the_new_one_due() {
    let world = World::new().await;
    post(&world, sticky(1), 0).await;
    let old = only(&world, 0).await;
    post(&world, sticky(1), 1).await;
    world.publish(&old, Published::GivenUp { why: "422".to_owned() }, 2).await;
    assert_eq!(only(&world, 2).await.version, 2);
}

#[tokio::test]
async fn a_request_that_may_have_arrived_is_remembered_over_a_crash() {
    let world = World::new().await;
    post(&world, sticky(1), 0).await;
    world.store.begin(&lane(1), &sticky(1)).await.unwrap();
    let world = world.reopened().await;
    let due = only(&world, 1).await;
    assert!(due.began);
    world.publish(&due, later(2), 1).await;
    let due = only(&world, 2).await;
    assert!(due.began, "it may still have arrived");
    world.publish(&due, done(Some(77)), 2).await;
    post(&world, sticky(1), 3).await;
    let due = only(&world, 3).await;
    assert_eq!((due.began, due.remote), (false, Some(77)));
}

#[tokio::test]
async fn no_more_lanes_are_named_than_were_asked_for() {
    let world = World::new().await;
    for number in 1..=3 {
        world.store.post(lane(number), sticky(number), at(0)).await.unwrap();
    }
    let due = world.store.due_targets(at(0), 2).await.unwrap();
    assert_eq!(
        due.iter().map(|due| due.target.key()).collect::<Vec<_>>(),
        ["sticky/1", "sticky/2"]
    );
}

#[tokio::test]
async fn the_same_pull_request_of_another_repository_is_another_lane() {
    let world = World::new().await;
    let mut elsewhere = lane(1);
    elsewhere.repo = 43;
    post(&world, sticky(1), 0).await;
    world.store.post(elsewhere.clone(), sticky(1), at(0)).await.unwrap();
    let due = world.due(0).await;
    assert_eq!(due.iter().map(|due| due.lane.repo).collect::<Vec<_>>(), [42, 43]);
    world.publish(&due[0], done(Some(77)), 0).await;
    assert_eq!(only(&world, 0).await.lane, elsewhere);
    assert_eq!(world.store.remote(&elsewhere, &sticky(1)).await.unwrap(), None);
}

#[tokio::test]
async fn a_renamed_repository_is_told_under_its_new_name() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "old"), 0).await;
    let mut renamed = pull("j2", 1, "new");
    renamed.repo.name = "kernels-rs".to_owned();
    world.enqueue(renamed, 1).await;
    world.publish_all(1).await;
    post(&world, sticky(9), 2).await;
    let mut lane = lane(1);
    lane.name = "kernels-rs".to_owned();
    world.store.post(lane.clone(), sticky(9), at(2)).await.unwrap();
    assert_eq!(only(&world, 2).await.lane, lane);
}

#[tokio::test]
async fn pruning_forgets_answers_and_keeps_the_comment_of_a_pull_request() {
    let world = World::new().await;
    for target in [sticky(1), Target::Label { pull: 1 }, reply(5)] {
        post(&world, target, 0).await;
        let due = only(&world, 0).await;
        world.publish(&due, done(Some(77)), 0).await;
    }
    post(&world, reply(6), 0).await;
    assert_eq!(world.store.prune(at(1)).await.unwrap(), 1);
    assert_eq!(world.store.remote(&lane(1), &sticky(1)).await.unwrap(), Some(77));
    assert_eq!(world.store.remote(&lane(1), &reply(5)).await.unwrap(), None);
    assert_eq!(only(&world, 1).await.target, reply(6), "what is due stays due");
}
