//! One live job a subject, and who takes whose place.

use t5_gate::queue::{
    Effect, Ended, JobState, NewJob, Settled, Store as _, Subject, Trust, Waiting,
};

use super::world::{INSTALLATION, REPO, World, at, judged, pull, raw, rerun, stranger};

fn against(mut job: NewJob, base: &str) -> NewJob {
    job.base = base.to_owned();
    job
}

async fn approve(world: &mut World, head: &str, then: Waiting, seconds: i64) -> Settled {
    let (repo, head, by) = (REPO, head.to_owned(), "maintainer".to_owned());
    let effect = Effect::Approve { repo, pull: 1, head, by, then };
    world.deliver(&format!("approve {seconds}"), vec![effect], seconds).await
}

#[tokio::test]
async fn a_job_is_queued_and_its_check_comment_and_status_are_due() {
    let mut world = World::new().await;
    assert_eq!(world.enqueue(pull("j1", 1, "head"), 0).await.enqueued, ["j1"]);
    let job = world.job("j1").await;
    assert_eq!((job.state, job.attempts, job.created), (JobState::Queued, 0, at(0)));
    assert_eq!(job.job, pull("j1", 1, "head"));
    assert_eq!(world.publish_all(0).await, ["check/j1", "sticky/1", "status/j1"]);
}

#[tokio::test]
async fn a_branch_has_a_check_and_no_comment() {
    let mut world = World::new().await;
    let mut job = pull("j1", 1, "head");
    job.subject = Subject::Branch("main".to_owned());
    world.enqueue(job, 0).await;
    assert_eq!(world.publish_all(0).await, ["check/j1", "status/j1"]);
}

#[tokio::test]
async fn a_second_job_for_the_same_head_and_base_is_left_out() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "head"), 0).await;
    assert_eq!(world.enqueue(pull("j2", 1, "head"), 1).await, Settled::default());
    assert_eq!(world.job("j1").await.state, JobState::Queued);
    assert!(world.store.job("j2").await.unwrap().is_none());
}

#[tokio::test]
async fn a_new_head_takes_the_place_of_a_queued_job() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "old"), 0).await;
    world.publish_all(0).await;
    let settled = world.enqueue(pull("j2", 1, "new"), 1).await;
    assert_eq!(settled.enqueued, ["j2"]);
    assert!(settled.stopped.is_empty(), "no runner has it");
    let old = world.job("j1").await;
    assert_eq!(
        (old.state, old.ended, old.finished),
        (JobState::Over, Some(Ended::Superseded), Some(at(1)))
    );
    assert_eq!(old.note.as_deref(), Some("A newer commit took its place."));
    let told = world.publish_all(1).await;
    assert_eq!(told[..2], ["check/j1", "sticky/1"], "the old check is completed first: {told:?}");
}

#[tokio::test]
async fn a_new_base_takes_the_place_too() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "head"), 0).await;
    let settled = world.enqueue(against(pull("j2", 1, "head"), "moved"), 1).await;
    assert_eq!(settled.enqueued, ["j2"]);
    assert_eq!(world.job("j1").await.ended, Some(Ended::Superseded));
}

#[tokio::test]
async fn a_new_head_stops_the_job_that_a_runner_has() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "old"), 0).await;
    world.lease("embedded", 1).await.unwrap();
    let settled = world.enqueue(pull("j2", 1, "new"), 2).await;
    assert_eq!((settled.stopped, settled.enqueued), (vec!["j1".to_owned()], vec!["j2".to_owned()]));
}

#[tokio::test]
async fn whoever_asks_again_gets_a_new_job_even_while_one_runs() {
    let mut world = World::new().await;
    world.enqueue(rerun("j1", 1, "head", 5), 0).await;
    world.lease("embedded", 1).await.unwrap();
    let settled = world.enqueue(rerun("j2", 1, "head", 6), 2).await;
    assert_eq!((settled.stopped, settled.enqueued), (vec!["j1".to_owned()], vec!["j2".to_owned()]));
    let told = world.publish_all(3).await;
    assert!(!told.iter().any(|key| key.starts_with("reaction/")), "superseded: {told:?}");
}

#[tokio::test]
async fn a_head_that_was_gated_is_gated_again_only_on_request() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "head"), 0).await;
    let (job, lease) = world.lease("embedded", 1).await.unwrap();
    world.store.finish("j1", &lease, judged("r1", &job, 1, 2), at(2)).await.unwrap();
    assert!(world.enqueue(pull("j2", 1, "head"), 3).await.enqueued.is_empty());
    assert_eq!(world.enqueue(rerun("j3", 1, "head", 5), 4).await.enqueued, ["j3"]);
}

#[tokio::test]
async fn a_head_whose_job_was_cancelled_or_superseded_was_not_gated() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "a"), 0).await;
    world.enqueue(pull("j2", 1, "b"), 1).await;
    assert_eq!(world.enqueue(pull("j3", 1, "a"), 2).await.enqueued, ["j3"], "pushed back to a");
}

