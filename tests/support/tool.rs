//! The programs that tests need, installed once for all of them.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use t5_gate::{
    runner::{Context, progress::Progress, toolchain::Toolchain, tools},
    sandbox::{Cancel, Sandbox},
};

/// Where cargo-deny lies, installed on first use.
pub fn cargo_deny() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    // On a thread of its own: a test may be asynchronous, and this waits.
    let install = || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(tools::cargo_deny(&context())).expect("cargo-deny can be installed")
    };
    FOUND.get_or_init(|| std::thread::spawn(install).join().unwrap())
}

/// `PATH` with cargo-deny in front, so that a fresh cache finds it.
pub fn path_with_cargo_deny() -> OsString {
    let folder = cargo_deny().parent().unwrap().to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(folder).chain(env::split_paths(&path))).unwrap()
}

/// Plain child processes.
pub fn unwalled() -> Arc<Sandbox> {
    Arc::new(Sandbox::none(Path::new(env!("CARGO_BIN_EXE_t5"))))
}

/// The toolchain that builds these tests.
pub fn toolchain() -> Toolchain {
    static FOUND: OnceLock<Toolchain> = OnceLock::new();
    let find = || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(Toolchain::find(&context(), None)).unwrap()
    };
    FOUND.get_or_init(|| std::thread::spawn(find).join().unwrap()).clone()
}

/// Surroundings whose cache lies in the target folder and is shared by all tests.
pub fn context() -> Context {
    Context {
        cache: Path::new(env!("CARGO_TARGET_TMPDIR")).join("t5-cache"),
        env: env::vars_os().collect::<BTreeMap<_, _>>(),
        sandbox: unwalled(),
        cancel: Cancel::default(),
        progress: Progress::silent(),
    }
}
