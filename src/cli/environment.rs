//! The environment, read in one place.

use std::{collections::BTreeMap, env, ffi::OsString, path::PathBuf};

/// What child processes of ours may see; measured code sees less.
const PASSED_ON: [&str; 28] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_DIST_SERVER",
    "RUSTUP_UPDATE_ROOT",
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_PROXY",
    "CARGO_NET_OFFLINE",
    "CARGO_NET_GIT_FETCH_WITH_CLI",
    "CARGO_BUILD_JOBS",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "CC",
    "CXX",
    "AR",
    "PKG_CONFIG_PATH",
];

/// The part of the environment that is passed on.
pub(super) fn passed_on() -> BTreeMap<OsString, OsString> {
    PASSED_ON.iter().filter_map(|name| Some((OsString::from(name), env::var_os(name)?))).collect()
}

/// Our folder that outlives a run.
///
/// # Errors
///
/// If the environment names no place for it.
pub(super) fn cache() -> Result<PathBuf, String> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("T5_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("t5")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/t5")))
        .ok_or_else(|| "no place for the cache: set T5_CACHE to a folder, or HOME".to_owned())
        .and_then(|dir| {
            std::path::absolute(&dir).map_err(|error| format!("{}: {error}", dir.display()))
        })
}

/// The file that keeps runs on this host apart, whoever starts them.
pub(super) fn lock() -> PathBuf {
    env::var_os("T5_LOCK").map_or_else(|| env::temp_dir().join("t5-gate.lock"), PathBuf::from)
}
