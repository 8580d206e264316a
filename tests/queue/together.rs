//! Many at once.

use std::{collections::HashSet, sync::Arc};

use t5_gate::queue::{Accepted, Store as _};
use tokio::task::JoinSet;

use super::world::{World, at, pull};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_runners_never_get_the_same_job() {
    let mut world = World::new().await;
    for number in 1..=40 {
        world.enqueue(pull(&format!("j{number}"), number, "head"), 0).await;
    }
    let store = Arc::new(world.store);
    let mut runners = JoinSet::new();
    for runner in 0..8 {
        let store = Arc::clone(&store);
        runners.spawn(async move {
            let mut got = Vec::new();
            while let Some(job) = store.lease(&format!("r{runner}"), at(1), at(61)).await.unwrap() {
                got.push(job.job.id);
            }
            got
        });
    }
    let got: Vec<String> = runners.join_all().await.into_iter().flatten().collect();
    assert_eq!(got.len(), 40);
    assert_eq!(got.iter().collect::<HashSet<_>>().len(), 40, "{got:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_deliveries_of_one_guid_at_once_are_stored_once() {
    for bytes in [100, 100_000] {
        let mut world = World::new().await;
        let delivery = world.delivery("g1", &vec![b'1'; bytes]).await;
        let inbox = world.path().with_file_name("inbox");
        let store = Arc::new(world.store);
        let mut senders = JoinSet::new();
        for _ in 0..64 {
            let (store, delivery) = (Arc::clone(&store), delivery.clone());
            senders.spawn(async move { store.accept(delivery, at(0)).await.unwrap() });
        }
        let answers = senders.join_all().await;
        let stored = answers.iter().filter(|answer| **answer == Accepted::Stored).count();
        let known = answers.iter().filter(|answer| **answer == Accepted::Known).count();
        assert_eq!((stored, known), (1, 63));
        assert_eq!(store.due_deliveries(at(0), 99).await.unwrap().len(), 1);
        let files = std::fs::read_dir(inbox).unwrap().count();
        assert_eq!(files, usize::from(bytes > 65_536), "the other files are taken away");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_bodies_at_once_under_one_guid_one_is_stored_and_the_other_refused() {
    let mut world = World::new().await;
    let one = world.delivery("g1", b"one").await;
    let two = world.delivery("g1", b"two").await;
    let (store, now) = (&world.store, at(0));
    let (first, second) = tokio::join!(store.accept(one, now), store.accept(two, now));
    let answers = [first.unwrap(), second.unwrap()];
    assert!(answers.contains(&Accepted::Stored), "{answers:?}");
    assert!(answers.contains(&Accepted::Conflict), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deliveries_are_stored_while_others_are_settled_and_jobs_are_leased() {
    let mut world = World::new().await;
    let mut deliveries = Vec::new();
    for number in 0..60 {
        deliveries.push(world.delivery(&format!("g{number}"), b"body").await);
    }
    for number in 1..=20 {
        world.enqueue(pull(&format!("j{number}"), number, "head"), 0).await;
    }
    let store = Arc::new(world.store);
    let mut tasks = JoinSet::new();
    for delivery in deliveries {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let guid = delivery.guid().to_owned();
            assert_eq!(store.accept(delivery, at(0)).await.unwrap(), Accepted::Stored);
            store.settle(&guid, "done", vec![], at(1)).await.unwrap();
            store.lease("embedded", at(2), at(62)).await.unwrap().map(|job| job.job.id)
        });
    }
    let leased: Vec<String> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(leased.iter().collect::<HashSet<_>>().len(), 20);
    assert_eq!(leased.len(), 20);
    assert!(store.due_deliveries(at(9), 99).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_copied_into_the_database_while_deliveries_come() {
    let mut world = World::new().await;
    let size = |path: &std::path::Path| std::fs::metadata(path).unwrap().len();
    let path = world.path();
    let before = size(&path);
    for number in 0..100 {
        world.accept(&format!("g{number}"), &vec![b'1'; 60_000], 0).await;
    }
    let copied = async {
        while size(&path) < before + 3_000_000 {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, copied).await.expect("the database grows while it is open");
    assert_eq!(world.store.deliveries(None, 999).await.unwrap().len(), 100);
}
