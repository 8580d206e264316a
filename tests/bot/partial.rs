//! Runs of one part beside earlier ones of the same head.

use super::{
    outcomes::{bad_policy, bench, fail, pass, policy, slower},
    world::{ADA, URL, World, sha},
};
use t5_gate::queue::Scope;

use crate::support::github::REPO;

async fn judged(first: &crate::receipt::build::Gated) -> World {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.run(first).await;
    world
}

/// Asks again, and has this come of it; the newest check run's title.
async fn again(world: &mut World, said: &str, gated: &crate::receipt::build::Gated) -> String {
    world.say(1, ADA, said).await;
    world.run(gated).await;
    world.sticky(1);
    world.checks(&sha('1')).pop().unwrap().title
}

#[tokio::test]
async fn a_rerun_of_the_policy_keeps_the_benchmarks_and_says_from_which_run() {
    let mut world = judged(&slower()).await;
    let first = world.check(&sha('1'));
    assert!(first.title.starts_with("Fail: 1 benchmark regressed"), "{}", first.title);
    let title = again(&mut world, "/rerun-t5 policy", &policy()).await;
    assert_eq!(title, "Fail: 1 benchmark regressed", "policy alone does not heal it");
    let run = format!("{URL}/runs/{:032x}", 1);
    let check = world.check(&sha('1'));
    let kept = format!("kept from [an earlier run]({run})");
    assert!(check.summary.contains(&kept), "{}", check.summary);
    assert!(world.sticky(1).contains(&kept), "{}", world.sticky(1));
    assert_eq!(world.github.labels(REPO, 1), ["t5:perf-fixer"]);
}

#[tokio::test]
async fn a_pass_after_a_fail_is_shown_as_one() {
    let mut world = judged(&fail()).await;
    assert_eq!(world.github.labels(REPO, 1), ["t5:policy-fixer"]);
    let title = again(&mut world, "/rerun-t5", &pass()).await;
    assert!(title.starts_with("Pass") && title.ends_with("an earlier run of this commit failed"));
    let sticky = world.sticky(1);
    assert!(sticky.contains("of this very commit failed"), "{sticky}");
    assert_eq!(world.github.labels(REPO, 1), ["t5:pr-doc-reviewer"]);
    assert_eq!(world.states(&sha('1')), ["failure", "success"]);
}

#[tokio::test]
async fn a_policy_that_fails_again_is_as_red_as_before() {
    let mut world = judged(&pass()).await;
    let title = again(&mut world, "/rerun-t5 policy", &bad_policy()).await;
    assert_eq!(title, "Fail: 1 finding introduced");
    assert_eq!(world.github.labels(REPO, 1), ["t5:policy-fixer"]);
}

#[tokio::test]
async fn a_run_under_other_rules_or_against_another_base_is_not_put_together() {
    for other in ["rules", "base"] {
        let mut world = judged(&pass()).await;
        match other {
            "rules" => world.rules = "other rules".to_owned(),
            _ => world.github.commit(REPO, "main", &sha('b')),
        }
        let title = again(&mut world, "/rerun-t5 policy", &policy()).await;
        assert_eq!(title, "Incomplete: performance not run on this commit", "another {other}");
        assert_eq!(world.states(&sha('1')), ["success", "action_required"]);
        assert_eq!(world.github.labels(REPO, 1), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_filtered_run_replaces_its_own_benchmarks_alone() {
    // Two benchmarks, of which one is slower.
    let two = slower().bench("dot/65536", 612_000.0, 0.98, 0.004, 6);
    let mut world = judged(&two).await;
    let title = again(&mut world, "/rerun-t5 bench dot/1024", &bench(1.0)).await;
    assert!(title.starts_with("Pass"), "{title}");
    let title = again(&mut world, "/rerun-t5 bench dot/1024", &bench(1.3)).await;
    assert_eq!(title, "Fail: 1 benchmark regressed");
    world.checks(&sha('1'));
}

#[tokio::test]
async fn some_benchmarks_and_the_policy_are_no_whole_gate() {
    for policy_first in [true, false] {
        let mut world = World::new().await;
        world.github.open_pull(REPO, 1, ADA, &sha('1'));
        world.github.edit(|state| state.repo(REPO).pull(1).draft = true);
        let mut parts = vec![("/rerun-t5 policy", policy()), ("/rerun-t5 bench dot/1", bench(1.0))];
        if !policy_first {
            parts.reverse();
        }
        for (said, gated) in &parts {
            let title = again(&mut world, said, gated).await;
            assert!(title.starts_with("Incomplete"), "{title}");
        }
        assert_eq!(world.states(&sha('1')), ["action_required", "action_required"]);
        // All benchmarks, and it is whole.
        let title = again(&mut world, "/rerun-t5 bench", &bench(1.0)).await;
        assert!(title.starts_with("Pass"), "{title}");
    }
}

#[tokio::test]
async fn some_benchmarks_that_are_slower_fail_at_once() {
    let mut world = World::new().await;
    world.github.open_pull(REPO, 1, ADA, &sha('1'));
    world.github.edit(|state| state.repo(REPO).pull(1).draft = true);
    let title = again(&mut world, "/rerun-t5 bench dot/1", &bench(1.3)).await;
    assert_eq!(title, "Fail: 1 benchmark regressed");
}

#[tokio::test]
async fn a_part_that_is_asked_for_while_the_whole_is_still_owed_becomes_the_whole() {
    let mut world = World::new().await;
    world.opened(1, &sha('1')).await;
    world.say(1, ADA, "/rerun-t5 policy").await;
    let work = world.run(&pass()).await;
    assert_eq!(work.job.job.scope, Scope::All, "the benchmarks were never run");
    assert_eq!(world.states(&sha('1')), ["cancelled", "success"]);
    world.sticky(1);
    world.say(1, ADA, "/rerun-t5 policy").await;
    let work = world.run(&policy()).await;
    assert_eq!(work.job.job.scope, Scope::Policy, "they were by now");
    assert_eq!(world.states(&sha('1')), ["cancelled", "success", "success"]);
    world.sticky(1);
}
