//! Somebody follows a link from GitHub.

use std::os::unix::fs::symlink;

use axum::http::{Method, StatusCode};
use t5_gate::{
    queue::{Ended, NewJob, Phase, Progress, Store as _, Subject, Trust, Waiting},
    verdict::Outcome,
};

use super::world::{World, at, private, pull, request};
use crate::receipt::build::{advisory, content};

#[tokio::test]
async fn no_answer_lets_a_browser_do_more_than_read() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    for address in ["/", "/jobs/j1", "/jobs/none", "/style.css", "/healthz", "/webhook"] {
        let answer = world.get(address).await;
        let policy = answer.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(rule), "{address}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
        assert!(!policy.contains("github.com"), "only the setup page sends a form to GitHub");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{address}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{address}");
    }
}

#[tokio::test]
async fn a_page_speaks_to_everybody() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Pass).await;
    world.keep("r1", &content().sealed());
    for address in ["/", "/jobs/j1", "/runs/r1", "/jobs/none"] {
        let page = world.get(address).await.text();
        assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"), "{address}");
        assert!(page.contains("name=\"viewport\"") && page.contains("<title>"), "{address}");
        assert_eq!(page.matches("<h1").count(), 1, "{address}");
        assert_eq!(page.matches("<table").count(), page.matches("class=\"scroll\"").count());
        assert!(!page.contains("<th>"), "each heading says what it heads: {address}");
        assert!(!page.contains("<script") && !page.contains("style=\""), "{address}");
        let outline: Vec<usize> = page
            .match_indices("<h")
            .filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10))
            .map(|level| level as usize)
            .collect();
        for step in outline.windows(2) {
            assert!(step[1] <= step[0] + 1, "{address}: no level is left out: {outline:?}");
        }
    }
}

#[tokio::test]
async fn the_first_page_lists_public_repositories_alone() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    world.enqueue(private("j2", 8, 'c')).await;
    let page = world.page("/").await;
    assert!(page.contains("<a href=\"/jobs/j1\">octo/kernels #7</a>"), "{page}");
    assert!(!page.contains("secret-kernels") && !page.contains("/jobs/j2"));
    assert!(page.contains("https://github.com/apps/t5-gate/installations/new"));
}

#[tokio::test]
async fn a_repository_that_was_made_private_takes_its_older_jobs_with_it() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    let mut job = pull("j2", 8, 'c');
    job.repo.private = true;
    world.enqueue(job).await;
    assert!(!world.page("/").await.contains("/jobs/"));
}

#[tokio::test]
async fn a_job_says_where_it_stands() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    world.enqueue(pull("j2", 8, 'c')).await;
    let page = world.page("/jobs/j2").await;
    assert!(page.contains("queued") && page.contains("One job comes first."), "{page}");
    assert!(page.contains("octocat (pushed)") && page.contains("policy and benchmarks"));
    assert!(
        page.contains(&format!(
            "https://github.com/octo/kernels/pull/8/commits/{}",
            "c".repeat(40)
        ))
    );

    let job = world.lease().await;
    let progress = Progress {
        phase: Phase::Measure,
        what: "round 3 of sum/4096".to_owned(),
        done: 3,
        total: 12,
    };
    let lease = job.lease.unwrap();
    world.store.heartbeat("j1", &lease, Some(progress), at(300), at(9)).await.unwrap();
    let page = world.page("/jobs/j1").await;
    assert!(page.contains("running") && page.contains("Measuring: round 3 of sum/4096"), "{page}");
    assert!(page.contains("max=\"12\" value=\"3\"") && page.contains("3 of 12"));
    assert!(!page.contains("http-equiv=\"refresh\""), "nobody's page moves unasked");
    assert!(world.page("/jobs/j1?watch=1").await.contains("http-equiv=\"refresh\" content=\"20\""));

    world.store.end("j1", Ended::Cancelled, "hubot asked to stop", at(10)).await.unwrap();
    let page = world.page("/jobs/j1?watch=1").await;
    assert!(page.contains("cancelled") && page.contains("hubot asked to stop"), "{page}");
    assert!(!page.contains("http-equiv=\"refresh\""), "nothing more will happen");
}

