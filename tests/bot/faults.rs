//! A GitHub that is slow, strict, or not there.

use t5_gate::queue::{Accepted, DeliveryState};

use super::{
    outcomes::pass,
    world::{ADA, World, sha},
};
use crate::support::github::{BASE, Fault, INSTALLATION, REPO};

const CHECKS: (&str, &str) = ("POST", "/repos/octo/kernels/check-runs");
const COMMENTS: (&str, &str) = ("POST", "/repos/octo/kernels/issues/1/comments");
const PULL: (&str, &str) = ("GET", "/repos/octo/kernels/pulls/1");

/// Every way in which one request goes wrong for a while.
fn every_fault(world: &World) -> Vec<Fault> {
    let reset = world.github.time().now() + jiff::SignedDuration::from_mins(20);
    vec![
        Fault::RetryAfter(90),
        Fault::RateLimit(reset),
        Fault::SecondaryLimit,
        Fault::TooMany,
        Fault::BadGateway,
        Fault::RequestLost,
        Fault::AnswerLost,
    ]
}

#[tokio::test]
async fn whatever_goes_wrong_with_a_check_run_or_a_comment_there_is_one_in_the_end() {
    for (method, path) in [CHECKS, COMMENTS] {
        let count = every_fault(&World::new().await).len();
        for at in 0..count {
            let mut world = World::new().await;
            let fault = every_fault(&world).remove(at);
            world.github.fault(method, path, fault.clone());
            world.opened(1, &sha('1')).await;
            world.patiently().await;
            assert_eq!(world.states(&sha('1')), ["queued"], "{fault:?} at {path}");
            world.run(&pass()).await;
            assert_eq!(world.states(&sha('1')), ["success"], "{fault:?} at {path}");
            assert!(world.sticky(1).contains("pass"), "{fault:?} at {path}");
        }
    }
}

#[tokio::test]
async fn a_reply_whose_answer_was_lost_is_found_and_not_given_twice() {
    for fault in [Fault::AnswerLost, Fault::RequestLost, Fault::BadGateway] {
        let world = World::new().await;
        world.github.open_pull(REPO, 1, ADA, &sha('1'));
        world.github.fault(COMMENTS.0, COMMENTS.1, fault);
        world.say(1, ADA, "/t5 help").await;
        world.patiently().await;
        assert_eq!(world.answers(1).len(), 1);
    }
}

#[tokio::test]
async fn annotations_that_were_cut_short_are_completed_and_none_is_there_twice() {
    for fault in [Fault::AnswerLost, Fault::RequestLost, Fault::TooMany] {
        let mut world = World::new().await;
        world.opened(1, &sha('1')).await;
        let work = world.take().await;
        let receipt = crate::report::posted::budgets::huge("name ");
        let gated =
            crate::receipt::build::Gated { receipt, rounds: Vec::new(), workloads: Vec::new() };
        assert!(world.give(&work, &gated).await);
        let patch = "/repos/octo/kernels/check-runs/*";
        // Lets the first part through.
        world.github.fault("PATCH", patch, Fault::Held);
        world.github.fault("PATCH", patch, fault);
        world.github.release();
        let (bot, github) = (world.bot.clone(), &world.github);
        let stepped = tokio::spawn(async move { bot.step_outbox().await });
        while !stepped.is_finished() {
            github.release();
            tokio::task::yield_now().await;
        }
        world.patiently().await;
        let check = world.check(&sha('1'));
        assert_eq!(check.annotations.len(), t5_gate::report::posted::ANNOTATIONS);
        let mut different: Vec<String> =
            check.annotations.iter().map(|one| one.to_string()).collect();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), check.annotations.len());
        world.sticky(1);
    }
}

