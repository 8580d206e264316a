//! Leases: who has a job, for how long, and whose result counts.

use t5_gate::queue::{Ended, Finish, Heard, JobState, Phase, Progress, Reaped, Store as _};

use super::world::{REPO, World, at, judged, pull, rerun};

fn progress(phase: Phase, done: u64) -> Option<Progress> {
    Some(Progress { phase, what: "gemv/1024".to_owned(), done, total: 9 })
}

fn stopped(heard: Heard) -> String {
    match heard {
        Heard::Stop(why) => why,
        Heard::Continue => panic!("it may go on"),
    }
}

#[tokio::test]
async fn the_greatest_priority_runs_first_and_then_the_oldest() {
    let mut world = World::new().await;
    for (id, number, priority) in [("old", 1, 1), ("young", 2, 1), ("command", 3, 10)] {
        let mut job = pull(id, number, "head");
        job.priority = priority;
        world.enqueue(job, i64::try_from(number).unwrap()).await;
    }
    for expected in ["command", "old", "young"] {
        let (job, _) = world.lease("embedded", 9).await.unwrap();
        assert_eq!(job.job.id, expected);
        assert_eq!((job.state, job.attempts, job.started), (JobState::Leased, 1, Some(at(9))));
        assert_eq!((job.runner.as_deref(), job.lease_until), (Some("embedded"), Some(at(69))));
    }
    assert!(world.lease("embedded", 9).await.is_none());
}

#[tokio::test]
async fn a_result_counts_under_the_lease_it_was_made_under() {
    let mut world = World::new().await;
    world.enqueue(rerun("j1", 1, "head", 5), 0).await;
    let (job, lease) = world.lease("embedded", 1).await.unwrap();
    world.publish_all(1).await;
    assert!(!world.store.finish("j1", "guessed", judged("r0", &job, 1, 9), at(9)).await.unwrap());
    assert_eq!(world.job("j1").await.state, JobState::Leased);
    assert!(world.store.finish("j1", &lease, judged("r1", &job, 1, 9), at(9)).await.unwrap());
    let over = world.job("j1").await;
    assert_eq!(
        (over.state, over.ended, over.finished),
        (JobState::Over, Some(Ended::Judged), Some(at(9)))
    );
    let told = ["check/j1", "sticky/1", "label/1", "status/j1", "sarif/j1", "reaction/5/rocket"];
    assert_eq!(world.publish_all(9).await, told);
    assert!(!world.store.finish("j1", &lease, judged("r2", &job, 1, 9), at(10)).await.unwrap());
    let runs = world.store.runs_of_job("j1").await.unwrap();
    assert_eq!(runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["r1"]);
    assert_eq!(world.store.run("r1").await.unwrap().as_ref(), runs.first());
    assert_eq!(world.store.runs_of_head(REPO, &job.job.subject, "head").await.unwrap(), runs);
}

#[tokio::test]
async fn an_error_ends_a_job_with_its_reason_and_confuses_whoever_asked() {
    let mut world = World::new().await;
    world.enqueue(rerun("j1", 1, "head", 5), 0).await;
    let (_, lease) = world.lease("embedded", 1).await.unwrap();
    let error = Finish::Error("The disk is full.".to_owned());
    assert!(world.store.finish("j1", &lease, error, at(2)).await.unwrap());
    let over = world.job("j1").await;
    assert_eq!((over.ended, over.note.as_deref()), (Some(Ended::Error), Some("The disk is full.")));
    let told = world.publish_all(2).await;
    assert_eq!(told.last().unwrap(), "reaction/5/confused");
    assert!(!told.contains(&"sarif/j1".to_owned()), "there are no findings: {told:?}");
}

