//! Limits of the test's own, inside which an attack runs that would otherwise reach beyond the test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::t5::T5;

/// Limits around a `t5`, and what has to be taken down after it.
pub struct Outer {
    command: Vec<String>,
    group: Option<PathBuf>,
}

/// Where memory and processes are limited: version 1 has a tree for each, version 2 one for all.
const GROUPS: &[(&str, &str, &str)] = &[
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory"),
    ("/sys/fs/cgroup/pids", "pids.max", "pids"),
    ("/sys/fs/cgroup", "memory.max", "memory"),
    ("/sys/fs/cgroup", "pids.max", "pids"),
];

/// The start of a command line that makes namespaces, whoever runs it: the user stays the same, and
/// who is not root gets one of his own, with these flags.
fn namespaces(flags: &[&str], of_user: &[&str]) -> Vec<String> {
    let mut command = vec!["unshare"];
    if !rustix::process::geteuid().is_root() {
        command.extend(["--user", "--map-current-user"]);
        command.extend(of_user);
    }
    command.extend(flags);
    command.into_iter().map(str::to_owned).collect()
}

impl Outer {
    /// Nobody inside sees a process outside, so nobody can harm one.
    pub fn processes() -> Self {
        let command = namespaces(&["--pid", "--fork", "--kill-child", "--mount-proc"], &[]);
        Self { command, group: None }
    }

    /// This folder is a disk of its own, of so many MiB.
    pub fn disk(folder: &Path, mebibytes: u32) -> Self {
        let mut command = namespaces(&["--mount", "--propagation", "private"], &["--keep-caps"]);
        let script = format!(
            "mount -t tmpfs -o size={mebibytes}m,mode=1777 t5-arena {folder:?} || exit; \
             exec setpriv --inh-caps=-all --ambient-caps=-all \"$@\""
        );
        command.extend(["/bin/sh", "-c", &script, "sh"].map(str::to_owned));
        Self { command, group: None }
    }

    /// A group that holds no more than this; none where nobody lets us make one.
    pub fn group(what: &str, limit: u64) -> Option<Self> {
        let name = format!("t5-arena-{:016x}", fastrand::u64(..));
        GROUPS.iter().filter(|(.., of)| *of == what).find_map(|(tree, file, _)| {
            let group = Path::new(tree).join(&name);
            fs::create_dir(&group).ok()?;
            let outer = |command| Self { command, group: Some(group.clone()) };
            if fs::write(group.join(file), limit.to_string()).is_err() {
                drop(outer(Vec::new()));
                return None;
            }
            let procs = group.join("cgroup.procs");
            let script = format!("echo $$ >{procs:?} && exec \"$@\"");
            Some(outer(["/bin/sh", "-c", &script, "sh"].map(str::to_owned).to_vec()))
        })
    }

    /// No process inside gets more than this of one thing, as prlimit(1) names it.
    pub fn each(what: &str, limit: u64) -> Self {
        let command = ["prlimit".to_owned(), format!("--{what}={limit}:{limit}"), "--".to_owned()];
        Self { command: command.to_vec(), group: None }
    }

    /// Puts a `t5` inside.
    pub fn around(&self, t5: T5) -> T5 {
        t5.within(&self.command.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        let Some(group) = &self.group else { return };
        // A group goes once its last process is gone.
        super::ears::soon(|| {
            let inside = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
            for pid in inside.lines().filter_map(|line| line.parse().ok()) {
                if let Some(pid) = rustix::process::Pid::from_raw(pid) {
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
                }
            }
            fs::remove_dir(group).is_ok() || !group.exists()
        });
    }
}