#[tokio::test]
async fn a_limit_keeps_the_order_of_a_pull_request() {
    let world = World::new().await;
    world.github.fault(CHECKS.0, CHECKS.1, Fault::RetryAfter(60));
    world.opened(1, &sha('1')).await;
    assert!(world.github.comments(REPO, 1).is_empty(), "the comment waits for the check run");
    world.on(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    world.patiently().await;
    let made: Vec<String> = world
        .github
        .requests_to(CHECKS.0, CHECKS.1)
        .iter()
        .map(|ask| ask.body["head_sha"].as_str().unwrap()[..1].to_owned())
        .collect();
    assert_eq!(made, ["1", "1", "2"]);
    assert_eq!(world.states(&sha('1')), ["cancelled"]);
    assert_eq!(world.states(&sha('2')), ["queued"]);
    world.sticky(1);
}

#[tokio::test]
async fn a_delivery_waits_while_github_is_down_and_others_do_not_wait_for_it() {
    let world = World::new().await;
    for _ in 0..3 {
        world.github.fault(PULL.0, PULL.1, Fault::BadGateway);
    }
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    world.github.open_pull(REPO, 2, ADA, &sha('2'));
    world.deliver(world.github.pull_opened(REPO, 1)).await;
    world.deliver(world.github.pull_opened(REPO, 2)).await;
    world.settle().await;
    assert_eq!((world.checks(&sha('1')).len(), world.checks(&sha('2')).len()), (0, 1));
    let waiting = &world.deliveries().await[0];
    assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Waiting, 1));

    world.wait(4);
    world.settle().await;
    assert_eq!(world.deliveries().await[0].attempts, 1, "it waits five seconds");
    world.wait(1);
    world.settle().await;
    assert_eq!(world.deliveries().await[0].attempts, 2);
    world.wait(9);
    world.settle().await;
    assert_eq!(world.deliveries().await[0].attempts, 2, "then twice as long");
    world.patiently().await;
    assert_eq!(world.states(&sha('1')), ["queued"]);
    world.sticky(1);
    world.sticky(2);
}

#[tokio::test]
async fn a_delivery_that_fails_ten_times_is_dead_until_somebody_replays_it() {
    let world = World::new().await;
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    for _ in 0..10 {
        world.github.fault(PULL.0, PULL.1, Fault::BadGateway);
    }
    let opened = world.github.pull_opened(REPO, 1);
    let guid = opened.guid.clone();
    world.on(opened).await;
    world.patiently().await;
    world.patiently().await;
    let dead = world.deliveries().await.remove(0);
    assert_eq!((dead.state, dead.attempts), (DeliveryState::Dead, 10));
    assert!(dead.note.contains("502"), "{}", dead.note);
    assert!(world.checks(&sha('1')).is_empty());

    assert!(world.bot.store.replay(&guid, world.github.time().now()).await.unwrap());
    world.settle().await;
    assert_eq!(world.states(&sha('1')), ["queued"]);
    assert!(world.bot.store.replay(&guid, world.github.time().now()).await.unwrap());
    world.settle().await;
    assert_eq!(world.states(&sha('1')), ["queued"], "replaying what was done does nothing");
    world.sticky(1);
}

#[tokio::test]
async fn a_key_that_does_not_count_for_a_while_loses_nothing() {
    let world = World::new().await;
    let refused = || {
        let said = serde_json::json!({ "message": "A JSON web token could not be decoded" });
        Fault::Answer(401, Vec::new(), said)
    };
    // Asked twice each time: a token may just have expired.
    for _ in 0..4 {
        world.github.fault("POST", "/app/installations/77/access_tokens", refused());
    }
    world.opened(1, &sha('1')).await;
    world.patiently().await;
    assert_eq!(world.states(&sha('1')), ["queued"]);
    world.sticky(1);
}

#[tokio::test]
async fn a_repository_that_is_gone_holds_no_other_ones_job_up() {
    let mut world = World::new().await;
    world.github.add_repo(INSTALLATION, 9_002, "octo/other", false);
    world.github.collaborate("octo/other", ADA, "write");
    world.github.open_pull("octo/other", 1, ADA, &sha('7'));
    world.on(world.github.pull_opened("octo/other", 1)).await;
    world.opened(2, &sha('2')).await;
    assert_eq!(world.github.check_runs("octo/other", &sha('7')).len(), 1);
    assert_eq!(world.github.comments("octo/other", 1).len(), 1);
    // The App lost it, and the delivery about that was lost too.
    world.github.edit(|state| {
        let installation = state.installations.values_mut().next().unwrap();
        installation.repos.remove(&9_002);
    });
    world.run(&pass()).await;
    assert_eq!(world.states(&sha('2')), ["success"]);
    world.sticky(2);
}

#[tokio::test]
async fn a_runner_gets_another_repositorys_job_while_one_cannot_be_asked_about() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.opened(2, &sha('2')).await;
    world.github.fault(PULL.0, PULL.1, Fault::BadGateway);
    let work = world.run(&pass()).await;
    assert_eq!(work.job.job.head, sha('2'));
    let work = world.run(&pass()).await;
    assert_eq!((work.job.job.head, work.job.attempts), (sha('1'), 1));
    for (number, digit) in [(1, '1'), (2, '2')] {
        world.sticky(number);
        world.check(&sha(digit));
    }
}