#[tokio::test]
async fn a_strangers_job_says_what_would_run() {
    let world = World::new().await;
    let risks = vec!["adds a build script: build.rs".to_owned()];
    let trust = Trust::Stranger { risks, approved_by: None };
    let job = NewJob { trust, waiting: Waiting::Approval, ..pull("j1", 7, 'a') };
    world.enqueue(job).await;
    let page = world.page("/jobs/j1").await;
    assert!(page.contains("has to approve this very commit"), "{page}");
    assert!(page.contains("Not approved.") && page.contains("adds a build script: build.rs"));
}

#[tokio::test]
async fn a_job_shows_what_the_same_head_came_to_before() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Fail).await;
    world.enqueue(pull("j2", 7, 'a')).await;
    world.judge("r2", Outcome::Pass).await;
    let page = world.page("/jobs/j2").await;
    let (own, earlier) = page.split_once("Earlier runs of this head").unwrap();
    assert!(own.contains("/runs/r2") && own.contains("1 min 35 s"), "{page}");
    assert!(earlier.contains("/runs/r1") && earlier.contains(">fail<"), "{page}");
}

#[tokio::test]
async fn a_run_shows_verdict_report_and_every_file_with_its_digest() {
    let world = World::new().await;
    let gated = content().bench("sum/4096", 1_350_000.0, 1.08, 0.004, 10).sealed();
    world.enqueue(pull("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Fail).await;
    world.keep("r1", &gated);
    let page = world.page("/runs/r1").await;
    assert!(page.contains("<span class=\"pill bad\">fail</span> A rule is broken."), "{page}");
    assert!(page.contains("perf-fixer") && page.contains("<code>regressed</code>"));
    assert!(page.contains("<h3>Executive summary</h3>"), "the report lies below the page's own");
    for name in [
        "receipt.json",
        "receipt.json.sha256",
        "verdict.json",
        "report.md",
        "t5-route.json",
        "samples.jsonl",
    ] {
        let bytes = std::fs::read(world.runs().join("r1").join(name)).unwrap();
        assert!(page.contains(&t5_gate::receipt::digest(&bytes)), "{name}");
        let file = world.get(&format!("/runs/r1/files/{name}")).await;
        assert_eq!(file.body, bytes, "{name}");
        assert_eq!(file.header("content-length"), bytes.len().to_string());
        assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{name}\""));
        let kind =
            if name.ends_with(".json") { "application/json" } else { "text/plain; charset=utf-8" };
        assert_eq!(file.header("content-type"), kind, "{name}");
    }
    assert!(page.contains("t5 verify receipt.json") && page.contains("This receipt is not signed"));
}

#[tokio::test]
async fn the_report_can_be_read_as_it_was_written() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Pass).await;
    world.keep("r1", &content().sealed());
    let answer = world.get("/runs/r1/report").await;
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.body, std::fs::read(world.runs().join("r1/report.md")).unwrap());
}

