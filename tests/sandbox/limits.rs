//! How much a job can take, and what is left of it.

use std::{fs, path::Path, time::Duration};

use t5_gate::sandbox::{
    Cancel, Ended, Finished, Grant, Isolation, Job, Limits, Sandbox, UsageSource,
};

use super::walls::{grant, sandbox, shell};
use crate::support::{hanging::processes_of, not_run::needs};

const CGROUP: &str = "run as root, or let systemd delegate control groups (systemd-run --user --scope -p Delegate=yes)";

/// Whether control groups limit this, or the test is listed as not run.
fn grouped(sandbox: &Sandbox, what: &str, test: &str) -> bool {
    let limits = sandbox.layers().iter().any(|layer| layer.contains(&format!("{what} by cgroup")));
    limits || needs(test, &["false"], CGROUP)
}

async fn run(sandbox: &Sandbox, grant: &Grant, job: &Job) -> Finished {
    sandbox.run(job, grant, &Cancel::default()).await.unwrap()
}

fn small(scratch: &Path) -> Grant {
    let mut grant = grant(scratch);
    grant.limits = Limits { memory: 64 << 20, processes: 32, scratch: 16 << 20, ..grant.limits };
    grant
}

#[tokio::test]
async fn a_job_that_takes_too_much_memory_is_ended_and_the_next_one_runs() {
    let name = "a_job_that_takes_too_much_memory_is_ended_and_the_next_one_runs";
    let Some(sandbox) = sandbox(Isolation::Full, name).await else { return };
    if !grouped(&sandbox, "memory", name) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    sandbox.give(scratch.path()).unwrap();
    let mut session = sandbox.session(small(scratch.path()));
    let hog = shell("exec tail /dev/zero");
    let hog = session.run(&hog, None, &Cancel::default()).await.unwrap();
    assert_eq!(hog.ended, Ended::Memory, "{}", hog.stderr_text());
    let next = session.run(&shell("echo here"), None, &Cancel::default()).await.unwrap();
    assert_eq!(next.stdout_text(), "here\n");
}

#[tokio::test]
async fn processes_are_counted_over_the_whole_job() {
    let name = "processes_are_counted_over_the_whole_job";
    let Some(sandbox) = sandbox(Isolation::Full, name).await else { return };
    if !grouped(&sandbox, "processes", name) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    sandbox.give(scratch.path()).unwrap();
    let many = shell("i=0; while [ $i -lt 200 ]; do sleep 86390 & i=$((i+1)); done; echo all");
    let many = run(&sandbox, &small(scratch.path()), &many).await;
    assert!(!many.success(), "{}", many.stdout_text());
    assert!(many.stderr_text().to_lowercase().contains("fork"), "{}", many.stderr_text());
    assert_eq!(processes_of("86390"), 0, "none of them is left");
}

#[tokio::test]
async fn temporary_files_have_a_size_and_a_folder_that_is_shared_is_watched() {
    let Some(sandbox) = sandbox(Isolation::Full, "files").await else { return };
    let (scratch, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&scratch, &shared] {
        sandbox.give(folder.path()).unwrap();
    }
    let mut grant = small(scratch.path()).writing([shared.path()]);
    grant.limits.memory = 1 << 30;
    grant.limits.disk = 32 << 20;
    let fill = |folder: &Path| {
        shell(&format!("exec dd if=/dev/zero of={}/big bs=1M count=20", folder.display()))
    };
    let temporary = run(&sandbox, &grant, &fill(scratch.path())).await;
    assert!(temporary.stderr_text().contains("No space left"), "{}", temporary.stderr_text());
    // Less than it may, then as much as there is until somebody looks.
    assert!(run(&sandbox, &grant, &fill(shared.path())).await.success());
    let on = shell(&format!(
        "while dd if=/dev/zero of={0}/big bs=1M count=4 oflag=append conv=notrunc 2>/dev/null; do :; done",
        shared.path().display()
    ));
    assert_eq!(run(&sandbox, &grant, &on).await.ended, Ended::Disk);
    let size = fs::metadata(shared.path().join("big")).unwrap().len();
    assert!(size > 32 << 20, "{size}");
}

#[tokio::test]
async fn what_a_job_leaves_running_ends_with_it_even_without_its_mark() {
    let Some(sandbox) = sandbox(Isolation::Full, "left").await else { return };
    let scratch = tempfile::tempdir().unwrap();
    sandbox.give(scratch.path()).unwrap();
    let leaves = shell("env -i setsid sh -c 'exec sleep 86388' & echo started");
    let finished = run(&sandbox, &grant(scratch.path()), &leaves).await;
    assert_eq!(finished.stdout_text(), "started\n");
    assert_eq!(processes_of("86388"), 0);
}

#[tokio::test]
async fn a_job_that_is_stopped_ends_with_all_that_it_started() {
    for level in Isolation::ALL {
        let Some(sandbox) = sandbox(level, "stopped").await else { return };
        let scratch = tempfile::tempdir().unwrap();
        sandbox.give(scratch.path()).unwrap();
        let (cancel, heard) = (Cancel::default(), Cancel::default());
        let tell = heard.clone();
        let job = shell("setsid sleep 86387 & echo started >&2; sleep 86386")
            .on_line(move |_| tell.stop());
        let grant = grant(scratch.path());
        let (finished, ()) = tokio::join!(sandbox.run(&job, &grant, &cancel), async {
            heard.wait().await;
            cancel.stop();
        });
        assert_eq!(finished.unwrap().ended, Ended::Cancelled, "{level:?}");
        assert_eq!(processes_of("86386") + processes_of("86387"), 0, "{level:?}");
    }
}

#[tokio::test]
async fn processor_time_is_counted_by_somebody_who_is_not_the_job() {
    for level in Isolation::ALL {
        let Some(sandbox) = sandbox(level, "counted").await else { return };
        let scratch = tempfile::tempdir().unwrap();
        sandbox.give(scratch.path()).unwrap();
        // A child that its parent never waits for hides from whoever waits, not from a group.
        let work = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let finished = run(&sandbox, &grant(scratch.path()), &shell(work)).await;
        let usage = finished.usage.unwrap();
        assert_eq!(usage.source, sandbox.usage_source());
        assert!(usage.cpu > Duration::from_millis(5), "{usage:?}");
        assert!(usage.cpu < finished.wall * 3, "{usage:?} in {:?}", finished.wall);
        if usage.source == UsageSource::Cgroup {
            assert!(usage.peak_memory.unwrap() > 100 << 10, "{usage:?}");
        }
    }
}