#[tokio::test]
async fn a_head_that_was_gated_is_gated_again_where_a_push_leads_back_to_it() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "a"), 0).await;
    let (job, lease) = world.lease("embedded", 1).await.unwrap();
    world.store.finish("j1", &lease, judged("r1", &job, 1, 2), at(2)).await.unwrap();
    world.enqueue(pull("j2", 1, "b"), 3).await;
    world.lease("embedded", 4).await.unwrap();
    let settled = world.enqueue(pull("j3", 1, "a"), 5).await;
    assert_eq!((settled.stopped, settled.enqueued), (vec!["j2".to_owned()], vec!["j3".to_owned()]));
}

#[tokio::test]
async fn closing_a_pull_request_cancels_its_job_and_completes_its_check() {
    let mut world = World::new().await;
    world.enqueue(rerun("j1", 1, "head", 5), 0).await;
    world.lease("embedded", 1).await.unwrap();
    world.publish_all(1).await;
    let cancel = Effect::Cancel {
        repo: REPO,
        subject: Subject::Pull(1),
        ended: Ended::Cancelled,
        note: "The pull request was closed.".to_owned(),
    };
    assert_eq!(world.deliver("close", vec![cancel.clone()], 2).await.stopped, ["j1"]);
    let job = world.job("j1").await;
    assert_eq!(job.ended, Some(Ended::Cancelled));
    assert_eq!(job.note.as_deref(), Some("The pull request was closed."));
    assert_eq!((job.runner, job.lease), (None, None));
    assert_eq!(world.publish_all(2).await, ["check/j1", "sticky/1", "label/1", "status/j1"]);
    assert_eq!(world.deliver("again", vec![cancel], 3).await, Settled::default());
}

#[tokio::test]
async fn removing_the_app_ends_the_jobs_of_the_repositories_that_it_left() {
    let mut world = World::new().await;
    let of = |id: &str, repo: u64, installation: u64| {
        let mut job = pull(id, 1, "head");
        job.repo.id = repo;
        job.installation = installation;
        job
    };
    world.enqueue(of("one", 1, INSTALLATION), 0).await;
    world.enqueue(of("two", 2, INSTALLATION), 0).await;
    world.enqueue(of("elsewhere", 3, 99), 0).await;
    let forget = |repositories| Effect::Forget { installation: INSTALLATION, repositories };
    world.deliver("repository", vec![forget(vec![1, 3])], 1).await;
    assert_eq!(world.job("one").await.ended, Some(Ended::Cancelled));
    assert_eq!(world.job("two").await.state, JobState::Queued);
    world.deliver("installation", vec![forget(vec![])], 2).await;
    assert_eq!(world.job("two").await.ended, Some(Ended::Cancelled));
    assert_eq!(world.job("elsewhere").await.state, JobState::Queued);
}

#[tokio::test]
async fn a_strangers_job_waits_until_its_very_head_is_approved() {
    let mut world = World::new().await;
    world.enqueue(stranger("j1", 1, "head"), 0).await;
    assert_eq!(world.job("j1").await.state, JobState::Held);
    assert!(world.lease("embedded", 1).await.is_none());
    world.publish_all(1).await;

    assert!(approve(&mut world, "another", Waiting::Nothing, 2).await.approved.is_empty());
    assert!(world.lease("embedded", 2).await.is_none());
    assert!(world.publish_all(2).await.is_empty());

    assert_eq!(approve(&mut world, "head", Waiting::Nothing, 3).await.approved, ["j1"]);
    let (job, _) = world.lease("embedded", 4).await.unwrap();
    let Trust::Stranger { approved_by, .. } = job.job.trust else { panic!("{:?}", job.job.trust) };
    assert_eq!(approved_by.as_deref(), Some("maintainer"));
    assert_eq!(world.publish_all(4).await[0], "check/j1");
}

#[tokio::test]
async fn an_approved_job_still_waits_for_a_sandbox_where_there_is_none() {
    let mut world = World::new().await;
    world.enqueue(stranger("j1", 1, "head"), 0).await;
    world.publish_all(0).await;
    assert_eq!(approve(&mut world, "head", Waiting::Sandbox, 1).await.approved, ["j1"]);
    let job = world.job("j1").await;
    assert_eq!((job.state, job.waiting()), (JobState::Held, Waiting::Sandbox));
    assert!(world.lease("embedded", 2).await.is_none());
    assert_eq!(world.publish_all(2).await, ["check/j1", "sticky/1", "status/j1"]);
}

#[tokio::test]
async fn a_push_takes_an_approval_back() {
    let mut world = World::new().await;
    world.enqueue(stranger("j1", 1, "head"), 0).await;
    approve(&mut world, "head", Waiting::Nothing, 1).await;
    world.enqueue(stranger("j2", 1, "pushed"), 2).await;
    assert!(world.lease("embedded", 3).await.is_none());
    assert_eq!(world.job("j1").await.ended, Some(Ended::Superseded));
}

