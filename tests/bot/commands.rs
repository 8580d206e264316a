//! Commands in comments, and who may give them.

use t5_gate::queue::{Heard, Scope};

use super::{
    outcomes::{fail, pass, policy},
    world::{ADA, EVE, World, sha},
};
use crate::support::github::{Fault, REPO};

/// A pull request whose first run passed.
async fn judged() -> World {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.run(&pass()).await;
    world.sticky(1);
    world
}

#[tokio::test]
async fn each_rerun_runs_what_it_says() {
    let all = Scope::Bench(Vec::new());
    for (said, scope) in [
        ("/rerun-t5", Scope::All),
        ("/rerun-t5 policy", Scope::Policy),
        ("/rerun-t5 bench", all),
        ("/rerun-t5 bench dot/1024", Scope::Bench(vec!["dot/1024".to_owned()])),
    ] {
        let world = judged().await;
        let comment = world.say(1, ADA, said).await;
        assert_eq!(world.reactions(comment), ["eyes"]);
        assert_eq!(world.states(&sha('1')), ["success", "queued"], "a new check run of the name");
        let sticky = world.sticky(1);
        assert!(sticky.contains(&format!("`ada` ({said})")), "{sticky}");
        let work = world.take().await;
        assert_eq!(work.job.job.scope, scope);
        world.checks(&sha('1'));
        world.sticky(1);
    }
}

#[tokio::test]
async fn a_rerun_ends_with_a_rocket_and_one_that_came_to_nothing_with_confusion() {
    let mut world = judged().await;
    let comment = world.say(1, ADA, "/rerun-t5").await;
    world.run(&fail()).await;
    assert_eq!(world.reactions(comment), ["eyes", "rocket"]);

    let comment = world.say(1, ADA, "/rerun-t5 policy").await;
    world.run_in_vain("The disk is full.").await;
    assert_eq!(world.reactions(comment), ["eyes", "confused"]);
    assert_eq!(world.states(&sha('1')), ["success", "failure", "action_required"]);
    assert!(world.check(&sha('1')).summary.contains("The disk is full."));
    world.sticky(1);
}

#[tokio::test]
async fn who_may_only_read_is_told_so_once_for_each_pull_request() {
    let mut world = judged().await;
    for said in ["/rerun-t5", "/rerun-t5", "/t5 cancel"] {
        let comment = world.say(1, EVE, said).await;
        assert_eq!(world.reactions(comment), Vec::<String>::new(), "no 👀 for what is not done");
    }
    let answers = world.answers(1);
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers[0].starts_with("`eve` has no write permission here"), "{answers:?}");
    assert_eq!(world.states(&sha('1')), ["success"]);

    // Another pull request, another person.
    world.opened(2, &sha('2')).await;
    world.run(&pass()).await;
    world.say(2, EVE, "/rerun-t5").await;
    world.say(1, "mallory", "/rerun-t5").await;
    assert_eq!((world.answers(1).len(), world.answers(2).len()), (2, 1));
    world.sticky(1);
    world.sticky(2);
    world.check(&sha('2'));
}

#[tokio::test]
async fn every_role_that_may_push_may_command() {
    for (role, may) in [
        ("read", false),
        ("triage", false),
        ("write", true),
        ("maintain", true),
        ("admin", true),
        ("own:write", true),
    ] {
        let world = judged().await;
        world.github.collaborate(REPO, "kim", role);
        world.say(1, "kim", "/rerun-t5").await;
        assert_eq!(world.states(&sha('1')).len(), if may { 2 } else { 1 }, "{role}");
        assert_eq!(world.answers(1).is_empty(), may, "{role}");
        world.sticky(1);
    }
}

#[tokio::test]
async fn a_readers_typo_uses_up_no_answer() {
    let world = judged().await;
    world.say(1, EVE, "/rerun-t5 polcy").await;
    assert_eq!(world.answers(1), Vec::<String>::new());
    world.say(1, EVE, "/rerun-t5 policy").await;
    assert_eq!(world.answers(1).len(), 1);
    world.checks(&sha('1'));
    world.sticky(1);
}

#[tokio::test]
async fn a_typo_gets_one_line_that_says_what_was_meant() {
    let world = judged().await;
    let comment = world.say(1, ADA, "/rerun-t5 polcy").await;
    let answers = world.answers(1);
    assert_eq!(answers.len(), 1);
    assert!(answers[0].contains("policy") && !answers[0].contains('\n'), "{answers:?}");
    assert_eq!(world.reactions(comment), Vec::<String>::new());
    assert_eq!(world.states(&sha('1')), ["success"]);
    world.sticky(1);
}

#[tokio::test]
async fn quotes_code_edits_and_bots_command_nothing() {
    let world = judged().await;
    for said in ["> /rerun-t5", "```\n/rerun-t5\n```", "Say `/rerun-t5`.", "<!-- /rerun-t5 -->"] {
        world.say(1, ADA, said).await;
    }
    let edited = world.github.say(REPO, 1, ADA, "/rerun-t5");
    world.on(world.github.comment_event(REPO, edited, "edited")).await;
    world.github.collaborate(REPO, "helper[bot]", "write");
    world.say(1, "helper[bot]", "/rerun-t5").await;
    assert_eq!(world.states(&sha('1')), ["success"]);
    assert_eq!(world.answers(1), Vec::<String>::new());
    world.sticky(1);
}

