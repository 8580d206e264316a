//! The first wall: bubblewrap's arguments.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::Grant;

/// Where the helper lies inside.
pub(super) const HELPER: &str = "/.t5";
/// Where a root's job finds what it may touch, before it becomes another user.
const STAGE: &str = "/mnt";
/// Where the helper lies on that stage.
pub(super) const STAGED_HELPER: &str = "/mnt/t5";
/// Bytes of `/tmp` and of `/dev/shm` beside the scratch folder.
const SMALL: u64 = 256 << 20;

/// Folders of programs and libraries, besides `/usr`.
const SYSTEM: [&str; 9] = [
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    // How many cores and caches there are.
    "/sys/devices/system/cpu",
];
/// What programs and libraries read of `/etc`.
const ETC: [&str; 5] = [
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
];
/// What a network needs besides.
const NETWORK: [&str; 9] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki",
    "/etc/ca-certificates",
];

/// What every job may read, as far as this host has it.
pub(super) fn system(network: bool) -> Vec<PathBuf> {
    let more: &[&str] = if network { &NETWORK } else { &[] };
    ["/usr"]
        .iter()
        .chain(&SYSTEM)
        .chain(&ETC)
        .chain(more)
        .map(PathBuf::from)
        .filter(|path| fs::symlink_metadata(path).is_ok())
        .collect()
}

/// One mount: what lies outside, and where it lies inside.
#[derive(Clone, Copy)]
struct Mount<'a> {
    from: &'a Path,
    to: &'a Path,
    change: bool,
}

impl Mount<'_> {
    fn how(&self) -> &'static str {
        if self.change { "--bind" } else { "--ro-bind" }
    }
}

/// How a job gets from the supervisor's own view to what it is granted.
pub(super) struct Way<'a> {
    pub(super) program: &'a Path,
    pub(super) helper: &'a Path,
    pub(super) grant: &'a Grant,
    /// Whether [`Way::stage`] runs before.
    pub(super) staged: bool,
}

impl Way<'_> {
    /// The call that puts up all namespaces and turns into the helper; its arguments follow.
    pub(super) fn walls(&self) -> Vec<OsString> {
        let mut call = Call::of(self.program);
        call.words(&["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts"]);
        call.words(&["--unshare-cgroup", "--disable-userns", "--die-with-parent"]);
        call.words(&["--new-session", "--as-pid-1", "--cap-drop", "ALL", "--clearenv"]);
        call.words(&["--hostname", "t5", "--chdir", "/"]);
        if !self.grant.network {
            call.words(&["--unshare-net"]);
        }
        call.words(&["--proc", "/proc", "--dev", "/dev"]);
        call.memory("/dev/shm".as_ref(), SMALL);
        call.memory("/tmp".as_ref(), SMALL);
        for path in system(self.grant.network) {
            call.system(&path);
        }
        // A folder before what lies in it.
        let mut mounts: Vec<(usize, Mount<'_>)> = self.mounts().enumerate().collect();
        mounts.sort_by(|(_, one), (_, other)| one.to.cmp(other.to));
        for (number, mount) in mounts {
            let from = if self.staged { staged(number) } else { mount.from.to_owned() };
            call.mount(mount.how(), &from, mount.to);
        }
        call.memory(&self.grant.scratch, self.grant.limits.scratch);
        let helper = if self.staged { Path::new(STAGED_HELPER) } else { self.helper };
        call.mount("--ro-bind", helper, HELPER.as_ref());
        // Else whatever is left of the first folder could be filled without a limit.
        call.words(&["--remount-ro", "/dev", "--remount-ro", "/", "--", HELPER]);
        call.0
    }

    /// The call by which root puts all that is granted where another user reaches it, and turns
    /// into what follows: a user's path may lead through folders that others may not enter.
    pub(super) fn stage(&self) -> Vec<OsString> {
        let mut call = Call::of(self.program);
        call.words(&["--dev-bind", "/", "/", "--tmpfs", STAGE]);
        call.mount("--ro-bind", self.helper, STAGED_HELPER.as_ref());
        for (number, mount) in self.mounts().enumerate() {
            call.mount(mount.how(), mount.from, &staged(number));
        }
        call.words(&["--"]);
        call.0
    }

    fn mounts(&self) -> impl Iterator<Item = Mount<'_>> {
        let Grant { read, shown, write, .. } = self.grant;
        let read = read.iter().map(|path| Mount { from: path, to: path, change: false });
        let shown = shown.iter().map(|(from, to)| Mount { from, to, change: false });
        let write = write.iter().map(|path| Mount { from: path, to: path, change: true });
        read.chain(shown).chain(write)
    }
}

fn staged(number: usize) -> PathBuf {
    Path::new(STAGE).join(number.to_string())
}

/// A call of bubblewrap in the making.
struct Call(Vec<OsString>);

impl Call {
    fn of(program: &Path) -> Self {
        Self(vec![program.as_os_str().to_owned()])
    }

    fn words(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(Into::into));
    }

    fn mount(&mut self, how: &str, from: &Path, to: &Path) {
        self.0.extend([how.into(), from.as_os_str().to_owned(), to.as_os_str().to_owned()]);
    }

    fn memory(&mut self, at: &Path, bytes: u64) {
        let bytes = bytes.to_string();
        self.words(&["--size", &bytes, "--perms", "0755", "--tmpfs"]);
        self.0.push(at.as_os_str().to_owned());
    }

    /// A system folder as it is: a link stays one.
    fn system(&mut self, path: &Path) {
        match fs::read_link(path) {
            Ok(to) if path.parent() == Some(Path::new("/")) => self.mount("--symlink", &to, path),
            _ => self.mount("--ro-bind", path, path),
        }
    }
}
