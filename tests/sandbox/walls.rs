//! What a job in the sandbox sees, and what it cannot do.

use std::{fs, path::Path, time::Duration};

use crate::support::not_run::needs;
use t5_gate::sandbox::{
    Cancel, Collect, Ended, Finished, Grant, Isolation, Job, Limits, Sandbox, Wish,
};

const T5: &str = env!("CARGO_BIN_EXE_t5");

/// A level of isolation; without bubblewrap the test is listed as not run.
pub(super) async fn sandbox(level: Isolation, what: &str) -> Option<Sandbox> {
    if level == Isolation::Full
        && !needs(what, &["bwrap", "--version"], "apt-get install -y bubblewrap")
    {
        return None;
    }
    Some(Sandbox::find(Wish::Only(level), Path::new(T5), None).await.unwrap())
}

pub(super) fn grant(scratch: &Path) -> Grant {
    Grant::nothing(scratch, Limits::of_measurement(4 << 30, 60))
}

pub(super) fn shell(script: &str) -> Job {
    Job::new("/bin/sh", "/").args(["-c", script]).env("PATH", "/usr/bin:/bin")
}

async fn run(sandbox: &Sandbox, script: &str) -> Finished {
    let scratch = tempfile::tempdir().unwrap();
    sandbox.give(scratch.path()).unwrap();
    sandbox.run(&shell(script), &grant(scratch.path()), &Cancel::default()).await.unwrap()
}

#[tokio::test]
async fn a_program_says_how_it_ended_and_what_it_said_at_every_level() {
    for level in Isolation::ALL {
        let Some(sandbox) = sandbox(level, "levels").await else { return };
        let finished = run(&sandbox, "echo out; echo err >&2; exit 7").await;
        assert_eq!(finished.ended, Ended::Exited(7), "{level:?}: {}", finished.stderr_text());
        assert_eq!(finished.stdout_text(), "out\n");
        assert_eq!(finished.stderr_text(), "err\n");
        assert!(finished.usage.is_some());
        assert_eq!(run(&sandbox, "kill -SEGV $$").await.ended, Ended::Signaled(11), "{level:?}");
    }
}

#[tokio::test]
async fn in_full_isolation_there_is_nobody_else_and_nothing_but_the_system() {
    let Some(sandbox) = sandbox(Isolation::Full, "walls").await else { return };
    let seen = |script: &'static str| run(&sandbox, script);
    let text = |finished: Finished| finished.stdout_text().trim().to_owned();
    assert_ne!(text(seen("id -u").await), "0");
    // The helper and the shell.
    assert_eq!(text(seen("set -- /proc/[0-9]*; echo $#").await), "2");
    assert_eq!(text(seen("tail -n +3 /proc/net/dev | cut -d: -f1").await), "lo");
    assert_eq!(text(seen("grep CapEff /proc/self/status | cut -f2").await), "0000000000000000");
    assert_eq!(text(seen("grep NoNewPrivs /proc/self/status | cut -f2").await), "1");
    assert_eq!(text(seen("grep Seccomp: /proc/self/status | cut -f2").await), "2");
    for (what, said) in [
        ("touch /x", "Read-only"),
        ("touch /usr/x", "Read-only"),
        ("ls /root", "No such file"),
        ("ls /home", "No such file"),
        ("ls /proc/1/fd", "Permission denied"),
        ("cat /proc/1/environ", "Permission denied"),
        ("unshare --user true", "unshare failed"),
        ("cat /etc/passwd", "No such file"),
    ] {
        let finished = run(&sandbox, what).await;
        assert!(!finished.success(), "{what}");
        assert!(finished.stderr_text().contains(said), "{what}: {}", finished.stderr_text());
    }
}

