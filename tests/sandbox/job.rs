//! One command that is not ours.

use std::time::Duration;

use t5_gate::sandbox::{Cancel, Ended, Finished, Job};

fn shell(script: &str) -> Job {
    Job::new("/bin/sh", "/").args(["-c", script]).env("PATH", "/usr/bin:/bin")
}

async fn run(job: Job) -> Finished {
    job.run(&Cancel::default()).await.unwrap()
}

#[tokio::test]
async fn a_job_sees_its_own_environment_and_nothing_else() {
    let finished = run(shell("env").env("ONE", "1")).await;
    let text = finished.stdout_text();
    let mut names: Vec<&str> = text.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ONE", "PATH", "PWD", "T5_JOB"]);
}

#[tokio::test]
async fn a_job_reads_nothing_and_says_how_it_ended() {
    assert_eq!(run(shell("cat; exit 7")).await.ended, Ended::Exited(7));
    assert_eq!(run(shell("kill -SEGV $$")).await.ended, Ended::Signaled(11));
}

#[tokio::test]
async fn a_slow_job_ends_at_its_wall_time_with_all_its_children() {
    let mut job = shell("setsid sh -c 'exec sleep 86397' & sleep 86398");
    job.wall = Duration::from_millis(300);
    assert_eq!(run(job).await.ended, Ended::WallTime);
    let ps = run(shell("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '")).await;
    for left in ["sleep 86397", "sleep 86398"] {
        assert!(!ps.stdout_text().contains(left), "{}", ps.stdout_text());
    }
}

#[tokio::test]
async fn a_process_left_behind_does_not_outlive_a_job_that_ends_well() {
    let mut job = shell("setsid sleep 86396 & echo started");
    job.wall = Duration::from_secs(30);
    let finished = run(job).await;
    assert!(finished.success(), "its open pipes hold the job up: {:?}", finished.ended);
    let ps = run(shell("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '")).await;
    assert!(!ps.stdout_text().contains("sleep 86396"));
}

#[tokio::test]
async fn a_talkative_job_is_cut_off_and_what_it_said_first_is_kept() {
    let mut job = shell("echo first; yes");
    job.output = 1 << 20;
    let finished = run(job).await;
    assert_eq!(finished.ended, Ended::Output);
    assert_eq!(finished.stdout.len(), 1 << 20);
    assert!(finished.stdout_text().starts_with("first\ny\n"));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error_with_its_name() {
    let error = Job::new("/no/such/program", "/").run(&Cancel::default()).await.unwrap_err();
    assert!(error.to_string().contains("/no/such/program"), "{error}");
}

#[tokio::test]
async fn a_job_can_be_pinned_to_one_core() {
    let mut job = shell("nproc");
    job.core = Some(0);
    assert_eq!(run(job).await.stdout_text().trim(), "1");
}

#[tokio::test]
async fn lines_are_heard_as_they_come() {
    let (tell, heard) = std::sync::mpsc::channel();
    let job = shell("echo one >&2; echo two >&2").on_line(move |line| {
        let _ = tell.send(line.to_owned());
    });
    run(job).await;
    assert_eq!(heard.iter().take(2).collect::<Vec<_>>(), ["one", "two"]);
}
