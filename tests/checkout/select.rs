//! Which commits a job comes to, in a mirror.

use t5_gate::runner::{
    mirror::Wanted,
    select::{Lineage, MirrorWish, Selected, Source, select},
};

use super::place::{NAME, Place};
use crate::support::repository::Repository;

/// Fetches and selects as a pull request's job does.
async fn selected(place: &Place, head: &str, rules: Option<&str>) -> Result<Selected, String> {
    selected_as(place, head, rules, false).await
}

async fn selected_as(
    place: &Place,
    head: &str,
    rules: Option<&str>,
    parent: bool,
) -> Result<Selected, String> {
    place.put(head, "refs/pull/12/head");
    let base = rules.map(str::to_owned);
    let wanted = Wanted { base, ..place.pull(12, head, head) };
    let mirror = place.fetch(&wanted).await.unwrap();
    let wish = MirrorWish {
        mirror: mirror.dir().to_owned(),
        repository: NAME.to_owned(),
        head: head.to_owned(),
        rules: rules.map(str::to_owned),
        chosen: "pull request #12 against main".to_owned(),
        lineage: Lineage { target: "main".to_owned(), keeps: true },
        parent,
    };
    let chosen = select(&place.context(), &Source::Mirror(wish)).await;
    chosen.map_err(|error| error.to_string())
}

fn sha(commit: &Option<t5_gate::receipt::Commit>) -> Option<&str> {
    commit.as_ref().map(|commit| commit.sha.as_str())
}

/// `main` with two commits, and a change that left it at the first.
fn forked() -> (Place, [String; 3]) {
    let repository = Repository::new();
    let fork = repository.write("one", "1").commit("Begin");
    repository.git(&["checkout", "--quiet", "-b", "change"]);
    let head = repository.write("two", "2").commit("Change");
    repository.git(&["checkout", "--quiet", "main"]);
    let tip = repository.write("one", "11").commit("Go on");
    let place = Place::with(repository);
    place.put(&tip, "refs/heads/main");
    (place, [fork, head, tip])
}

#[tokio::test]
async fn rules_come_from_the_tip_and_the_comparison_is_with_the_merge_base() {
    let (place, [fork, head, tip]) = forked();
    let selected = selected(&place, &head, Some(&tip)).await.unwrap();
    let subject = &selected.subject;
    assert_eq!((sha(&subject.base), sha(&subject.rules)), (Some(&*fork), Some(&*tip)));
    assert_eq!((subject.head.sha.as_str(), subject.head.subject.as_str()), (&*head, "Change"));
    assert_eq!(subject.repository, "ada/quick");
    assert_eq!(subject.chosen, "pull request #12 against main");
    assert_eq!((subject.uncommitted, subject.subfolder.as_str()), (0, ""));
}

#[tokio::test]
async fn a_head_that_the_target_branch_contains_is_its_own_base() {
    let (place, [fork, _, tip]) = forked();
    for head in [&fork, &tip] {
        let subject = selected(&place, head, Some(&tip)).await.unwrap().subject;
        assert_eq!(sha(&subject.base), Some(head.as_str()));
        assert_eq!(sha(&subject.rules), Some(tip.as_str()));
    }
}

#[tokio::test]
async fn a_branch_that_names_its_own_tip_is_compared_with_its_parent() {
    let (place, [fork, _, tip]) = forked();
    let subject = selected_as(&place, &tip, Some(&tip), true).await.unwrap().subject;
    assert_eq!((sha(&subject.base), sha(&subject.rules)), (Some(&*fork), Some(&*fork)));

    let subject = selected_as(&place, &fork, Some(&fork), true).await.unwrap().subject;
    assert_eq!((sha(&subject.base), sha(&subject.rules)), (None, None));
}

#[tokio::test]
async fn a_new_branch_has_nothing_to_compare_with() {
    let (place, [_, head, _]) = forked();
    let subject = selected(&place, &head, None).await.unwrap().subject;
    assert_eq!((sha(&subject.base), sha(&subject.rules)), (None, None));
}

#[tokio::test]
async fn histories_without_a_common_ancestor_are_an_error_that_says_what_to_do() {
    let (place, [_, _, tip]) = forked();
    place.repository.git(&["checkout", "--quiet", "--orphan", "strange"]);
    let strange = place.repository.commit("Another beginning");
    let error = selected(&place, &strange, Some(&tip)).await.unwrap_err();
    assert!(error.contains("no common ancestor"), "{error}");
    assert!(error.contains("rebase the change"), "{error}");
}