#[tokio::test]
async fn a_session_runs_program_after_program_and_wipes_between_them() {
    for level in Isolation::ALL {
        let Some(sandbox) = sandbox(level, "levels").await else { return };
        let scratch = tempfile::tempdir().unwrap();
        sandbox.give(scratch.path()).unwrap();
        let mut session = sandbox.session(grant(scratch.path()));
        let here = scratch.path().display();
        let collect = Collect {
            folder: scratch.path().display().to_string(),
            names: vec!["wanted".to_owned()],
            file: 8,
            files: 10,
            total: 64,
            depth: 3,
        };
        let job = shell(&format!(
            "cd {here} && mkdir -p a/b && echo hi > a/b/wanted && echo 0123456789 > wanted && echo no > other; ls"
        ));
        let first = session.run(&job, Some(&collect), &Cancel::default()).await.unwrap();
        assert_eq!(first.ended, Ended::Exited(0), "{level:?} {}", first.stderr_text());
        let mut files = first.files.clone();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let files: Vec<_> =
            files.iter().map(|file| (file.path.to_str().unwrap(), file.bytes.as_deref())).collect();
        assert_eq!(files, [("a/b/wanted", Some(&b"hi\n"[..])), ("wanted", None)]);
        let second =
            session.run(&shell(&format!("ls {here}")), None, &Cancel::default()).await.unwrap();
        assert_eq!(second.stdout_text(), "", "{level:?}");
        let mut slow = shell("sleep 1000");
        slow.wall = Duration::from_millis(300);
        let slow = session.run(&slow, None, &Cancel::default()).await.unwrap();
        assert_eq!(slow.ended, Ended::WallTime);
        let third = session.run(&shell("echo again"), None, &Cancel::default()).await.unwrap();
        assert_eq!(third.stdout_text(), "again\n");
    }
}

#[tokio::test]
async fn a_job_sees_a_folder_where_it_is_shown_and_changes_none_that_it_may_only_read() {
    let Some(sandbox) = sandbox(Isolation::Full, "shown").await else { return };
    let [scratch, here, there, mine] = [(); 4].map(|()| tempfile::tempdir().unwrap());
    for folder in [&scratch, &mine] {
        sandbox.give(folder.path()).unwrap();
    }
    fs::write(here.path().join("text"), "here").unwrap();
    fs::write(there.path().join("text"), "there").unwrap();
    let grant = grant(scratch.path())
        .reading([here.path()])
        .showing(here.path(), there.path())
        .writing([mine.path()]);
    let job = shell(&format!(
        "cat {there}/text; echo x > {mine}/new && echo x > {here}/new",
        there = there.path().display(),
        mine = mine.path().display(),
        here = here.path().display()
    ));
    let finished = sandbox.run(&job, &grant, &Cancel::default()).await.unwrap();
    assert_eq!(finished.stdout_text(), "here");
    assert!(finished.stderr_text().contains("Read-only"), "{}", finished.stderr_text());
    assert_eq!(fs::read_to_string(mine.path().join("new")).unwrap(), "x\n");
    assert!(!here.path().join("new").exists());
}

#[tokio::test]
async fn a_landlocked_job_changes_nothing_but_what_it_is_granted_and_reads_no_home() {
    let Some(sandbox) = sandbox(Isolation::Landlock, "landlock").await else { return };
    let [scratch, home] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    fs::write(home.path().join("key"), "secret").unwrap();
    let job = shell(&format!(
        "cat {home}/key; echo x > {home}/new; echo x > {scratch}/new && cat {scratch}/new",
        home = home.path().display(),
        scratch = scratch.path().display()
    ));
    let finished = sandbox.run(&job, &grant(scratch.path()), &Cancel::default()).await.unwrap();
    assert_eq!(finished.stdout_text(), "x\n", "{}", finished.stderr_text());
    assert!(!home.path().join("new").exists());
}

#[tokio::test]
async fn an_isolation_that_is_not_there_is_said_with_the_next_step() {
    // A helper that is none: nothing can be entered with it.
    let found = Sandbox::find(Wish::Only(Isolation::Landlock), Path::new("/bin/false"), None).await;
    let said = found.unwrap_err().to_string();
    assert!(said.contains("«landlock» is not available here") && said.contains("Next:"), "{said}");
}

#[tokio::test]
async fn files_are_taken_up_to_a_limit_of_all_together() {
    let Some(sandbox) = sandbox(Isolation::Full, "taken").await else { return };
    let scratch = tempfile::tempdir().unwrap();
    sandbox.give(scratch.path()).unwrap();
    let here = scratch.path().display();
    let job = shell(&format!(
        "cd {here} && for d in a b c d; do mkdir $d && printf '%30s' x >$d/wanted; done"
    ));
    let collect = Collect {
        folder: here.to_string(),
        names: vec!["wanted".to_owned()],
        file: 40,
        files: 10,
        total: 64,
        depth: 1,
    };
    let grant = grant(scratch.path());
    let cancel = Cancel::default();
    let finished = sandbox.run_and_collect(&job, &grant, &collect, &cancel).await.unwrap();
    let taken = finished.files.iter().filter(|file| file.bytes.is_some()).count();
    assert_eq!((finished.files.len(), taken), (4, 2));
}