#[tokio::test]
async fn a_large_file_comes_whole() {
    let world = World::new().await;
    let mut gated = content().sealed();
    gated.receipt.artifacts.push(t5_gate::receipt::Artifact {
        path: "large.ndjson".to_owned(),
        what: "what a tool wrote".to_owned(),
        sha256: "0".repeat(64),
        bytes: 3_000_001,
    });
    world.enqueue(pull("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Pass).await;
    world.keep("r1", &gated);
    let large: Vec<u8> = (0..3_000_001_u32).map(|at| (at % 251) as u8).collect();
    std::fs::write(world.runs().join("r1/large.ndjson"), &large).unwrap();
    assert_eq!(world.get("/runs/r1/files/large.ndjson").await.body, large);
    let head = world.send(request(Method::HEAD, "/runs/r1/files/large.ndjson")).await;
    assert_eq!((head.body.len(), head.header("content-length")), (0, "3000001"));
}

#[tokio::test]
async fn nothing_but_a_runs_own_files_is_given_out() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Pass).await;
    let mut gated = content().sealed();
    for path in ["../../t5.db", "link.json", ".hidden", "sub/file"] {
        let artifact = t5_gate::receipt::Artifact {
            path: path.to_owned(),
            what: String::new(),
            sha256: String::new(),
            bytes: 1,
        };
        gated.receipt.artifacts.push(artifact);
    }
    world.keep("r1", &gated);
    let folder = world.runs().join("r1");
    std::fs::write(folder.join("notes.txt"), "not listed").unwrap();
    std::fs::write(folder.join(".hidden"), "hidden").unwrap();
    symlink(world.folder.path().join("badge-secret"), folder.join("link.json")).unwrap();
    for name in [
        "notes.txt",
        "link.json",
        ".hidden",
        "..%2F..%2Ft5.db",
        "..",
        "%2e%2e",
        "sub%2Ffile",
        "receipt.json%00",
        "no-such.json",
    ] {
        let answer = world.get(&format!("/runs/r1/files/{name}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
    }
    for run in ["none", "..", "..%2Fapp", "%2e%2e%2fapp"] {
        for rest in ["", "/report", "/files/id"] {
            let answer = world.get(&format!("/runs/{run}{rest}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{run}{rest}");
        }
    }
}

#[tokio::test]
async fn a_run_whose_files_were_dropped_still_says_what_it_came_to() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Inconclusive).await;
    let page = world.page("/runs/r1").await;
    assert!(page.contains("inconclusive") && page.contains("not kept here any more"), "{page}");
    assert_eq!(world.get("/runs/r1/report").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_that_a_stranger_names_becomes_markup() {
    let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'";
    let world = World::new().await;
    let mut job = pull("j1", 7, 'a');
    job.subject = Subject::Branch(evil.to_owned());
    job.base_ref = evil.to_owned();
    job.repo.name = evil.to_owned();
    job.asked.by = evil.to_owned();
    job.asked.how = evil.to_owned();
    job.trust =
        Trust::Stranger { risks: vec![evil.to_owned()], approved_by: Some(evil.to_owned()) };
    job.scope = t5_gate::queue::Scope::Bench(vec![evil.to_owned()]);
    world.enqueue(job).await;
    world.judge("r1", Outcome::Fail).await;
    let mut gated = content();
    let mut finding = advisory(t5_gate::policy::FindingState::Introduced);
    finding.why = evil.to_owned();
    gated = gated.finding(finding);
    gated.receipt.subject.head.subject = evil.to_owned();
    gated.receipt.artifacts.push(t5_gate::receipt::Artifact {
        path: "receipt.json.sha256".to_owned(),
        what: evil.to_owned(),
        sha256: evil.to_owned(),
        bytes: 1,
    });
    world.keep("r1", &gated);
    std::fs::write(world.runs().join("r1/report.md"), evil).unwrap();
    for address in ["/", "/jobs/j1", "/runs/r1"] {
        let page = world.page(address).await;
        assert!(page.contains("alert(1)"), "it is shown: {address}");
        assert!(!page.contains("<script") && !page.contains("<img src=x"), "{address}: {page}");
        assert!(!page.contains("\">&lt;script") && !page.contains("\"><script"), "{address}");
    }
}

#[tokio::test]
async fn search_engines_are_kept_from_addresses_that_are_secrets() {
    let world = World::new().await;
    let robots = world.page("/robots.txt").await;
    assert!(robots.contains("Disallow: /jobs/") && robots.contains("Disallow: /runs/"));
    assert!(world.page("/").await.contains("name=\"robots\" content=\"noindex\""));
}

#[tokio::test]
async fn a_wrong_address_is_answered_kindly() {
    let world = World::new().await;
    let answer = world.get("/wp-admin.php").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text().contains("<h1>Nothing here</h1>"));
    let answer = world.send(request(Method::POST, "/")).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_first_page_says_how_far_the_code_of_changes_is_kept_apart() {
    let page = World::new().await.page("/").await;
    assert!(page.contains("Isolation of the code of changes: <code>full</code>"), "{page}");
    assert!(page.contains("A stranger’s waits for an approval."), "{page}");
}
