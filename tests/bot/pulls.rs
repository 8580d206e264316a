//! Pull requests, from opening to closing.

use t5_gate::{
    config::server::Unproved,
    queue::{Accepted, Heard, Phase, Target},
    sandbox::Isolation,
};

use super::{
    outcomes::{attention, documents, fail, inconclusive, pass, silent},
    world::{ADA, World, sha, verified},
};
use crate::support::github::REPO;

#[tokio::test]
async fn a_pull_request_is_queued_run_and_judged_in_one_check_run_and_one_comment() {
    let mut world = World::new().await;
    let head = sha('1');
    world.opened(1, &head).await;

    let check = world.check(&head);
    assert_eq!((check.status.as_str(), check.title.as_str()), ("queued", "Queued: next in line"));
    assert_eq!(check.name, "integrative:gate:benchmarks");
    assert_eq!(check.details_url, format!("https://t5.example.org/jobs/{}", check.external_id));
    assert_eq!(world.buttons(&head), ["t5-cancel"]);
    let sticky = world.sticky(1);
    assert!(sticky.contains("IN PROGRESS (queued)"), "{sticky}");
    assert!(sticky.contains("`ada` (opened); it runs everything"), "{sticky}");

    let work = world.take().await;
    assert_eq!(world.states(&head), ["in_progress"]);
    assert_eq!(world.at(&work, Phase::Measure, "dot/1024", (3, 40)).await, Heard::Continue);
    let check = world.check(&head);
    assert_eq!(check.title, "In progress: measure, 3 of 40");
    assert!(check.started.is_some());
    let sticky = world.sticky(1);
    assert!(sticky.contains("| measure | measure head against base | running |"), "{sticky}");

    world.wait(90);
    assert!(world.give(&work, &pass()).await);
    world.settle().await;
    let checks = world.checks(&head);
    assert_eq!(checks.len(), 1, "it is the same check run");
    assert_eq!(checks[0].conclusion.as_deref(), Some("success"));
    assert!(checks[0].title.starts_with("Pass: policy, performance"), "{}", checks[0].title);
    assert_eq!(world.buttons(&head), ["t5-rerun"]);
    let sticky = world.sticky(1);
    assert!(sticky.contains("pass"), "{sticky}");
    assert!(sticky.contains("https://t5.example.org/runs/"), "{sticky}");
    assert_eq!(world.github.labels(REPO, 1), ["t5:pr-doc-reviewer"]);
}

#[tokio::test]
async fn a_check_run_says_how_many_jobs_come_first_and_how_long_they_take() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.run(&pass()).await;
    for (number, digit) in [(2, '2'), (3, '3'), (4, '4')] {
        world.opened(number, &sha(digit)).await;
    }
    // One run took 90 seconds.
    assert_eq!(world.check(&sha('2')).title, "Queued: next in line; done in about 2 min");
    assert_eq!(world.check(&sha('4')).title, "Queued: 2 jobs come first; done in about 5 min");

    // The queue moves, and who waits in it is told.
    world.run(&pass()).await;
    assert_eq!(world.check(&sha('4')).title, "Queued: 1 job comes first; done in about 3 min");
    for number in 1..=4 {
        world.sticky(number);
    }
    for digit in '1'..='4' {
        world.check(&sha(digit));
    }
}