#[tokio::test]
async fn a_run_of_another_job_is_refused() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "head"), 0).await;
    world.enqueue(pull("j2", 2, "head"), 0).await;
    let (_, lease) = world.lease("embedded", 1).await.unwrap();
    let other = world.job("j2").await;
    assert!(world.store.finish("j1", &lease, judged("r1", &other, 1, 2), at(2)).await.is_err());
    assert_eq!(world.job("j1").await.state, JobState::Leased);
}

#[tokio::test]
async fn a_heartbeat_keeps_a_job_from_being_taken_back() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "head"), 0).await;
    let (_, lease) = world.lease("embedded", 0).await.unwrap();
    let heard = world.store.heartbeat("j1", &lease, None, at(100), at(40)).await.unwrap();
    assert_eq!(heard, Heard::Continue);
    assert!(world.store.reap(at(99), None, 3).await.unwrap().is_empty());
    // Late, and still the one that has it: nobody took the job back.
    let heard = world.store.heartbeat("j1", &lease, None, at(200), at(140)).await.unwrap();
    assert_eq!(heard, Heard::Continue);
    assert!(world.store.reap(at(199), None, 3).await.unwrap().is_empty());
    let reaped = world.store.reap(at(200), None, 3).await.unwrap();
    assert_eq!(reaped, [Reaped::Requeued("j1".to_owned())]);
}

#[tokio::test]
async fn a_lease_that_was_taken_back_counts_for_nothing() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "head"), 0).await;
    let (job, stale) = world.lease("one", 0).await.unwrap();
    world.store.reap(at(60), None, 3).await.unwrap();
    let beat = |seconds| world.store.heartbeat("j1", &stale, None, at(999), at(seconds));
    assert!(stopped(beat(61).await.unwrap()).contains("taken back"));

    let (again, fresh) = world.lease("two", 62).await.unwrap();
    assert_eq!(again.attempts, 2);
    assert_ne!(stale, fresh);
    assert!(stopped(beat(63).await.unwrap()).contains("another lease"));
    assert!(!world.store.finish("j1", &stale, judged("r1", &job, 0, 63), at(63)).await.unwrap());
    world.store.hand_back("j1", &stale, at(64)).await.unwrap();
    let now = world.job("j1").await;
    assert_eq!(
        (now.state, now.runner.as_deref(), now.attempts),
        (JobState::Leased, Some("two"), 2)
    );
    assert_eq!(now.lease_until, Some(at(122)), "a stale heartbeat renews nothing");
    assert!(world.store.finish("j1", &fresh, judged("r2", &again, 62, 65), at(65)).await.unwrap());
    assert!(stopped(beat(66).await.unwrap()).contains("over"));
}

#[tokio::test]
async fn a_runner_hears_that_a_newer_job_took_the_place_of_its_own() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "old"), 0).await;
    let (_, lease) = world.lease("embedded", 0).await.unwrap();
    world.enqueue(pull("j2", 1, "new"), 1).await;
    let heard = world.store.heartbeat("j1", &lease, None, at(90), at(2)).await.unwrap();
    assert!(stopped(heard).contains("newer job"));
    let heard = world.store.heartbeat("nowhere", &lease, None, at(90), at(2)).await.unwrap();
    assert!(stopped(heard).contains("no such job"));
}

#[tokio::test]
async fn a_job_whose_runners_go_silent_too_often_is_timed_out() {
    let mut world = World::new().await;
    world.enqueue(rerun("j1", 1, "head", 5), 0).await;
    for attempt in 1..=2 {
        assert_eq!(world.lease("embedded", 0).await.unwrap().0.attempts, attempt);
        let reaped = world.store.reap(at(60), None, 3).await.unwrap();
        assert_eq!(reaped, [Reaped::Requeued("j1".to_owned())]);
    }
    world.lease("embedded", 0).await.unwrap();
    world.publish_all(60).await;
    let reaped = world.store.reap(at(60), None, 3).await.unwrap();
    assert_eq!(reaped, [Reaped::TimedOut("j1".to_owned())]);
    let over = world.job("j1").await;
    assert_eq!((over.state, over.ended), (JobState::Over, Some(Ended::TimedOut)));
    assert_eq!(over.note.as_deref(), Some("Its runner went silent 3 times."));
    let told = world.publish_all(60).await;
    assert_eq!(
        (told[0].as_str(), told.last().unwrap().as_str()),
        ("check/j1", "reaction/5/confused")
    );
    assert!(world.lease("embedded", 61).await.is_none());
}

