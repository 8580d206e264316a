//! A copy of criterion, exactly as the lock file names it, that can be asked for slices.
//!
//! The one line that is added stands where criterion begins to measure a benchmark. It is the same
//! from 0.3 to 0.8; a version where it is not found is not copied, and its benchmarks are measured
//! as whole processes.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::receipt::digest;

/// What is added to criterion.
const HOOK: &str = include_str!("hook.rs");
/// Where criterion begins to measure a benchmark …
const ANALYSIS: &str = "src/analysis/mod.rs";
/// … in this line …
const BEGINS: &str = "    criterion.report.benchmark_start(id, report_context);\n";
/// … before which it asks whether somebody else measures.
const ASKS: &str = "    let timed = std::any::type_name::<M>().ends_with(\"::WallTime\");
    let mut run = |count: u64| routine.bench(&criterion.measurement, &[count], parameter)[0];
    if crate::t5_gate::answer(id.id(), &throughput, timed, &mut run) {
        return;
    }
";
/// Names what a copy was made from, so that it is made once.
const MARK: &str = ".t5-gate";
/// The largest criterion has 150 files and 2 MB: more is none.
const FILES: usize = 2000;
const BYTES: u64 = 32 << 20;

/// Why a version of criterion cannot be asked for slices.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Its sources are not what we know.
    #[error("criterion {version} does not begin a benchmark where it is known to")]
    Unlike {
        /// Which version.
        version: String,
    },
    /// Its sources cannot be copied.
    #[error("cannot copy {path}: {source}")]
    Copy {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The copy of this version in `home`, made from `source`, its unpacked crate.
///
/// # Errors
///
/// If it cannot be made.
pub fn copy(source: &Path, version: &str, home: &Path) -> Result<PathBuf, CopyError> {
    let to = home.join(format!("criterion-{version}"));
    let mark = to.join(MARK);
    let wanted = digest(format!("{HOOK}{ASKS}").as_bytes());
    if fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
        return Ok(to);
    }
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CopyError::Copy { path, source }
    };
    let _ = fs::remove_dir_all(&to);
    copy_folder(source, &to, &mut (FILES, BYTES)).map_err(failed(source))?;
    let edit = |name: &str, edit: &dyn Fn(&str) -> Option<String>| {
        let path = to.join(name);
        let text = fs::read_to_string(&path).map_err(failed(&path))?;
        let unlike = || CopyError::Unlike { version: version.to_owned() };
        fs::write(&path, edit(&text).ok_or_else(unlike)?).map_err(failed(&path))
    };
    edit(ANALYSIS, &asking)?;
    edit("src/lib.rs", &|text| Some(with_hook(text)))?;
    // Whatever workspace our folder lies in, this is none of its packages.
    edit("Cargo.toml", &|text| Some(format!("{text}\n[workspace]\n")))?;
    fs::write(to.join("src/t5_gate.rs"), HOOK).map_err(failed(&to))?;
    fs::write(&mark, wanted).map_err(failed(&mark))?;
    Ok(to)
}

/// The function that measures a benchmark, asking first; none if it is not there once.
fn asking(text: &str) -> Option<String> {
    (text.matches(BEGINS).count() == 1)
        .then(|| text.replacen(BEGINS, &format!("{ASKS}{BEGINS}"), 1))
}

/// A crate's root with the hook as a module. What cargo builds from a path it warns about, and the
/// rules may forbid warnings.
fn with_hook(text: &str) -> String {
    let attribute = text.lines().take_while(|line| !line.starts_with("#!")).count();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(attribute.min(lines.len()), "#![allow(warnings)]");
    lines.push("mod t5_gate;\n");
    lines.join("\n")
}

fn copy_folder(from: &Path, to: &Path, left: &mut (usize, u64)) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let about = entry.metadata()?;
        let there = to.join(entry.file_name());
        left.0 = left.0.checked_sub(1).ok_or_else(too_large)?;
        if about.is_dir() {
            copy_folder(&entry.path(), &there, left)?;
        } else if about.is_file() {
            left.1 = left.1.checked_sub(about.len()).ok_or_else(too_large)?;
            fs::copy(entry.path(), &there)?;
        }
    }
    Ok(())
}

fn too_large() -> io::Error {
    io::Error::other("it is larger than any criterion")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_gets_the_hook_below_its_documentation() {
        let made = with_hook("//! Doc.\n\n#![warn(missing_docs)]\nmod a;\n");
        assert_eq!(
            made,
            "//! Doc.\n\n#![allow(warnings)]\n#![warn(missing_docs)]\nmod a;\nmod t5_gate;\n"
        );
    }

    #[test]
    fn a_criterion_that_begins_elsewhere_is_unlike() {
        let known = format!("fn common() {{\n{BEGINS}}}\n");
        assert!(asking(&known).unwrap().contains("t5_gate::answer"));
        assert_eq!(asking("fn common() {}\n"), None);
        assert_eq!(asking(&format!("{BEGINS}{BEGINS}")), None);
    }
}