#[tokio::test]
async fn each_outcome_has_its_conclusion_and_its_label() {
    let strict = [Unproved::ActionRequired, Unproved::Failure, Unproved::Neutral];
    for (unproved, open) in strict.into_iter().zip(["action_required", "failure", "neutral"]) {
        let mut world = World::with(Isolation::None, |config| {
            (config.check.inconclusive, config.check.could_not_run) = (unproved, unproved);
        })
        .await;
        let table = [
            (pass(), "success", vec!["t5:pr-doc-reviewer"]),
            (attention(), "success", vec!["t5:pr-doc-reviewer"]),
            (fail(), "failure", vec!["t5:policy-fixer"]),
            (inconclusive(), open, vec![]),
            (silent(), open, vec![]),
            (documents(), "success", vec!["t5:pr-doc-reviewer"]),
        ];
        for ((gated, conclusion, labels), number) in table.into_iter().zip(1..) {
            let head = format!("{number:040x}");
            world.opened(number, &head).await;
            world.run(&gated).await;
            assert_eq!(world.states(&head), [conclusion], "{}", world.check(&head).title);
            assert_eq!(world.github.labels(REPO, number), labels);
            world.sticky(number);
        }
        let head = sha('e');
        world.opened(7, &head).await;
        world.run_in_vain("The commit cannot be fetched: it is gone.").await;
        assert_eq!(world.states(&head), [open]);
        assert!(world.sticky(7).contains("The commit cannot be fetched: it is gone."));
        assert_eq!(world.github.labels(REPO, 7), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_change_with_nothing_to_measure_succeeds_and_says_what_was_skipped() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.run(&documents()).await;
    let check = world.check(&sha('1'));
    assert_eq!(check.conclusion.as_deref(), Some("success"));
    assert_eq!(check.title, "Pass: policy, performance skipped (no-surface)");
    world.sticky(1);
}

#[tokio::test]
async fn a_push_stops_the_run_of_the_old_head_and_starts_one_of_the_new() {
    let mut world = World::new().await;
    let (old, new) = (sha('1'), sha('2'));
    world.opened(1, &old).await;
    let work = world.take().await;

    world.on(world.github.pull_pushed(REPO, 1, &new)).await;
    assert!(matches!(world.beat(&work).await, Heard::Stop(_)));
    assert_eq!(
        (world.states(&old), world.states(&new)),
        (vec!["cancelled".into()], vec!["queued".into()])
    );
    assert!(world.check(&old).title.starts_with("Superseded"), "{}", world.check(&old).title);
    assert_eq!(world.buttons(&old), Vec::<String>::new());
    assert!(!world.give(&work, &fail()).await, "nobody needs the old result");

    world.run(&pass()).await;
    assert_eq!(world.states(&new), ["success"]);
    assert_eq!(world.states(&old), ["cancelled"]);
    assert!(world.sticky(1).contains(&new[..7]));
}

#[tokio::test]
async fn the_label_of_an_old_head_does_not_stay_on_a_new_one() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.github.edit(|state| state.repo(REPO).pull(1).labels.push("good first issue".into()));
    world.run(&pass()).await;
    assert_eq!(world.github.labels(REPO, 1), ["good first issue", "t5:pr-doc-reviewer"]);

    world.on(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    assert_eq!(
        world.github.labels(REPO, 1),
        ["good first issue"],
        "nothing stands on the new head"
    );
    world.run(&fail()).await;
    assert_eq!(world.github.labels(REPO, 1), ["good first issue", "t5:policy-fixer"]);
    for digit in ['1', '2'] {
        world.check(&sha(digit));
    }
    world.sticky(1);
}

#[tokio::test]
async fn closing_cancels_and_opening_again_gates() {
    let mut world = World::new().await;
    let head = sha('1');
    world.opened(1, &head).await;
    let work = world.take().await;
    world.on(world.github.pull_closed(REPO, 1, false)).await;
    assert!(matches!(world.beat(&work).await, Heard::Stop(_)));
    assert_eq!(world.states(&head), ["cancelled"]);
    assert!(world.sticky(1).contains("cancelled"));

    world.wait(5);
    world.github.edit(|state| state.repo(REPO).pull(1).updated = world.github.time().now());
    world.on(world.github.pull_reopened(REPO, 1)).await;
    world.run(&pass()).await;
    assert_eq!(world.states(&head), ["cancelled", "success"]);
    world.sticky(1);
}

#[tokio::test]
async fn a_pull_request_that_was_closed_while_its_job_waited_is_not_run() {
    let world = World::new().await;
    let head = sha('1');
    world.opened(1, &head).await;
    // The delivery about it is still on its way.
    world.github.edit(|state| state.repo(REPO).pull(1).open = false);
    assert!(world.lease().await.is_none());
    world.settle().await;
    assert_eq!(world.states(&head), ["cancelled"]);
    world.sticky(1);
}

#[tokio::test]
async fn a_draft_is_gated_when_it_is_ready() {
    let world = World::new().await;
    let head = sha('1');
    world.github.open_pull(REPO, 1, ADA, &head);
    world.github.edit(|state| state.repo(REPO).pull(1).draft = true);
    world.on(world.github.pull_opened(REPO, 1)).await;
    assert!(world.note().await.contains("draft"), "{}", world.note().await);
    assert!(world.checks(&head).is_empty());

    world.on(world.github.pull_ready(REPO, 1)).await;
    assert_eq!(world.states(&head), ["queued"]);
    world.sticky(1);
}

#[tokio::test]
async fn a_push_to_a_draft_stops_what_somebody_had_asked_for_on_its_old_head() {
    let world = World::new().await;
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    world.github.edit(|state| state.repo(REPO).pull(1).draft = true);
    world.say(1, ADA, "/rerun-t5").await;
    let work = world.take().await;
    world.on(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    assert!(matches!(world.beat(&work).await, Heard::Stop(_)));
    assert_eq!(world.states(&sha('1')), ["cancelled"]);
    assert!(world.checks(&sha('2')).is_empty());
    world.sticky(1);
}

#[tokio::test]
async fn deliveries_that_are_late_doubled_or_out_of_order_start_one_job() {
    let world = World::new().await;
    let (old, new) = (sha('1'), sha('2'));
    world.github.open_pull(REPO, 1, ADA, &old);
    let opened = world.github.pull_opened(REPO, 1);
    let pushed = world.github.pull_pushed(REPO, 1, &new);
    let again = world.github.deliver_again(&pushed);
    let mut twin = pushed.clone();
    twin.guid = "another-hook-tells-the-same".to_owned();

    world.on(pushed).await;
    assert_eq!(world.deliver(again).await, Accepted::Known);
    let (twin, now) = (verified(&twin), world.github.time().now());
    assert_eq!(world.bot.store.accept(twin, now).await.unwrap(), Accepted::Stored);
    world.settle().await;
    world.on(opened).await;
    assert!(world.checks(&old).is_empty(), "the head had moved before anybody looked");
    assert_eq!(world.states(&new), ["queued"]);
    world.sticky(1);
}

#[tokio::test]
async fn where_nothing_changed_nothing_is_edited() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.run(&pass()).await;
    let before = world.changes();
    world.wait(60);
    let job = world.check(&sha('1')).external_id;
    for target in [Target::Check { job }, Target::Sticky { pull: 1 }, Target::Label { pull: 1 }] {
        world.publish_again(1, target).await;
    }
    assert_eq!(world.changes(), before);
    world.sticky(1);
}

#[tokio::test]
async fn a_head_that_comes_back_is_gated_again_and_what_stood_between_is_stopped() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.run(&pass()).await;
    world.on(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    let work = world.take().await;
    world.wait(5);
    world.on(world.github.pull_pushed(REPO, 1, &sha('1'))).await;
    assert!(matches!(world.beat(&work).await, Heard::Stop(_)));
    assert_eq!(world.states(&sha('2')), ["cancelled"]);
    assert_eq!(world.states(&sha('1')), ["success", "queued"]);
    assert!(world.sticky(1).contains("1111111"), "the comment speaks of the head");
}

#[tokio::test]
async fn a_commit_that_fails_in_another_open_pull_request_is_good_in_none() {
    let mut world = World::new().await;
    let head = sha('1');
    world.opened(1, &head).await;
    world.run(&fail()).await;
    // The check run of a commit counts wherever it is the head.
    world.opened(2, &head).await;
    world.run(&pass()).await;
    let check = world.check(&head);
    assert_eq!(check.conclusion.as_deref(), Some("failure"));
    assert!(check.title.starts_with("Fail: this commit fails in pull request 1; here: Pass"));
    assert!(check.summary.contains("ask for another run"), "{}", check.summary);

    world.on(world.github.pull_closed(REPO, 1, false)).await;
    world.say(2, ADA, "/rerun-t5").await;
    world.run(&pass()).await;
    assert_eq!(world.states(&head), ["failure", "failure", "success"]);
    world.sticky(1);
    world.sticky(2);
}
