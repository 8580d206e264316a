//! Commits that somebody wrote to harm whoever checks them out.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use t5_gate::{
    runner::{
        Context,
        changes::files,
        checkout::{CheckoutError, Tree},
        git::Git,
        mirror::MirrorError,
        progress::Progress,
    },
    sandbox::Cancel,
};

use super::place::{Place, environment};
use crate::support::{elsewhere::Elsewhere, repository::Repository, tool};

/// A repository, and a person's home with a git configuration of their own.
pub(super) struct Scene {
    pub(super) repository: Repository,
    ctx: Context,
}

impl Scene {
    pub(super) fn new() -> Self {
        let repository = Repository::new();
        let home = repository.beside("home");
        fs::create_dir(&home).unwrap();
        let mut env = environment();
        env.insert("HOME".into(), home.into());
        let cache = repository.beside("cache");
        let (cancel, progress) = (Cancel::default(), Progress::silent());
        Self {
            repository,
            ctx: Context { cache, env, sandbox: tool::unwalled(), cancel, progress },
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.repository.beside(name)
    }

    /// Writes a file of the home.
    fn home(&self, name: &str, text: &str) {
        let path = self.at("home").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Git as that person would call it.
    fn persons_git(&self, args: &[&str]) -> Output {
        let mut command = Command::new("git");
        command.current_dir(self.repository.beside("")).env("HOME", self.at("home"));
        command.env_remove("XDG_CONFIG_HOME").args(args).output().unwrap()
    }

    pub(super) async fn put(&self, sha: &str) -> Result<PathBuf, CheckoutError> {
        let dir = self.at("tree");
        let user = Git::of_user(&self.ctx, self.repository.dir());
        let tree = Tree::open(&self.ctx, &user, &dir).await?;
        tree.put(sha).await.map(|()| dir)
    }
}

/// Makes an object of git's from bytes.
pub(super) fn object(repository: &Repository, args: &[&str], input: &[u8]) -> String {
    let mut command = Command::new("git");
    command.current_dir(repository.dir()).args(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {args:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(super) fn blob(repository: &Repository, bytes: &[u8]) -> String {
    object(repository, &["hash-object", "-w", "--stdin"], bytes)
}

/// A tree of one entry, written as it is, whatever its name.
fn tree(repository: &Repository, mode: &str, name: &str, of: &str) -> String {
    let mut raw = format!("{mode} {name}\0").into_bytes();
    let digit = |at: usize| u8::from_str_radix(&of[at..at + 2], 16).unwrap();
    raw.extend((0..of.len()).step_by(2).map(digit));
    object(repository, &["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], &raw)
}

pub(super) fn commit(repository: &Repository, tree: &str) -> String {
    repository.git(&["commit-tree", "-m", "Harm", tree])
}

/// Everything below a folder but git's own.
pub(super) fn names(dir: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() == ".git" {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                waiting.push(entry.path());
            } else {
                names.push(entry.path().strip_prefix(dir).unwrap().display().to_string());
            }
        }
    }
    names.sort();
    names
}

#[tokio::test]
async fn no_filter_and_no_hook_of_a_persons_own_runs_for_a_commit() {
    let scene = Scene::new();
    let ran = scene.at("ran");
    let script = format!("#!/bin/sh\necho \"$0\" >> '{}'\ncat 2>/dev/null\n", ran.display());
    scene.home("bin/filter", &script);
    scene.home("hooks/post-checkout", &script);
    let home = scene.at("home").display().to_string();
    scene.home(
        ".gitconfig",
        &format!(
            "[filter \"lfs\"]\nsmudge = '{home}/bin/filter'\nrequired = true\n\
             [core]\nhooksPath = {home}/hooks\n[diff \"odd\"]\ntextconv = '{home}/bin/filter'\n"
        ),
    );
    scene.home(".config/git/attributes", "* text eol=crlf\n");
    scene.repository.write(".gitattributes", "* filter=lfs diff=odd\n").write("file", "a\nb\n");
    scene.repository.write(".lfsconfig", "[lfs]\nurl = http://127.0.0.1:1/\n");
    let sha = scene.repository.commit("Begin");
    let repository = scene.repository.dir().display().to_string();
    scene.persons_git(&["clone", "--quiet", &repository, "clone"]);
    let by_person = fs::read_to_string(&ran).unwrap();
    assert!(by_person.contains("bin/filter") && by_person.contains("hooks/post-checkout"));
    fs::remove_file(&ran).unwrap();

    let dir = scene.put(&sha).await.unwrap();

    assert!(!ran.exists(), "{}", fs::read_to_string(&ran).unwrap_or_default());
    assert_eq!(fs::read(dir.join("file")).unwrap(), b"a\nb\n", "the bytes of the commit");
    let git = Git::own(&scene.ctx, &dir);
    scene.repository.write("file", "a\nc\n");
    let next = scene.repository.commit("Change");
    assert_eq!(files(&git, &sha, &next).await.unwrap().len(), 1);
    assert!(!ran.exists());
}

#[tokio::test]
async fn a_submodule_is_an_empty_folder_and_nobody_is_called() {
    let scene = Scene::new();
    let elsewhere = Elsewhere::listen();
    scene.home(".gitconfig", "[submodule]\nrecurse = true\n[fetch]\nrecurseSubmodules = true\n");
    let modules = format!(
        "[submodule \"x\"]\npath = sub\nurl = http://{}/x\nupdate = checkout\n",
        elsewhere.at
    );
    scene.repository.write(".gitmodules", &modules).commit("Begin");
    let link = format!("160000,{},sub", "0123456789".repeat(4));
    scene.repository.git(&["update-index", "--add", "--cacheinfo", &link]);
    scene.repository.git(&["commit", "--quiet", "-m", "Link"]);
    let sha = scene.repository.git(&["rev-parse", "HEAD"]);
    let repository = scene.repository.dir().display().to_string();
    scene.persons_git(&["clone", "--quiet", "--recurse-submodules", &repository, "clone"]);
    assert!(elsewhere.calls() > 0, "a person who asks for submodules calls there");

    let dir = scene.put(&sha).await.unwrap();

    assert_eq!(elsewhere.calls(), 0);
    assert_eq!(fs::read_dir(dir.join("sub")).unwrap().count(), 0);
}

#[tokio::test]
async fn nothing_is_written_or_removed_through_a_link() {
    let scene = Scene::new();
    let outside = scene.at("outside");
    fs::create_dir_all(outside.join("sub")).unwrap();
    fs::write(outside.join("file"), "ours").unwrap();
    let link = scene.repository.dir().join("link");
    symlink(&outside, &link).unwrap();
    symlink("/etc/passwd", scene.repository.dir().join("Cargo.lock")).unwrap();
    let linked = scene.repository.commit("Link");
    scene.repository.remove("link").write("link/file", "theirs").write("later/file", "theirs");
    let folder = scene.repository.commit("Folder");

    let git = Git::of_user(&scene.ctx, scene.repository.dir());
    let lock = git.file(&linked, "Cargo.lock").await.unwrap();
    assert_eq!(lock.as_deref(), Some(b"/etc/passwd".as_slice()), "the link, not what it names");
    for sha in [&linked, &folder, &linked] {
        scene.put(sha).await.unwrap();
    }
    // What a build may leave: a link in place of a folder that the next commit has.
    let tree = scene.put(&linked).await.unwrap();
    symlink(&outside, tree.join("later")).unwrap();
    scene.put(&folder).await.unwrap();

    assert_eq!(names(&outside), ["file"]);
    assert_eq!(fs::read(outside.join("file")).unwrap(), b"ours");
    assert!(outside.join("sub").is_dir());
}

#[tokio::test]
async fn odd_names_are_names_and_nothing_more() {
    let scene = Scene::new();
    let base = scene.repository.commit("Begin");
    let long = format!("{}/{}", vec!["d".repeat(200); 15].join("/"), "n".repeat(255));
    let odd = [
        "-rf",
        "--help",
        "a\nb",
        "a\tb",
        "\u{1b}[2J",
        "\"quoted\"",
        " ",
        "a\\b",
        ":(top)x",
        "$(id)",
        "A",
        "a",
        "é",
        "e\u{301}",
        "\u{202e}evil",
        "CON",
        "x:y",
        "~",
        "*",
        ".gitt",
        &long,
    ];
    for name in odd {
        scene.repository.write(name, "x\n");
    }
    let head = scene.repository.commit("Odd");

    let dir = scene.put(&head).await.unwrap();

    let mut expected: Vec<&str> = odd.to_vec();
    expected.sort_unstable();
    assert_eq!(names(&dir), expected);
    let mut listed = files(&Git::own(&scene.ctx, &dir), &base, &head).await.unwrap();
    listed.sort_by(|one, other| one.path.cmp(&other.path));
    assert_eq!(listed.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), expected);
    assert!(listed.iter().all(|file| (file.added, file.removed) == (1, 0)));
    assert_eq!(names(&scene.put(&base).await.unwrap()), [] as [String; 0]);
}

#[tokio::test]
async fn no_name_that_stands_for_gits_own_folder_or_for_a_way_out_is_written() {
    for name in [".git", ".GIT", "git~1", ".g\u{200c}it", "..", ".", "", "../out", "/out"] {
        let scene = Scene::new();
        scene.repository.commit("Begin");
        let theirs = &scene.repository;
        let hooks = tree(theirs, "100755", "post-checkout", &blob(theirs, b"#!/bin/sh\n"));
        let inner = tree(theirs, "40000", "hooks", &hooks);
        let sha = commit(theirs, &tree(theirs, "40000", name, &inner));
        let before = names(&scene.at(""));

        let refused = scene.put(&sha).await;

        let hook = scene.at("tree/.git/hooks/post-checkout");
        assert!(!hook.exists(), "{name:?}");
        let said = refused.expect_err(name).to_string();
        assert!(said.starts_with("`git "), "{name:?}: {said}");
        assert_eq!(names(&scene.at("")), before, "{name:?}");
    }
}

#[tokio::test]
async fn only_the_full_name_of_a_commit_is_checked_out() {
    let scene = Scene::new();
    scene.repository.write("file", "x").commit("Begin");
    for name in ["HEAD", "-f", "--help", "file", "", "main\n", "0123", &"g".repeat(40)] {
        let refused = scene.put(name).await.expect_err(name);
        assert!(matches!(refused, CheckoutError::NoCommitName(_)), "{name:?}: {refused}");
    }
}

#[tokio::test]
async fn a_hundred_thousand_files_are_checked_out_and_away_again() {
    let scene = Scene::new();
    let empty = scene.repository.commit("Begin");
    let theirs = &scene.repository;
    let file = blob(theirs, b"x");
    let line = |at: usize| format!("100644 blob {file}\tfile-{at:04}\n");
    let folder: String = (0..1000).map(line).collect();
    let folder = object(theirs, &["mktree"], folder.as_bytes());
    let all: String =
        (0..100).map(|at| format!("040000 tree {folder}\tfolder-{at:02}\n")).collect();
    let sha = commit(theirs, &object(theirs, &["mktree"], all.as_bytes()));

    let dir = scene.put(&sha).await.unwrap();
    assert_eq!(names(&dir).len(), 100_000);

    scene.put(&empty).await.unwrap();
    assert_eq!(fs::read_dir(dir).unwrap().count(), 1, "git's own folder");
}

#[tokio::test]
async fn a_file_of_a_commit_that_is_too_large_is_told_and_not_held_in_memory() {
    let scene = Scene::new();
    let large = fs::File::create(scene.repository.dir().join("Cargo.lock")).unwrap();
    large.set_len(40 << 20).unwrap();
    let sha = scene.repository.commit("Large");

    let git = Git::of_user(&scene.ctx, scene.repository.dir());
    let said = git.file(&sha, "Cargo.lock").await.unwrap_err().to_string();

    assert!(said.contains("larger than 16 MiB"), "{said}");
    assert_eq!(git.file(&sha, "none").await.unwrap(), None);
}

#[tokio::test]
async fn a_malformed_commit_does_not_come_into_a_mirror() {
    let place = Place::with(Repository::new());
    let base = place.repository.commit("Begin");
    let theirs = &place.repository;
    let inner = tree(theirs, "100644", "config", &blob(theirs, b"[core]\n"));
    let harm = commit(theirs, &tree(theirs, "40000", ".GIT", &inner));
    place.put(&base, "refs/heads/main");
    place.put(&harm, "refs/pull/7/head");

    let refused = place.fetch(&place.pull(7, &harm, &base)).await.unwrap_err();

    assert!(matches!(refused, MirrorError::Fetch { .. }), "{refused}");
    assert!(refused.to_string().contains("hasDotgit"), "{refused}");
}

#[tokio::test]
async fn what_lies_in_the_folder_are_the_commits_bytes_whatever_its_attributes_say() {
    let scene = Scene::new();
    let text = "// $Id$\nfn main() {}\n";
    scene.repository.write("a.rs", text);
    let plain = scene.repository.commit("Begin");
    scene.repository.write("a.rs", "").commit("Empty it");
    let attributes = "*.rs text eol=crlf ident working-tree-encoding=UTF-16\n";
    // Written around git's own conversion of what is added.
    let blob = scene.repository.git(&["rev-parse", &format!("{plain}:a.rs")]);
    scene.repository.write(".gitattributes", attributes).commit("Convert");
    scene.repository.git(&["update-index", "--cacheinfo", &format!("100644,{blob},a.rs")]);
    let tree = scene.repository.git(&["write-tree"]);
    let head = commit(&scene.repository, &tree);
    // The person's own git converts it.
    let theirs = scene.repository.bytes(&["cat-file", "--filters", &format!("{head}:a.rs")]);
    assert_ne!(theirs, text.as_bytes());

    let dir = scene.put(&head).await.unwrap();

    assert_eq!(fs::read_to_string(dir.join("a.rs")).unwrap(), text);
}
