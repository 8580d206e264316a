//! Every example payload that GitHub's own client library keeps.

use std::fmt::Write as _;

use t5_gate::github::event::{Event, Parsed};

use super::{as_an_app_gets_it, examples, understood};

/// One line.
fn line(parsed: &Parsed) -> String {
    match parsed {
        Parsed::Ignored(reason) => format!("ignored: {reason}"),
        Parsed::Event(event) => {
            let Event { installation, repo, sender, what } = &**event;
            let repo = repo.as_ref().map_or_else(
                || "no repository".to_owned(),
                |repo| {
                    let private = if repo.private { ", private" } else { "" };
                    format!("{} ({}, {}{private})", repo.full_name(), repo.id, repo.default_branch)
                },
            );
            let what = serde_json::to_string(what).unwrap();
            format!("{what} by {sender} in {repo} of {installation}")
        }
    }
}

#[test]
fn every_example_comes_to_an_event_or_to_the_reason_why_not() {
    let Some(examples) = examples() else { return };
    assert_eq!(examples.len(), 329);
    let (mut told, mut told_app) = (String::new(), String::new());
    for example in &examples {
        let as_it_is = line(&understood(&example.event, &example.payload));
        writeln!(told, "{} → {as_it_is}", example.name).unwrap();
        let app = line(&understood(&example.event, &as_an_app_gets_it(&example.payload)));
        if app != as_it_is {
            writeln!(told_app, "{} → {app}", example.name).unwrap();
        }
    }
    insta::assert_snapshot!(format!(
        "# As they are\n\n{told}\n# As an App gets them, where that makes a difference\n\n{told_app}"
    ));
}
