//! A repository with commits whose truth is known.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Throughput losses in thousandths, and how much more work in ten-thousandths makes each.
pub const LOSSES: [(u32, usize); 4] = [(20, 205), (40, 417), (65, 696), (90, 990)];
/// The benchmarks.
pub const KINDS: [&str; 7] = ["alloc", "chase", "dequantize", "dot", "matmul", "parse", "stream"];

/// How much more work takes so much more time: a longer ring leaves its cache too, and what is done
/// twice has been foreseen once. Found by measuring; the table's ratios say how well.
fn more_of(kind: &str, more: usize) -> usize {
    match kind {
        "chase" => more * 55 / 100,
        "stream" => more * 5 / 4,
        _ => more,
    }
}

pub struct Commits {
    pub folder: PathBuf,
    pub repository: PathBuf,
    pub base: String,
}

/// A head and what is true of it.
#[derive(Clone)]
pub struct Variant {
    pub name: String,
    /// In thousandths.
    pub loss: u32,
    pub sha: String,
}

impl Commits {
    /// The same commits, by name, each time.
    pub fn make(folder: &Path) -> Self {
        let repository = folder.join("repository");
        let _ = fs::remove_dir_all(&repository);
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/study");
        copy(&fixture, &repository);
        fs::rename(repository.join("manifest.toml"), repository.join("Cargo.toml")).unwrap();
        fs::write(repository.join(".gitignore"), "/target\n").unwrap();
        git(&repository, &["init", "--quiet", "--initial-branch=main"]);
        let made = Self { folder: folder.to_owned(), repository, base: String::new() };
        made.lock();
        let base = made.commit("Begin");
        Self { base, ..made }
    }

    /// The same code with another text of the same length in it.
    pub fn unchanged(&self) -> Variant {
        self.variant("the same code", 0, || self.edit("benches/kinds.rs", "tag 0", "tag 1"))
    }

    /// The same work among other functions, or in another order of functions.
    pub fn neutral(&self, number: usize) -> Variant {
        let seed = number / 2 + 1;
        if number.is_multiple_of(2) {
            self.variant(&format!("unrelated code {seed}"), 0, || self.add_unrelated(seed))
        } else {
            self.variant(&format!("order of functions {seed}"), 0, || {
                self.edit("build.rs", "ORDER: u32 = 0", &format!("ORDER: u32 = {seed}"));
            })
        }
    }

    /// So much more work in all benchmarks.
    pub fn slower(&self, (loss, more): (u32, usize)) -> Variant {
        self.variant(&format!("{} % less throughput", f64::from(loss) / 10.0), loss, || {
            for kind in KINDS {
                let file = format!("src/{kind}.rs");
                let more = more_of(kind, more);
                self.edit(&file, "EXTRA: usize = 0", &format!("EXTRA: usize = {more}"));
            }
        })
    }

    fn variant(&self, name: &str, loss: u32, edit: impl FnOnce()) -> Variant {
        git(&self.repository, &["checkout", "--quiet", "--force", &self.base]);
        edit();
        Variant { name: name.to_owned(), loss, sha: self.commit(name) }
    }

    /// Functions that nobody calls while benchmarks run, and that are in the executable all the same.
    fn add_unrelated(&self, seed: usize) {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        let mut text = "//! Work of another kind.\n\n".to_owned();
        let count = random.usize(5..40);
        for at in 0..count {
            let steps = random.usize(1..12);
            write!(text, "#[inline(never)]\npub fn other_{at}(mut number: u64) -> u64 {{\n")
                .unwrap();
            for _ in 0..steps {
                let (by, turn) = (random.u64(3..1 << 40) | 1, random.u32(1..63));
                writeln!(text, "    number = number.wrapping_mul({by}).rotate_left({turn});")
                    .unwrap();
            }
            writeln!(text, "    number\n}}\n").unwrap();
        }
        text += "pub fn all(number: u64) -> u64 {\n    let mut number = number;\n";
        for at in 0..count {
            writeln!(text, "    number = other_{at}(number);").unwrap();
        }
        text += "    number\n}\n";
        fs::write(self.repository.join("src/other.rs"), text).unwrap();
        self.edit("src/lib.rs", "pub mod matmul;", "pub mod matmul;\npub mod other;");
        self.edit(
            "benches/kinds.rs",
            "black_box(TAG);",
            "black_box(TAG);\n    if std::env::args().count() > 1000 {\n        \
             std::hint::black_box(study::other::all(17));\n    }",
        );
    }

    /// Locks, fetching what it has to.
    fn lock(&self) {
        let mut cargo = Command::new("cargo");
        cargo.arg("generate-lockfile").current_dir(&self.repository);
        assert!(cargo.status().unwrap().success(), "cargo generate-lockfile");
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.repository.join(file);
        let before = fs::read_to_string(&path).unwrap();
        assert!(before.contains(from), "{file} does not contain {from:?}");
        fs::write(path, before.replacen(from, to, 1)).unwrap();
    }

    fn commit(&self, subject: &str) -> String {
        git(&self.repository, &["add", "--all"]);
        git(&self.repository, &["commit", "--quiet", "-m", subject]);
        git(&self.repository, &["rev-parse", "HEAD"])
    }
}

/// Runs git, as nobody in particular and on a day that is always the same.
pub fn git(dir: &Path, args: &[&str]) -> String {
    let day = "2026-10-01T12:00:00Z";
    let output = Command::new("git")
        .args(["-c", "user.name=Study", "-c", "user.email=study@example.org"])
        .args(args)
        .envs([("GIT_AUTHOR_DATE", day), ("GIT_COMMITTER_DATE", day)])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
