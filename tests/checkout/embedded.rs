//! From a leased job to files on the server, or to nothing at all.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use t5_gate::{
    queue::{CoordinatorError, Heard, Phase, Scope, Subject, Trust, Work},
    receipt,
    runner::embedded::Worked,
    sandbox::Cancel,
    verdict::Outcome,
};
use tokio::sync::Notify;

use super::{
    fake::{Fake, runner, signer, work},
    place::Place,
};
use crate::support::{
    bench_double::{crate_with, source},
    hanging::{hanging, processes_of},
    repository::Repository,
    t5::plain,
};

/// Pull request 12 of a small crate, which edits it so; gives head and base.
fn changed(edit: impl FnOnce(&Repository)) -> (Place, String, String) {
    let repository = crate_with(&[("add/64", 100.0), ("mul", 250.0)]);
    let base = repository.commit("Begin");
    edit(&repository);
    let head = repository.commit("Change");
    let place = Place::with(repository);
    place.put(&base, "refs/heads/main");
    place.put(&head, "refs/pull/12/head");
    (place, head, base)
}

fn slower(repository: &Repository) {
    repository.write("benches/speed.rs", &source(&[("add/64", 120.0), ("mul", 250.0)]));
}

/// Writes what was uploaded into a folder, for `t5 verify`.
fn uploaded(place: &Place, server: &Fake) -> PathBuf {
    let folder = place.repository.beside("uploaded");
    fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in &server.told.lock().unwrap().files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    folder
}