#[tokio::test]
async fn a_runner_that_starts_anew_loses_what_it_held_and_nobody_else_does() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "head"), 0).await;
    world.enqueue(pull("j2", 2, "head"), 0).await;
    world.lease("embedded", 1).await.unwrap();
    world.lease("far away", 1).await.unwrap();
    let reaped = world.store.reap(at(2), Some("embedded"), 3).await.unwrap();
    assert_eq!(reaped, [Reaped::Requeued("j1".to_owned())]);
    assert_eq!(world.job("j2").await.state, JobState::Leased);
}

#[tokio::test]
async fn a_job_that_is_handed_back_was_never_begun_and_keeps_its_place() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "head"), 0).await;
    world.enqueue(pull("j2", 2, "head"), 1).await;
    let (_, lease) = world.lease("embedded", 2).await.unwrap();
    world.publish_all(2).await;
    world.store.hand_back("j1", &lease, at(3)).await.unwrap();
    let job = world.job("j1").await;
    assert_eq!((job.state, job.attempts, job.started), (JobState::Queued, 0, None));
    assert_eq!((job.runner, job.lease, job.lease_until), (None, None, None));
    assert_eq!(world.publish_all(3).await, ["check/j1", "sticky/1", "status/j1"]);
    assert_eq!(world.lease("embedded", 4).await.unwrap().0.job.id, "j1");
}

#[tokio::test]
async fn progress_is_told_with_each_phase_and_otherwise_every_thirty_seconds() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "head"), 0).await;
    let (_, lease) = world.lease("embedded", 0).await.unwrap();
    world.publish_all(0).await;
    let steps = [
        (1, progress(Phase::Build, 0), true, "its first phase"),
        (2, progress(Phase::Build, 1), false, "the same phase a second later"),
        (3, progress(Phase::Measure, 0), true, "another phase"),
        (32, progress(Phase::Measure, 1), false, "29 seconds later"),
        (33, progress(Phase::Measure, 1), false, "30 seconds later and no further"),
        (34, None, false, "nothing to say"),
        (35, progress(Phase::Measure, 2), true, "further, and long enough ago"),
        (64, progress(Phase::Measure, 3), false, "29 seconds after that"),
    ];
    for (seconds, progress, told, when) in steps {
        world.store.heartbeat("j1", &lease, progress.clone(), at(999), at(seconds)).await.unwrap();
        assert_eq!(!world.publish_all(seconds).await.is_empty(), told, "{when}");
        if progress.is_some() {
            assert_eq!(world.job("j1").await.progress, progress, "stored in any case: {when}");
        }
    }
}

#[tokio::test]
async fn durations_are_those_of_the_repository_if_it_has_some() {
    let mut world = World::new().await;
    for (id, repo, started, finished) in [("a", 1, 10, 15), ("b", 1, 20, 27), ("c", 2, 30, 130)] {
        let mut job = rerun(id, 1, "head", 5);
        job.repo.id = repo;
        world.enqueue(job, started).await;
        let (job, lease) = world.lease("embedded", started).await.unwrap();
        let finish = judged(&format!("r{id}"), &job, started, finished);
        world.store.finish(id, &lease, finish, at(finished)).await.unwrap();
    }
    assert_eq!(world.store.durations(1, 9).await.unwrap(), [7.0, 5.0], "the newest first");
    assert_eq!(world.store.durations(1, 1).await.unwrap(), [7.0]);
    assert_eq!(world.store.durations(99, 9).await.unwrap(), [100.0, 7.0, 5.0]);
}