#[tokio::test]
async fn one_comment_under_two_guids_starts_one_job() {
    let world = judged().await;
    let comment = world.github.say(REPO, 1, ADA, "/rerun-t5");
    let first = world.github.comment_event(REPO, comment, "created");
    let second = world.github.comment_event(REPO, comment, "created");
    assert_ne!(first.guid, second.guid);
    world.deliver(first).await;
    world.deliver(second).await;
    world.settle().await;
    assert_eq!(world.states(&sha('1')), ["success", "queued"]);
    assert_eq!(world.reactions(comment), ["eyes"]);
    world.sticky(1);
}

#[tokio::test]
async fn eyes_are_shown_only_once_the_job_is_on_disk() {
    let world = judged().await;
    let comment = world.github.say(REPO, 1, ADA, "/rerun-t5");
    world.deliver(world.github.comment_event(REPO, comment, "created")).await;
    world.bot.step_outbox().await.unwrap();
    assert_eq!(world.reactions(comment), Vec::<String>::new(), "nobody has acted on it");
    world.bot.step_inbox().await.unwrap();

    // Whoever is killed here finds the job and the reaction after the next start.
    let world = world.restart().await;
    world.settle().await;
    assert_eq!(world.reactions(comment), ["eyes"]);
    assert_eq!(world.states(&sha('1')), ["success", "queued"]);
    world.sticky(1);
}

#[tokio::test]
async fn a_closed_pull_request_answers_and_runs_nothing() {
    let world = judged().await;
    world.on(world.github.pull_closed(REPO, 1, true)).await;
    for said in ["/rerun-t5", "/t5 cancel", "/t5 approve 1111111"] {
        world.say(1, ADA, said).await;
    }
    let answers = world.answers(1);
    assert_eq!(answers.len(), 3);
    assert!(answers.iter().all(|text| text.starts_with("This pull request is closed")));
    assert_eq!(world.states(&sha('1')), ["success"]);
    world.sticky(1);
}

#[tokio::test]
async fn cancel_stops_the_run_and_says_so() {
    let world = World::new().await;
    world.opened(1, &sha('1')).await;
    let work = world.take().await;
    let comment = world.say(1, ADA, "/t5 cancel").await;
    assert!(matches!(world.beat(&work).await, Heard::Stop(_)));
    assert_eq!(world.reactions(comment), ["eyes"]);
    assert_eq!(world.states(&sha('1')), ["cancelled"]);
    assert!(world.check(&sha('1')).summary.contains("ada asked for it"));

    world.say(1, ADA, "/t5 cancel").await;
    let answers = world.answers(1);
    assert!(answers[0].starts_with("Cancelled."), "{answers:?}");
    assert!(answers[1].starts_with("Nothing to cancel"), "{answers:?}");
    world.sticky(1);
}

#[tokio::test]
async fn status_says_where_the_job_stands_and_help_lists_the_commands() {
    let world = World::new().await;
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    world.say(1, ADA, "/t5 status").await;
    world.on(world.github.pull_opened(REPO, 1)).await;
    world.say(1, ADA, "/t5 status").await;
    world.say(1, ADA, "/t5 help").await;
    world.on(world.github.pull_closed(REPO, 1, false)).await;
    world.say(1, ADA, "/t5 status").await;
    let answers = world.answers(1);
    assert!(answers[0].starts_with("No job of this pull request is known yet"), "{answers:?}");
    assert!(answers[1].contains("Queued: next in line"), "{answers:?}");
    assert!(answers[2].contains("/rerun-t5 bench <filter>"), "{answers:?}");
    assert!(answers[3].contains("the pull request was closed"), "{answers:?}");
    world.checks(&sha('1'));
    world.sticky(1);
}

#[tokio::test]
async fn a_status_is_not_made_up_where_github_cannot_be_asked() {
    let world = judged().await;
    world.github.fault("GET", "/repos/*/*/pulls/1", Fault::BadGateway);
    world.say(1, ADA, "/t5 status").await;
    world.patiently().await;
    let answers = world.answers(1);
    assert_eq!(answers.len(), 1);
    assert!(answers[0].contains("Pass: policy, performance"), "{answers:?}");
    world.checks(&sha('1'));
    world.sticky(1);
}

#[tokio::test]
async fn a_command_before_the_first_job_gates_a_draft() {
    let mut world = World::new().await;
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    world.github.edit(|state| state.repo(REPO).pull(1).draft = true);
    world.say(1, ADA, "/rerun-t5 policy").await;
    world.run(&policy()).await;
    let check = world.check(&sha('1'));
    assert_eq!(check.title, "Incomplete: performance not run on this commit");
    assert_eq!(check.conclusion.as_deref(), Some("action_required"));
    world.sticky(1);
}