const FINISHED: &str = "job-1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_gated_from_end_to_end() {
    let (place, head, base) = changed(slower);
    let server = Fake::with(Some(work(&place, &head, &base)));

    let worked = runner(&place, &server).work_once(&Cancel::default()).await.unwrap();

    assert_eq!(worked, Worked::Finished(FINISHED.to_owned()));
    let run = server.run();
    assert_eq!(run.outcome, Outcome::Fail);
    assert_eq!((run.head.as_str(), run.base.as_deref()), (&*head, Some(&*base)));
    assert_eq!((run.job.as_str(), run.repo, &run.subject), ("job-1", 7, &Subject::Pull(12)));
    assert!(run.id.len() == 32 && run.id.bytes().all(|c| c.is_ascii_hexdigit()), "{}", run.id);
    let told = server.told.lock().unwrap();
    assert!(told.runs.iter().all(|id| *id == run.id));
    for phase in [Phase::Build, Phase::Measure] {
        assert!(told.progress.iter().any(|heard| heard.phase == phase), "{phase:?} was not heard");
    }
    let cache = place.cache();
    let cache = cache.to_str().unwrap();
    assert!(told.progress.iter().all(|heard| !heard.what.contains(cache)));
    drop(told);

    let folder = uploaded(&place, &server);
    let key = place.repository.beside("key.pub");
    fs::write(&key, signer().public().to_text()).unwrap();
    let verify = plain(&place.repository).arg("verify").arg("--key").arg(key).arg(folder);
    let said = format!("intact, signed by key {}", signer().public().id());
    let verified = verify.end().ends_with(0);
    assert!(verified.out.contains(&said), "{}", verified.out);
    let facts = receipt::decode(server.text("receipt.json").as_bytes()).unwrap();
    assert_eq!(facts.run.command, format!("t5 run --base {base} --head {head}"));
    assert_eq!(facts.subject.chosen, "pull request #12 against main");
    assert_eq!(run.rules, receipt::digest(&serde_json::to_vec(&facts.rules).unwrap()));
    let pairs = facts.perf.unwrap().pairs;
    let at: Vec<_> = pairs.iter().map(|pair| pair.source.clone().unwrap()).collect();
    let line = 1 + place
        .repository
        .git(&["show", &format!("{head}:benches/speed.rs")])
        .lines()
        .position(|line| line.contains("\"mul\""))
        .unwrap();
    assert_eq!(at[1].file, "benches/speed.rs");
    assert_eq!(at[1].line as usize, line);
    assert!(server.text("report.md").contains("add/64"));
    assert!(!place.scratch().join(&run.id).exists(), "the server has it all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_alone_is_gated_and_its_rules_are_those_of_the_whole() {
    let (place, head, base) = changed(|repository| {
        repository.edit("benches/speed.rs", "a known id", "an id that is known");
    });
    let scoped = |scope| {
        let mut work = work(&place, &head, &base);
        work.job.job.scope = scope;
        Fake::with(Some(work))
    };
    let policy = scoped(Scope::Policy);
    runner(&place, &policy).work_once(&Cancel::default()).await.unwrap();
    let facts = receipt::decode(policy.text("receipt.json").as_bytes()).unwrap();
    assert!(facts.policy.is_some() && facts.perf.is_none());
    assert!(facts.run.command.ends_with("--only policy"), "{}", facts.run.command);

    let bench = scoped(Scope::Bench(vec!["it's add".to_owned(), "add".to_owned()]));
    *bench.stumble.lock().unwrap() = 2;
    runner(&place, &bench).work_once(&Cancel::default()).await.unwrap();
    let facts = receipt::decode(bench.text("receipt.json").as_bytes()).unwrap();
    let command = &facts.run.command;
    assert!(command.ends_with(r"--only bench --bench 'it'\''s add' --bench add"), "{command}");
    let ids: Vec<_> = facts.perf.unwrap().pairs.into_iter().map(|pair| pair.bench.id).collect();
    assert_eq!(ids, ["add/64"]);

    assert_eq!(policy.run().rules, bench.run().rules, "so the two can be put together");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkouts_outlive_the_mirror_that_they_were_made_from() {
    let (place, head, base) = changed(|repository| {
        repository.write("src/lib.rs", "//! Changed.\n").write("src/more.rs", "// More.\n");
    });
    place.repository.git(&["reset", "--quiet", "--hard", &base]);
    let newer = place.repository.write("src/lib.rs", "//! Changed again.\n").commit("Again");
    for (head, anew) in [(&head, false), (&newer, true)] {
        if anew {
            fs::remove_dir_all(place.cache().join("mirrors/7.git")).unwrap();
            place.put(head, "refs/pull/12/head");
        }
        let mut work = work(&place, head, &base);
        work.job.job.scope = Scope::Policy;
        let server = Fake::with(Some(work));
        runner(&place, &server).work_once(&Cancel::default()).await.unwrap();
        assert_eq!(server.run().head, **head);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_fetched_while_another_run_has_the_host() {
    let (place, head, base) = changed(|repository| {
        repository.write("src/lib.rs", "//! Changed.\n");
    });
    let mut work = work(&place, &head, &base);
    work.job.job.scope = Scope::Policy;
    let server = Fake::with(Some(work));
    let held = fs::File::create(place.repository.beside("lock")).unwrap();
    held.lock().unwrap();
    let runner = runner(&place, &server);
    let working = tokio::spawn(async move { runner.work_once(&Cancel::default()).await });
    let waits = |what: &str| what.contains("waiting for another t5 that holds this host");
    while !server.told.lock().unwrap().progress.iter().any(|heard| waits(&heard.what)) {
        assert!(!working.is_finished(), "it did not wait");
        tokio::task::yield_now().await;
    }
    assert_eq!(place.server.asked(), Vec::<String>::new());

    held.unlock().unwrap();
    working.await.unwrap().unwrap();
    server.run();
    assert!(!place.server.asked().is_empty());
}

/// A pull request whose benchmark hangs, and the file that says that it does.
fn hangs(seconds: u32) -> (Place, Work, PathBuf) {
    let mut started = PathBuf::new();
    let (place, head, base) = changed(|repository| started = hanging(repository, seconds));
    let mut work = work(&place, &head, &base);
    work.job.job.scope = Scope::Bench(Vec::new());
    (place, work, started)
}

#[track_caller]
fn nothing_was_given_back(server: &Fake) {
    let told = server.told.lock().unwrap();
    assert!(told.files.is_empty() && told.finished.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_the_server_wants_stopped_is_killed_with_all_it_started() {
    let (place, work, started) = hangs(86_381);
    let server = Fake::hearing(Some(work), move || {
        let stop = started.exists();
        Ok(if stop { Heard::Stop("a newer head".to_owned()) } else { Heard::Continue })
    });

    let worked = runner(&place, &server).work_once(&Cancel::default()).await.unwrap();

    assert_eq!(worked, Worked::Stopped("job-1".to_owned()));
    assert_eq!(processes_of("86381"), 0);
    nothing_was_given_back(&server);
    assert_eq!(server.told.lock().unwrap().handed_back, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_hands_the_job_back() {
    let (place, work, started) = hangs(86_382);
    let shutdown = Cancel::default();
    let stop = shutdown.clone();
    let server = Fake::hearing(Some(work), move || {
        if started.exists() {
            stop.stop();
        }
        Ok(Heard::Continue)
    });

    let worked = runner(&place, &server).work_once(&shutdown).await.unwrap();

    assert_eq!(worked, Worked::HandedBack("job-1".to_owned()));
    assert_eq!(processes_of("86382"), 0);
    nothing_was_given_back(&server);
    assert_eq!(server.told.lock().unwrap().handed_back, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runner_that_cannot_reach_the_server_stops_when_its_lease_must_be_over() {
    let (place, work, started) = hangs(86_383);
    let server = Fake::hearing(Some(work), move || {
        if started.exists() {
            return Err(CoordinatorError { what: "hear", why: "no route".to_owned() });
        }
        Ok(Heard::Continue)
    });
    let mut runner = runner(&place, &server);
    runner.lease = Duration::from_secs(3);

    let worked = runner.work_once(&Cancel::default()).await.unwrap();

    assert_eq!(worked, Worked::Stopped("job-1".to_owned()));
    assert_eq!(processes_of("86383"), 0);
    nothing_was_given_back(&server);
}

#[tokio::test]
async fn a_strangers_head_is_refused_before_anything_is_fetched() {
    let (place, head, base) = changed(slower);
    for approved_by in [None, Some("ada".to_owned())] {
        let mut work = work(&place, &head, &base);
        work.job.job.trust = Trust::Stranger { risks: Vec::new(), approved_by };
        let server = Fake::with(Some(work));

        runner(&place, &server).work_once(&Cancel::default()).await.unwrap();

        let said = server.error();
        assert!(said.contains("has no sandbox that could hold such code"), "{said}");
        assert!(said.contains("`t5 doctor`"), "{said}");
    }
    assert_eq!(place.server.asked(), Vec::<String>::new());
    assert!(!place.cache().exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_names_no_folder_of_this_machine() {
    let (place, head, base) = changed(|repository| {
        repository.remove("Cargo.lock");
    });
    let gone = "0123456789abcdef0123456789abcdef01234567";
    for (head, expected) in [(head.as_str(), "has no Cargo.lock"), (gone, "is no longer there")] {
        let server = Fake::with(Some(work(&place, head, &base)));
        let worked = runner(&place, &server).work_once(&Cancel::default()).await.unwrap();
        assert_eq!(worked, Worked::Finished("job-1".to_owned()), "the server was told why");
        let said = server.error();
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains(place.cache().to_str().unwrap()), "{said}");
    }

    let server = Fake::with(Some(work(&place, &head, &base)));
    let mut blocked = runner(&place, &server);
    blocked.cache = place.repository.beside("a file");
    fs::write(&blocked.cache, "no folder").unwrap();
    blocked.work_once(&Cancel::default()).await.unwrap();
    let said = server.error();
    assert!(said.contains("cannot use <cache>/mirrors/7.lock"), "{said}");
}

#[tokio::test]
async fn a_runner_waits_to_be_woken_and_ends_at_a_shutdown() {
    let (place, head, base) = changed(slower);
    let mut work = work(&place, &head, &base);
    work.job.job.trust = Trust::Stranger { risks: Vec::new(), approved_by: None };
    let server = Fake::with(None);
    let (shutdown, wake) = (Cancel::default(), Arc::new(Notify::new()));
    let serving = tokio::spawn(runner(&place, &server).serve(shutdown.clone(), Arc::clone(&wake)));

    *server.next.lock().unwrap() = Some(work);
    wake.notify_one();
    while server.told.lock().unwrap().finished.is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!serving.is_finished());
    shutdown.stop();

    serving.await.unwrap();
}
