//! Attacks that write where they have no business.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Fought,
    arena::{Arena, DEADLINE, ended},
    ways::ADD,
};
use crate::support::bench_double::source;

/// Writes the prize to the end of a file.
const WRITE: &str = "
fn attack() {
    let _ = fs::create_dir_all(Path::new(TARGET).parent().unwrap());
    let file = fs::OpenOptions::new().append(true).create(true).open(TARGET);
    let _ = file.and_then(|mut file| file.write_all(prize().as_bytes()));
}
";

/// Runs, and looks whether the prize lies in this folder or file now.
fn written(arena: &Arena, into: &Path) -> Fought {
    let ended = arena.run();
    let folder = if into.is_dir() { into } else { into.parent().unwrap() };
    Fought { won: arena.found_in(folder), ended }
}

/// A file that anybody may write, and its path.
fn open_file(arena: &Arena, name: &str) -> PathBuf {
    open_at(arena.path(name))
}

fn open_at(path: PathBuf) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "").unwrap();
    for open in [path.parent().unwrap(), &path] {
        fs::set_permissions(open, fs::Permissions::from_mode(0o777)).unwrap();
    }
    path
}

pub fn shell_profile(arena: &Arena) -> Fought {
    let profile = open_file(arena, "home/.bashrc");
    arena.test_binary(&profile, WRITE);
    written(arena, &profile)
}

/// The next build of anybody on this machine would start what this configuration names.
pub fn cargo_home_config(arena: &Arena) -> Fought {
    let config = open_file(arena, "cargo/config.toml");
    let attack = WRITE.replace("prize()", "format!(\"# {}\\n\", prize())");
    arena.build_script(&config, &attack);
    written(arena, &config)
}

/// So would whoever types `cargo`.
pub fn cargo_home_program(arena: &Arena) -> Fought {
    let program = open_file(arena, "cargo/bin/cargo-fmt");
    arena.macro_crate(&program, WRITE);
    written(arena, &program)
}

/// Cargo does not check unpacked sources again.
pub fn registry_sources(arena: &Arena) -> Fought {
    let source = open_file(arena, "cargo/registry/src/index.example.org-0/itoa-1.0.15/src/lib.rs");
    arena.build_script(&source, WRITE);
    written(arena, &source)
}

pub fn git_hook(arena: &Arena) -> Fought {
    let hook = open_at(arena.repository.dir().join(".git/hooks/post-checkout"));
    arena.bench(&hook, WRITE);
    written(arena, &hook)
}

/// A base and a head, the base being honest.
fn after_an_honest_base(arena: &Arena) {
    arena.honest();
    arena.repository.commit("Begin");
}

pub fn kept_executables(arena: &Arena) -> Fought {
    after_an_honest_base(arena);
    let attack = "
fn attack() {
    for kept in fs::read_dir(TARGET).into_iter().flatten().flatten() {
        for file in fs::read_dir(kept.path()).into_iter().flatten().flatten() {
            let path = file.path();
            let _ = fs::remove_file(&path);
            let _ = fs::write(&path, prize());
        }
    }
}
";
    let repositories = arena.cache().join("repositories");
    let attack = attack.replace("fs::read_dir(TARGET)", "kept()");
    let find = "
fn kept() -> Option<fs::ReadDir> {
    let home = fs::read_dir(TARGET).ok()?.next()?.ok()?.path();
    fs::read_dir(home.join(\"kept\")).ok()
}
";
    arena.build_script(&repositories, &(attack + find));
    let ended = arena.run();
    let kept = arena.home_of_repository().join("kept");
    Fought { won: arena.found_in(&kept), ended }
}

/// What the base's benches would read while they are measured.
pub fn base_checkout(arena: &Arena) -> Fought {
    after_an_honest_base(arena);
    let attack = "
fn attack() {
    let Some(Ok(home)) = fs::read_dir(TARGET).ok().and_then(|mut all| all.next()) else { return };
    let _ = fs::write(home.path().join(\"base/input.txt\"), prize());
}
";
    arena.build_script(&arena.cache().join("repositories"), attack);
    let ended = arena.run();
    let base = arena.home_of_repository().join("base");
    Fought { won: arena.found_in(&base), ended }
}

/// Git's own filters: what they name is run by the gate itself, when it checks the next change out.
pub fn git_filter(arena: &Arena) -> Fought {
    let attack = "
fn attack() {
    let program = format!(\"echo {} > '{LOOT}/filter'; cat\", prize());
    let text = format!(\"[filter \\\"x\\\"]\\n\\tsmudge = {program:?}\\n\");
    let config = fs::OpenOptions::new().append(true).open(\".git/config\");
    let _ = config.and_then(|mut config| config.write_all(text.as_bytes()));
    let _ = fs::create_dir_all(\".git/info\");
    let _ = fs::write(\".git/info/attributes\", \"* filter=x\\n\");
}
";
    arena.build_script(Path::new(""), attack);
    let first = arena.run();
    // Nothing of this change attacks; only the gate's own git does what the last one left.
    arena.repository.remove("build.rs").write("benches/speed.rs", &source(ADD));
    arena.repository.write("src/lib.rs", "//! Another change.\n").commit("Go on");
    ended(arena.t5().spawn(), DEADLINE);
    Fought { won: arena.found_in(&arena.path("loot")), ended: first }
}

/// Whatever a later build puts into the folder that builds of bases share would go elsewhere.
pub fn target_is_a_link(arena: &Arena) -> Fought {
    let attack = "
fn attack() {
    let out = PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());
    let target = out.ancestors().nth(4).unwrap();
    for folder in [target.to_owned(), target.with_file_name(\"targets-of-bases\")] {
        let _ = fs::rename(&folder, folder.with_extension(\"old\"));
        let _ = std::os::unix::fs::symlink(LOOT, &folder);
    }
    println!(\"cargo:rerun-if-changed=build.rs\");
}
";
    after_an_honest_base(arena);
    let script = arena.payload(Path::new(""), attack) + "fn main() {\n    attack();\n}\n";
    arena.repository.write("build.rs", &script).commit("Generate code");
    let first = arena.run();
    arena.repository.remove("build.rs").commit("Go on");
    ended(arena.t5().spawn(), DEADLINE);
    let loot = arena.path("loot");
    let won = fs::read_dir(&loot)
        .unwrap()
        .next()
        .map(|entry| format!("a build wrote {}", entry.unwrap().path().display()));
    Fought { won, ended: first }
}