#[tokio::test]
async fn the_audit_asks_for_lost_deliveries_again_and_three_times_at_most() {
    let world = World::new().await;
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    let lost = world.github.pull_opened(REPO, 1);
    world.github.open_pull(REPO, 2, ADA, &sha('2'));
    world.on(world.github.pull_opened(REPO, 2)).await;
    let audit = || async { world.bot.step_audit().await.unwrap() };
    assert_eq!(audit().await, Vec::<String>::new(), "it may still be under way");
    world.wait(120);
    assert_eq!(audit().await, std::slice::from_ref(&lost.guid));
    for more in [1, 1, 0, 0] {
        // Asked for, and lost again.
        world.github.deliver_again(&lost);
        world.wait(300);
        assert_eq!(audit().await.len(), more);
    }
    assert_eq!(world.github.redelivered().len(), 3);

    // It comes in the end.
    assert_eq!(world.deliver(world.github.deliver_again(&lost)).await, Accepted::Stored);
    world.settle().await;
    assert_eq!(world.states(&sha('1')), ["queued"]);
    world.check(&sha('2'));
    world.sticky(1);
    world.sticky(2);
}

#[tokio::test]
async fn an_audit_that_finds_more_than_it_may_ask_for_goes_on_with_the_rest() {
    let world = World::new().await;
    for number in 1..=120 {
        world.github.open_pull(REPO, number, ADA, &sha('1'));
        world.github.pull_opened(REPO, number);
    }
    world.wait(120);
    let mut asked = Vec::new();
    for _ in 0..5 {
        asked.extend(world.bot.step_audit().await.unwrap());
        world.wait(300);
    }
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 120);
}

#[tokio::test]
async fn an_audit_goes_on_after_a_delivery_that_github_no_longer_has() {
    let world = World::new().await;
    for number in [1, 2] {
        world.github.open_pull(REPO, number, ADA, &sha('1'));
        world.github.pull_opened(REPO, number);
    }
    world.wait(120);
    let gone = serde_json::json!({ "message": "Not Found" });
    world.github.fault("POST", "/app/hook/deliveries/*/attempts", Fault::Answer(404, vec![], gone));
    assert_eq!(world.bot.step_audit().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_older_than_the_delivery_is_not_believed() {
    let world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.wait(10);
    let pushed = world.github.pull_pushed(REPO, 1, &sha('2'));
    let main = world.github.pushed(REPO, "main", &sha('b'), ADA);
    // The server that is asked has not heard of it yet.
    let now = world.github.time().now();
    world.github.edit(|state| {
        let repo = state.repo(REPO);
        repo.branches.insert("main".to_owned(), BASE.to_owned());
        let pull = repo.pull(1);
        (pull.head, pull.updated) = (sha('1'), pull.created);
    });
    world.on(pushed).await;
    world.on(main).await;
    assert!(world.checks(&sha('2')).is_empty() && world.checks(&sha('b')).is_empty());

    world.github.commit(REPO, "main", &sha('b'));
    world.github.edit(|state| {
        let pull = state.repo(REPO).pull(1);
        (pull.head, pull.updated) = (sha('2'), now);
    });
    world.wait(5);
    world.settle().await;
    assert_eq!((world.states(&sha('2')), world.states(&sha('b'))), (one("queued"), one("queued")));
    world.checks(&sha('1'));
    world.sticky(1);
}

fn one(state: &str) -> Vec<String> {
    vec![state.to_owned()]
}

#[tokio::test]
async fn a_delivery_that_github_asks_to_wait_with_never_dies_of_that() {
    let world = World::new().await;
    for _ in 0..15 {
        world.github.fault(PULL.0, PULL.1, Fault::RetryAfter(60));
    }
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    world.deliver(world.github.pull_opened(REPO, 1)).await;
    world.patiently().await;
    assert_eq!(world.states(&sha('1')), ["queued"]);
    assert_eq!(world.deliveries().await[0].attempts, 0, "it never failed");
    world.sticky(1);
}

#[tokio::test]
async fn what_github_refused_is_told_once_the_app_may_do_more() {
    for action in ["unsuspend", "new_permissions_accepted"] {
        let world = World::new().await;
        let refused = serde_json::json!({ "message": "Resource not accessible by integration" });
        world.github.fault(CHECKS.0, CHECKS.1, Fault::Answer(403, vec![], refused));
        world.opened(1, &sha('1')).await;
        world.patiently().await;
        assert_eq!(world.states(&sha('1')), [""; 0], "given up");
        world.on(world.github.restored(INSTALLATION, action)).await;
        assert_eq!(world.states(&sha('1')), ["queued"], "{action}");
        // And once is enough.
        let changes = world.changes();
        world.on(world.github.restored(INSTALLATION, action)).await;
        assert_eq!(world.changes(), changes);
        world.sticky(1);
    }
}
