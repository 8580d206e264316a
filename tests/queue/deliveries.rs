//! A delivery is stored once, and acted on once.

use t5_gate::queue::{Accepted, DeliveryState, Effect, Store as _};

use super::world::{World, at, lane, pull, reply, rerun};

const BIG: usize = 200_000;

#[tokio::test]
async fn a_delivery_waits_until_it_is_settled() {
    let mut world = World::new().await;
    assert_eq!(world.accept("g1", b"one", 0).await, Accepted::Stored);
    let due = world.store.due_deliveries(at(0), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].verified.guid(), "g1");
    assert_eq!(due[0].verified.event(), "pull_request");
    assert_eq!(due[0].verified.body(), b"one");

    world.store.settle("g1", "nothing to do", vec![], at(1)).await.unwrap();
    assert!(world.store.due_deliveries(at(9), 10).await.unwrap().is_empty());
    let known = world.store.deliveries(Some(DeliveryState::Settled), 10).await.unwrap();
    assert_eq!((known[0].note.as_str(), known[0].received), ("nothing to do", at(0)));
}

#[tokio::test]
async fn a_redelivery_is_known_and_changes_nothing() {
    let mut world = World::new().await;
    world.deliver("g1", vec![], 0).await;
    assert_eq!(world.accept("g1", b"g1", 5).await, Accepted::Known);
    assert!(world.store.due_deliveries(at(9), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn another_body_under_a_known_guid_is_a_conflict_and_changes_nothing() {
    let mut world = World::new().await;
    world.accept("g1", b"one", 0).await;
    assert_eq!(world.accept("g1", b"two", 1).await, Accepted::Conflict);
    assert_eq!(world.accept("g1", &vec![b'2'; BIG], 1).await, Accepted::Conflict);
    let due = world.store.due_deliveries(at(2), 10).await.unwrap();
    assert_eq!((due.len(), due[0].verified.body()), (1, b"one".as_slice()));
    assert!(world.inbox().is_empty(), "the file of the other body is taken away");
}

#[tokio::test]
async fn a_big_body_comes_back_as_it_was_and_lies_in_one_file() {
    let mut world = World::new().await;
    let body: Vec<u8> = (0..BIG).map(|at| u8::try_from(at % 251).unwrap()).collect();
    assert_eq!(world.accept("big", &body, 0).await, Accepted::Stored);
    assert_eq!(world.accept("big", &body, 1).await, Accepted::Known);
    assert_eq!(world.inbox().len(), 1);

    let world = world.reopened().await;
    let due = world.store.due_deliveries(at(2), 10).await.unwrap();
    assert!(due[0].verified.body() == body, "every byte of it");
}

#[tokio::test]
async fn files_that_a_crash_left_without_a_row_are_swept_at_the_start() {
    let mut world = World::new().await;
    world.accept("big", &vec![b'1'; BIG], 0).await;
    let kept = world.inbox();
    let inbox = world.path().with_file_name("inbox");
    std::fs::write(inbox.join("0123456789abcdef0123456789abcdef.body"), "half").unwrap();

    let world = world.reopened().await;
    assert_eq!(world.inbox(), kept);
    assert_eq!(world.store.due_deliveries(at(1), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_delivery_whose_body_is_lost_is_dead_and_holds_no_other_up() {
    let mut world = World::new().await;
    world.accept("big", &vec![b'1'; BIG], 0).await;
    world.accept("small", b"one", 1).await;
    std::fs::remove_file(world.path().with_file_name("inbox").join(&world.inbox()[0])).unwrap();

    let due = world.store.due_deliveries(at(2), 10).await.unwrap();
    assert_eq!((due.len(), due[0].verified.guid()), (1, "small"));
    let dead = world.store.deliveries(Some(DeliveryState::Dead), 10).await.unwrap();
    assert_eq!((dead[0].guid.as_str(), dead[0].note.as_str()), ("big", "its body is gone"));
}

#[tokio::test]
async fn one_failing_delivery_waits_and_then_dies_while_others_go_on() {
    let mut world = World::new().await;
    world.accept("bad", b"bad", 0).await;
    world.accept("good", b"good", 1).await;
    world.store.postpone("bad", "502 from GitHub", Some(at(60))).await.unwrap();

    let due = world.store.due_deliveries(at(2), 10).await.unwrap();
    assert_eq!((due.len(), due[0].verified.guid()), (1, "good"));
    let due = world.store.due_deliveries(at(60), 10).await.unwrap();
    let guids: Vec<_> = due.iter().map(|due| (due.verified.guid(), due.attempts)).collect();
    assert_eq!(guids, [("bad", 1), ("good", 0)], "the oldest first");

    world.store.postpone("bad", "502 again", None).await.unwrap();
    let dead = world.store.deliveries(Some(DeliveryState::Dead), 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].attempts, dead[0].note.as_str()), (1, 2, "502 again"));
    assert_eq!(world.store.due_deliveries(at(999), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_dead_delivery_is_replayed_with_all_its_tries_before_it() {
    let mut world = World::new().await;
    world.accept("g1", b"one", 0).await;
    world.store.postpone("g1", "no", None).await.unwrap();
    assert!(world.store.replay("g1", at(5)).await.unwrap());
    let due = world.store.due_deliveries(at(5), 10).await.unwrap();
    assert_eq!((due[0].verified.body(), due[0].attempts), (b"one".as_slice(), 0));
    assert!(!world.store.replay("never seen", at(5)).await.unwrap());
}

#[tokio::test]
async fn bodies_of_settled_deliveries_are_dropped_in_time_and_their_guids_are_not() {
    let mut world = World::new().await;
    world.accept("big", &vec![b'1'; BIG], 0).await;
    world.accept("waits", b"waits", 0).await;
    world.store.settle("big", "done", vec![], at(10)).await.unwrap();
    assert_eq!(world.store.prune(at(10)).await.unwrap(), 0, "not before");
    assert_eq!(world.store.prune(at(11)).await.unwrap(), 1);
    assert!(world.inbox().is_empty());
    assert!(!world.store.replay("big", at(12)).await.unwrap(), "its body is no longer kept");
    assert_eq!(world.accept("big", &vec![b'1'; BIG], 13).await, Accepted::Known);
    assert_eq!(world.accept("big", b"another", 13).await, Accepted::Conflict);
    assert_eq!(world.store.due_deliveries(at(13), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn unknown_guids_are_those_that_never_came() {
    let mut world = World::new().await;
    world.accept("g1", b"one", 0).await;
    let asked = ["g0", "g1", "g2"].map(str::to_owned);
    assert_eq!(world.store.unknown_guids(&asked).await.unwrap(), ["g0", "g2"]);
}

#[tokio::test]
async fn a_comment_seen_under_two_guids_starts_one_job() {
    let mut world = World::new().await;
    let effects = |id: &str| {
        let job = Effect::Enqueue(Box::new(rerun(id, 1, "head", 5)));
        vec![Effect::Once("comment/5/t".to_owned()), job]
    };
    let first = world.deliver("by the app", effects("j1"), 0).await;
    let second = world.deliver("by the repository", effects("j2"), 0).await;
    assert_eq!((first.repeated, first.enqueued), (false, vec!["j1".to_owned()]));
    assert!(second.repeated && second.enqueued.is_empty() && second.stopped.is_empty());
    assert!(world.store.job("j2").await.unwrap().is_none());
}

#[tokio::test]
async fn what_stands_before_a_key_is_done_even_if_the_key_was_seen() {
    let mut world = World::new().await;
    world.deliver("g1", vec![Effect::Once("k".to_owned())], 0).await;
    let before = Effect::Enqueue(Box::new(pull("j1", 1, "head")));
    let after = Effect::Post(lane(1), reply(5));
    let settled = world.deliver("g2", vec![before, Effect::Once("k".to_owned()), after], 1).await;
    assert!(settled.repeated);
    assert_eq!(settled.enqueued, ["j1"]);
    assert!(!world.publish_all(2).await.contains(&"reply/5".to_owned()));
}

#[tokio::test]
async fn a_delivery_is_acted_on_once_however_often_it_is_settled() {
    let mut world = World::new().await;
    world.deliver("g1", vec![], 0).await;
    let late = vec![Effect::Enqueue(Box::new(pull("j1", 1, "head")))];
    assert!(world.store.settle("g1", "again", late, at(1)).await.unwrap().repeated);
    assert!(world.store.job("j1").await.unwrap().is_none());
    assert!(world.store.settle("never seen", "x", vec![], at(1)).await.is_err());
}

#[tokio::test]
async fn effects_happen_together_or_not_at_all() {
    let mut world = World::new().await;
    world.enqueue(pull("taken", 1, "head"), 0).await;
    world.accept("g1", b"one", 1).await;
    let key = Effect::Once("k".to_owned());
    // The id is taken, which the database refuses after the first job of the two is stored.
    let effects = vec![
        key.clone(),
        Effect::Enqueue(Box::new(pull("new", 2, "head"))),
        Effect::Enqueue(Box::new(pull("taken", 3, "head"))),
    ];
    let refused = world.store.settle("g1", "x", effects, at(2)).await.unwrap_err().to_string();
    assert!(refused.starts_with("the database cannot settle a delivery: "), "{refused}");
    assert!(world.store.job("new").await.unwrap().is_none());
    assert_eq!(world.store.due_deliveries(at(2), 10).await.unwrap().len(), 1, "it still waits");
    assert!(!world.store.settle("g1", "x", vec![key], at(3)).await.unwrap().repeated);
}
