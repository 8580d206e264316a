//! What a job in the sandbox sees, and what it cannot do.

use std::{path::Path, time::Duration};

use t5_gate::sandbox::{
    Cancel, Collect, Ended, Finished, Grant, Isolation, Job, Limits, Sandbox, Wish,
};

const T5: &str = env!("CARGO_BIN_EXE_t5");

async fn sandbox(level: Isolation) -> Sandbox {
    Sandbox::find(Wish::Only(level), Path::new(T5), None).await.unwrap()
}

fn grant(scratch: &Path) -> Grant {
    Grant::nothing(scratch, Limits::of_measurement(4 << 30, 60))
}

fn shell(script: &str) -> Job {
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
        let sandbox = sandbox(level).await;
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
    let sandbox = sandbox(Isolation::Full).await;
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
        let sandbox = sandbox(level).await;
        let scratch = tempfile::tempdir().unwrap();
        sandbox.give(scratch.path()).unwrap();
        let mut session = sandbox.session(grant(scratch.path()));
        let here = scratch.path().display();
        let collect = Collect {
            folder: scratch.path().display().to_string(),
            names: vec!["wanted".to_owned()],
            file: 8,
            files: 10,
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
