//! What the double delivers is what the bot understands.

use secrecy::SecretString;
use t5_gate::github::{
    event::{Event, Parsed, PullAction, What},
    webhook::{Headers, Secrets, parse, verify},
};

use super::{HEAD, check, github, run};
use crate::support::github::{APP, BASE, INSTALLATION, REPO, REPO_ID, SECRET, Signed};

fn understood(signed: &Signed) -> Event {
    let headers = signed.headers();
    let value = |name: &str| {
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes())
    };
    let headers = Headers {
        delivery: value("x-github-delivery"),
        event: value("x-github-event"),
        signature: value("x-hub-signature-256"),
        content_type: value("content-type"),
    };
    let secrets = Secrets::new(vec![SecretString::from(SECRET)]).unwrap();
    let verified = verify(&secrets, headers, signed.body.clone()).unwrap();
    match parse(&verified, APP) {
        Parsed::Event(event) => *event,
        Parsed::Ignored(why) => panic!("{}: {why}", signed.event),
    }
}

#[tokio::test]
async fn deliveries_of_the_double_are_understood() {
    let (github, client, at) = github();
    github.open_fork_pull(REPO, 8, "hubot", HEAD);
    let event = understood(&github.pull_opened(REPO, 8));
    assert_eq!((event.installation, event.repo.unwrap().id), (INSTALLATION, REPO_ID));
    let What::Pull(PullAction::Opened, pull) = event.what else { panic!("{:?}", event.what) };
    assert_eq!(
        (pull.head.as_str(), pull.base.as_str(), pull.head_repo),
        (HEAD, BASE, Some(500_008))
    );
    assert_eq!(client.pull(&at, 8).await.unwrap().as_ref(), Some(&pull), "the API says the same");

    let event = understood(&github.comment(REPO, 8, "mona", "/rerun-t5"));
    let What::Comment(comment) = event.what else { panic!("{:?}", event.what) };
    assert_eq!(
        (comment.body.as_str(), comment.pull, event.sender.as_str()),
        ("/rerun-t5", 8, "mona")
    );

    let queued = run(t5_gate::report::posted::CheckStatus::Queued, 0);
    let id = client.create_check(&at, check(&queued)).await.unwrap();
    github.check_runs(REPO, HEAD);
    let What::Rerun(clicked) = understood(&github.check_rerequested(REPO, id, "mona")).what else {
        panic!("no re-run")
    };
    assert_eq!((clicked.external_id.as_str(), clicked.pulls.as_slice()), ("job-1", [7].as_slice()));
    let button = understood(&github.button_pressed(REPO, id, "t5-rerun", "mona")).what;
    assert!(matches!(button, What::Button { .. }), "{button:?}");
    let suite = understood(&github.suite_rerequested(REPO, HEAD, "mona")).what;
    assert!(matches!(suite, What::RerunSuite(_)), "{suite:?}");
    let next = "5555555555555555555555555555555555555555";
    let group = understood(&github.merge_group(REPO, next, "checks_requested")).what;
    assert!(matches!(group, What::MergeGroup(_)), "{group:?}");
    let group = understood(&github.merge_group(REPO, next, "destroyed")).what;
    assert!(matches!(group, What::MergeGroupGone { .. }), "{group:?}");
    let What::Push(push) = understood(&github.pushed(REPO, "main", next, "mona")).what else {
        panic!("no push")
    };
    assert_eq!((push.before.as_deref(), push.after.as_str()), (Some(BASE), next));
    for signed in
        [github.pull_closed(REPO, 8, false), github.uninstalled(77), github.removed_from(REPO)]
    {
        understood(&signed);
    }
}