#[tokio::test]
async fn the_job_of_a_subject_is_the_live_one_else_the_newest() {
    let mut world = World::new().await;
    let subject = Subject::Pull(1);
    assert!(world.store.newest_job(REPO, &subject).await.unwrap().is_none());
    world.enqueue(pull("j1", 1, "a"), 0).await;
    world.enqueue(pull("j2", 1, "b"), 1).await;
    let newest = || async { world.store.newest_job(REPO, &subject).await.unwrap().unwrap() };
    assert_eq!(newest().await.job.id, "j2");
    assert!(world.store.end("j2", Ended::Error, "No disk.", at(2)).await.unwrap());
    assert!(!world.store.end("j2", Ended::Error, "No disk.", at(3)).await.unwrap());
    assert_eq!(newest().await.job.id, "j2");
    let of_head = world.store.job_of_head(REPO, "a").await.unwrap().unwrap();
    assert_eq!(of_head.job.id, "j1");
    assert!(world.store.job_of_head(REPO, "c").await.unwrap().is_none());
}

#[tokio::test]
async fn a_list_of_jobs_leaves_no_live_one_out_for_a_newer_one_that_is_over() {
    let mut world = World::new().await;
    world.enqueue(pull("live", 1, "a"), 0).await;
    for (id, number) in [("x", 2), ("y", 3)] {
        world.enqueue(pull(id, number, "a"), 1).await;
        world.store.end(id, Ended::Cancelled, "", at(2)).await.unwrap();
    }
    let ids = |jobs: Vec<t5_gate::queue::Job>| -> Vec<String> {
        jobs.into_iter().map(|job| job.job.id).collect()
    };
    assert_eq!(ids(world.store.jobs(2).await.unwrap()), ["y", "live"]);
    assert_eq!(ids(world.store.jobs(9).await.unwrap()), ["y", "x", "live"]);
}

#[tokio::test]
async fn a_queue_position_counts_what_runs_and_what_comes_first() {
    let mut world = World::new().await;
    for (id, number, priority) in [("runs", 1, 9), ("small", 2, 1), ("first", 3, 5), ("last", 4, 1)]
    {
        let mut job = pull(id, number, "head");
        job.priority = priority;
        world.enqueue(job, 0).await;
    }
    assert_eq!(world.lease("embedded", 1).await.unwrap().0.job.id, "runs");
    for (id, ahead) in [("runs", 0), ("first", 1), ("small", 2), ("last", 3), ("nowhere", 0)] {
        assert_eq!(world.store.ahead_of(id).await.unwrap(), ahead, "{id}");
    }
}

#[tokio::test]
async fn the_database_itself_refuses_a_second_live_job_of_a_subject() {
    let mut world = World::new().await;
    world.enqueue(pull("j1", 1, "a"), 0).await;
    world.enqueue(pull("j2", 1, "b"), 1).await;
    let revive = "UPDATE jobs SET state = 'queued', ended = NULL WHERE id = 'j1'";
    let refused = sqlx::query(revive).execute(&mut raw(&world.path()).await).await.unwrap_err();
    assert!(refused.to_string().contains("UNIQUE"), "{refused}");
}

#[tokio::test]
async fn old_records_are_forgotten_but_for_the_newest_job_of_a_branch() {
    let mut world = World::new().await;
    let branch = |id: &str, head: &str| {
        let mut job = pull(id, 0, head);
        job.subject = Subject::Branch("main".to_owned());
        job
    };
    for (seconds, job) in [
        (0, pull("old pull", 1, "a")),
        (10, branch("older push", "b")),
        (20, branch("newest push", "c")),
        (1_000, pull("new pull", 2, "d")),
    ] {
        world.enqueue(job, seconds).await;
        let (leased, lease) = world.lease("embedded", seconds + 1).await.unwrap();
        let run = judged(&format!("run of {}", leased.job.id), &leased, seconds + 1, seconds + 2);
        let id = &leased.job.id;
        assert!(world.store.finish(id, &lease, run, at(seconds + 2)).await.unwrap());
    }
    world.enqueue(pull("live", 3, "e"), 0).await;
    world.store.set_note("audit/gone", &format!("2 {}", at(0).as_microsecond())).await.unwrap();
    world.store.set_note("audit/new", &format!("1 {}", at(900).as_microsecond())).await.unwrap();
    world.store.set_note("audit", "a cursor").await.unwrap();

    assert_eq!(world.store.forget(at(500)).await.unwrap(), 5, "2 jobs, 2 runs, 1 note");
    let kept = world.store.jobs(10).await.unwrap();
    let mut kept: Vec<&str> = kept.iter().map(|job| job.job.id.as_str()).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["live", "new pull", "newest push"]);
    assert!(world.store.run("run of old pull").await.unwrap().is_none());
    assert!(world.store.run("run of newest push").await.unwrap().is_some());
    assert!(world.store.note("audit/gone").await.unwrap().is_none());
    assert!(world.store.note("audit/new").await.unwrap().is_some());
    assert!(world.store.note("audit").await.unwrap().is_some());

    // A delivery goes once its body is dropped.
    let all = world.store.deliveries(None, 100).await.unwrap().len();
    world.store.prune(at(500)).await.unwrap();
    assert_eq!(world.store.forget(at(500)).await.unwrap(), 4);
    assert_eq!(world.store.deliveries(None, 100).await.unwrap().len(), all - 4);
}
