//! Packages of the npm registry that tests read or run, installed once for all of them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use super::not_run::needs;

/// The folder of one package at one exact version, installed with what it depends on, and
/// without running any script of it. Stays in the target folder for later runs; tests and
/// processes that ask at the same time wait for each other. None, noted as not run, where there
/// is no npm.
pub fn package(name: &str, version: &str) -> Option<PathBuf> {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("npm");
    let place = format!("{}@{version}", name.replace('/', "+"));
    let (installed, fresh) = (all.join(&place), all.join(format!("{place}.fresh")));
    fs::create_dir_all(&all).unwrap();
    let lock = File::create(all.join(format!("{place}.lock"))).unwrap();
    lock.lock().unwrap();
    if !installed.exists() {
        let wanted = format!("{name}@{version}");
        if !needs(&wanted, &["npm", "--version"], "install Node.js with npm") {
            return None;
        }
        install(&wanted, &fresh);
        // A folder of this name is complete: whoever was killed while installing left the other.
        fs::rename(&fresh, &installed).unwrap();
    }
    Some(installed.join("node_modules").join(name))
}

fn install(wanted: &str, prefix: &Path) {
    if prefix.exists() {
        fs::remove_dir_all(prefix).unwrap();
    }
    fs::create_dir(prefix).unwrap();
    let output = Command::new("npm")
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact"])
        .arg("--prefix")
        .arg(prefix)
        .arg(wanted)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "npm cannot install {wanted}:\n{said}");
}
