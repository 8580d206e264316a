//! The way in: joins control groups, lets go of everything inherited, becomes another user, and
//! turns into the next program.
//!
//! This happens in a process of our own, between the supervisor's fork and the program that puts
//! up namespaces, so that the supervisor needs no code between fork and exec.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::Command,
};

use super::mark::MARK;

/// How much sooner than others a job ends where memory runs out (−1000 to 1000).
const OOM_SCORE: &str = "500";

/// What is to be done on the way in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Folders of control groups to join.
    pub(super) cgroups: Vec<PathBuf>,
    /// What the next program carries, so that a later `t5` knows whose it was.
    pub(super) mark: Option<String>,
    /// The user and group to become.
    pub(super) uid: Option<u32>,
    /// The program to turn into, and its arguments.
    pub(super) then: Vec<OsString>,
}

impl Entry {
    /// As arguments: `--cgroup DIR … --uid N -- PROGRAM ARGS…`.
    pub(super) fn into_args(self) -> Vec<OsString> {
        let mut args = Vec::new();
        for cgroup in self.cgroups {
            args.extend(["--cgroup".into(), cgroup.into_os_string()]);
        }
        if let Some(mark) = self.mark {
            args.extend(["--mark".into(), mark.into()]);
        }
        if let Some(uid) = self.uid {
            args.extend(["--uid".into(), uid.to_string().into()]);
        }
        args.push("--".into());
        args.extend(self.then);
        args
    }

    pub(super) fn from_args(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut entry = Self::default();
        loop {
            match args.next()?.to_str()? {
                "--cgroup" => entry.cgroups.push(args.next()?.into()),
                "--mark" => entry.mark = Some(args.next()?.into_string().ok()?),
                "--uid" => entry.uid = Some(args.next()?.to_str()?.parse().ok()?),
                "--" => break,
                _ => return None,
            }
        }
        entry.then = args.collect();
        (!entry.then.is_empty()).then_some(entry)
    }
}

/// Enters. Returns only if that failed.
pub(super) fn enter(entry: &Entry) -> io::Error {
    for cgroup in &entry.cgroups {
        // `0` is whoever writes it.
        if let Err(error) = fs::write(cgroup.join("cgroup.procs"), "0") {
            return named(&error, cgroup.as_os_str());
        }
    }
    // Where memory runs out beyond the job's own limit, the kernel takes the job first. Raising this
    // is everybody's right, and a job under a stricter rule needs it no less.
    let _ = fs::write("/proc/self/oom_score_adj", OOM_SCORE);
    if let Err(error) = let_go() {
        return error;
    }
    let Some((program, args)) = entry.then.split_first() else {
        return io::Error::other("nothing to turn into");
    };
    let mut command = Command::new(program);
    command.args(args).env_clear();
    if let Some(mark) = &entry.mark {
        command.env(MARK, mark);
    }
    if let Some(uid) = entry.uid {
        // Becoming another user also gives up root's supplementary groups.
        command.gid(uid).uid(uid);
    }
    named(&command.exec(), program)
}

fn named(error: &io::Error, what: &OsStr) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", what.display()))
}

/// Closes every descriptor but the standard three: one that our own parent left open by mistake
/// would otherwise be open to a stranger's code.
fn let_go() -> io::Result<()> {
    let open = fs::read_dir("/proc/self/fd")?;
    let numbers: Vec<i32> = open
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|number| *number > 2)
        .collect();
    for number in numbers {
        // One of them was the folder that was just read, and is closed already.
        let _ = nix::unistd::close(number);
    }
    Ok(())
}
