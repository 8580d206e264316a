//! What stands on GitHub, and what is left as it is.

use t5_gate::{config::server::Server, queue::Target, sandbox::Isolation};

use super::{
    outcomes::{fail, pass},
    world::{ADA, World, sha},
};
use crate::{
    receipt::build::Gated,
    report::posted::budgets::huge,
    support::github::{Check, REPO, State},
};

fn everything(config: &mut Server) {
    (config.publish.status, config.publish.sarif) = (true, true);
}

#[tokio::test]
async fn publishing_twice_changes_nothing() {
    let mut world = World::with(Isolation::None, everything).await;
    world.opened(1, &sha('1')).await;
    let comment = world.say(1, ADA, "/rerun-t5").await;
    let work = world.run(&fail()).await;
    let (before, job) = (world.changes(), work.job.job.id);
    let seen = |world: &World| (world.checks(&sha('1')).len(), world.sticky(1), world.answers(1));
    let looked = seen(&world);
    for target in [
        Target::Check { job: job.clone() },
        Target::Sticky { pull: 1 },
        Target::Label { pull: 1 },
        Target::Status { job: job.clone() },
        Target::Sarif { job },
    ] {
        world.publish_again(1, target).await;
    }
    assert_eq!(world.changes(), before);
    let content = "rocket".to_owned();
    world.publish_again(1, Target::Reaction { comment, content }).await;
    assert_eq!(world.reactions(comment), ["eyes", "rocket"]);
    assert_eq!(seen(&world), looked);
}

#[tokio::test]
async fn the_status_and_the_findings_for_code_scanning_are_an_operators_choice() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.run(&fail()).await;
    assert!(world.github.statuses(REPO).is_empty() && world.github.sarifs(REPO).is_empty());
    world.check(&sha('1'));
    world.sticky(1);

    let mut world = World::with(Isolation::None, everything).await;
    world.opened(1, &sha('1')).await;
    world.run(&fail()).await;
    let states: Vec<String> =
        world.github.statuses(REPO).into_iter().map(|status| status.state).collect();
    assert_eq!(states, ["pending", "pending", "failure"]);
    let sarifs = world.github.sarifs(REPO);
    assert_eq!(sarifs.len(), 1);
    assert_eq!(
        (sarifs[0].commit.clone(), sarifs[0].git_ref.as_str()),
        (sha('1'), "refs/pull/1/head")
    );
    world.check(&sha('1'));
    world.sticky(1);
}

#[tokio::test]
async fn an_operator_who_wants_no_labels_gets_none() {
    let mut world = World::with(Isolation::None, |config| config.publish.labels = false).await;
    world.opened(1, &sha('1')).await;
    world.run(&pass()).await;
    assert!(world.github.labels(REPO, 1).is_empty());
    assert!(world.github.requests_to("GET", "/repos/*/*/issues/1/labels").is_empty());
    world.check(&sha('1'));
    world.sticky(1);
}

#[tokio::test]
async fn other_peoples_labels_stay_and_ours_is_the_routes_alone() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.github.edit(|state| {
        state.repo(REPO).pull(1).labels =
            vec!["bug".to_owned(), "t5:perf-fixer".to_owned(), "t5:mine".to_owned()];
    });
    world.run(&pass()).await;
    assert_eq!(world.github.labels(REPO, 1), ["bug", "t5:mine", "t5:pr-doc-reviewer"]);
    world.check(&sha('1'));
    world.sticky(1);
}

#[tokio::test]
async fn a_comment_that_somebody_deleted_is_never_made_again() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.sticky(1);
    world.github.edit(|state| state.repo(REPO).comments[0].deleted = true);
    world.run(&pass()).await;
    world.say(1, ADA, "/rerun-t5").await;
    world.run(&fail()).await;
    world.on(world.github.pull_pushed(REPO, 1, &sha('2'))).await;
    world.patiently().await;
    assert_eq!(world.github.comments(REPO, 1), Vec::<String>::new());
    assert_eq!(world.states(&sha('1')), ["success", "failure"], "and the check runs go on");
    assert_eq!(world.states(&sha('2')), ["queued"]);
}

#[tokio::test]
async fn a_comment_that_somebody_hid_stays_hidden_and_up_to_date() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.github.edit(|state| state.repo(REPO).comments[0].hidden = true);
    world.run(&fail()).await;
    assert!(world.sticky(1).contains("fail"));
    assert!(world.github.edit(|state| state.repo(REPO).comments[0].hidden));
    world.check(&sha('1'));
}

#[tokio::test]
async fn five_hundred_benchmarks_and_three_hundred_findings_are_taken_by_github() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    let gated = Gated { receipt: huge("a|b`c<d>@e"), rounds: Vec::new(), workloads: Vec::new() };
    world.run(&gated).await;
    let check = world.check(&sha('1'));
    assert_eq!(check.conclusion.as_deref(), Some("failure"));
    assert_eq!(check.annotations.len(), t5_gate::report::posted::ANNOTATIONS, "in four parts");
    assert!(world.sticky(1).contains("fail"));
}

/// A check run of somebody else's.
fn foreign(state: &mut State, name: &str, status: &str, conclusion: Option<&str>) {
    let id = state.fresh_id();
    state.repo(REPO).checks.push(Check {
        id,
        head: sha('1'),
        name: name.to_owned(),
        external_id: String::new(),
        details_url: String::new(),
        status: status.to_owned(),
        conclusion: conclusion.map(str::to_owned),
        started: None,
        completed: None,
        title: String::new(),
        summary: String::new(),
        text: None,
        annotations: Vec::new(),
        actions: Vec::new(),
        app_id: 15_368,
        looked_at: true,
    });
}

#[tokio::test]
async fn the_other_gates_are_read_from_the_heads_check_runs() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    let gates: Vec<String> = world.bot.config.gates.iter().map(|gate| gate.check.clone()).collect();
    world.github.edit(|state| {
        foreign(state, &gates[0], "completed", Some("success"));
        foreign(state, &gates[1], "completed", Some("failure"));
        foreign(state, &gates[1], "in_progress", None);
    });
    world.run(&pass()).await;
    let text = world.check(&sha('1')).text.unwrap();
    let state = |at: usize| {
        let row = text.lines().find(|line| line.contains(&gates[at])).unwrap().to_owned();
        row.split('|').nth(3).unwrap().trim().to_owned()
    };
    assert_eq!([state(0), state(1), state(2)], ["`success`", "`in_progress`", "not reported"]);
    let sticky = world.sticky(1);
    assert!(sticky.contains("not reported"), "{sticky}");
}

#[tokio::test]
async fn a_file_of_a_run_that_is_over_cannot_be_changed() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    let first = world.run(&pass()).await;
    world.opened(2, &sha('2')).await;
    let second = world.take().await;
    use t5_gate::queue::Coordinator as _;
    let known = format!("{:032x}", 1);
    for work in [&first, &second] {
        let taken = world.bot.upload(work, &known, "receipt.json", b"{}".to_vec()).await;
        assert!(taken.is_err(), "a receipt is never replaced");
    }
    for name in ["../receipt.json", ".hidden", "a/b", ""] {
        assert!(world.bot.upload(&second, &sha('f'), name, Vec::new()).await.is_err(), "{name}");
    }
    assert!(world.bot.upload(&second, "../../etc", "x", Vec::new()).await.is_err());
    world.checks(&sha('1'));
    world.checks(&sha('2'));
    world.sticky(1);
    world.sticky(2);
}
