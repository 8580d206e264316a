//! Attacks on what builds leave behind, and on what the gate takes over from them.

use std::{fs, path::Path};

use super::{
    Fought,
    arena::{Arena, DEADLINE, ended},
    ways::{ADD, triple},
};
use crate::support::bench_double::source;

const NOWHERE: &str = "";

/// A change leaves something in the folder that builds of bases share; what it says is compiled
/// into the base that the next change is compared with.
pub fn shared_target(arena: &Arena) -> Fought {
    let script = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
        std::fs::write(out + \"/generated.rs\", \"\\\"good\\\"\").unwrap();\n    \
        println!(\"cargo:rerun-if-changed=build.rs\");\n}\n";
    let library = "//! A crate to be gated.\n\
        pub const GENERATED: &str = include!(concat!(env!(\"OUT_DIR\"), \"/generated.rs\"));\n";
    let honest = source(ADD)
        .replace("fn main() {", "fn main() {\n    let _ = std::hint::black_box(quick::GENERATED);");
    let repository = &arena.repository;
    arena.honest();
    repository.write("build.rs", script).write("src/lib.rs", library);
    repository.write("benches/speed.rs", &honest);
    let first = repository.commit("Begin");
    repository.git(&["checkout", "--quiet", "-b", "evil"]);
    let attack = "
fn attack() {
    let Ok(out) = std::env::var(\"OUT_DIR\") else { return };
    let (home, rest) = out.split_once(\"/target/\").unwrap();
    let kept = fs::read_dir(format!(\"{home}/targets-of-bases\")).into_iter().flatten().flatten();
    let kept = kept.map(|kept| format!(\"{}/{rest}\", kept.path().display()));
    for out in kept.chain([out.clone()]) {
        let _ = fs::write(out + \"/generated.rs\", format!(\"{:?}\", prize()));
    }
}
";
    arena.with_macro(Path::new(NOWHERE), attack);
    let evil = repository.commit("Derive more");
    let run = |base: &str, head: &str| {
        // One target branch, which moves on.
        repository.git(&["branch", "--force", "target", base]);
        let t5 = arena.t5().arg("--base").arg("target").arg("--head").arg(head);
        ended(t5.spawn(), DEADLINE)
    };
    run(&first, &evil);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.edit("benches/speed.rs", "a known id", "a known name");
    let next_base = repository.commit("Go on");
    let next = repository.write("data.txt", "more").commit("Add data");
    let ended = run(&next_base, &next);
    let kept = fs::read_dir(arena.home_of_repository().join("kept")).unwrap().flatten();
    let kept = kept.filter(|kept| kept.file_name().to_string_lossy().starts_with(&next_base));
    let won = kept.filter_map(|kept| arena.found_in(&kept.path())).next();
    Fought { won, ended }
}

/// Tells the gate by cargo's own output that this file of the target folder is the bench that was
/// built.
const FORGE: &str = "
fn deps() -> PathBuf {
    let out = PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());
    out.ancestors().nth(3).unwrap().join(\"deps\")
}
fn forge(executable: &Path) {
    let manifest = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap() + \"/Cargo.toml\";
    let message = format!(
        \"\n{{\\\"reason\\\":\\\"compiler-artifact\\\",\\\"manifest_path\\\":{manifest:?},\\\"executable\\\":{executable:?},\
         \\\"target\\\":{{\\\"name\\\":\\\"speed\\\",\\\"kind\\\":[\\\"bench\\\"]}}}}\n\"
    );
    let cargo = std::os::unix::process::parent_id();
    let messages = fs::OpenOptions::new().write(true).open(format!(\"/proc/{cargo}/fd/1\"));
    let _ = messages.and_then(|mut file| file.write_all(message.as_bytes()));
}
";

/// A build script that does this, and lets the build go on.
fn generating(arena: &Arena, target: &Path, attack: &str) {
    let script = arena.payload(target, &format!("{FORGE}{attack}"))
        + "fn main() {\n    attack();\n    println!(\"cargo:rerun-if-changed=build.rs\");\n}\n";
    arena.repository.write("build.rs", &script).commit("Generate code");
}

/// The gate takes files over that cargo's messages name; a build script can write some of its own.
pub fn forged_message(arena: &Arena) -> Fought {
    let key = arena.path("home/.ssh/id_ed25519");
    arena.plant(&key);
    let attack = "
fn attack() {
    let instead = deps().join(\"speed-0\");
    if fs::hard_link(TARGET, &instead).is_ok() {
        forge(&instead);
    }
    // What lies elsewhere is not taken at any level.
    forge(Path::new(TARGET));
}
";
    arena.honest();
    generating(arena, &key, attack);
    let ended = arena.run();
    Fought { won: arena.found_in(&arena.home_of_repository().join("kept")), ended }
}

/// A program that stands in for the linker, and puts something else where the bench is to be.
fn linker(arena: &Arena, instead: &str) {
    let config = format!("[target.{}]\nlinker = \"tool/program\"\n", triple());
    let text = format!(
        "#!/bin/sh\nout=\nlast=\nfor word; do [ \"$last\" = -o ] && out=$word; last=$word; done\n\
         cc \"$@\" || exit 1\ncase $out in */speed-*) {instead};; esac\n"
    );
    arena.repository.write(".cargo/config.toml", &config);
    arena.repository.edit(
        "Cargo.toml",
        "[[bench]]",
        "[profile.bench]\nstrip = \"none\"\n\n[[bench]]",
    );
    arena.script("tool/program", &text);
}

/// The gate reads the file under its other name, with rights of its own.
pub fn executable_is_a_link(arena: &Arena) -> Fought {
    let key = arena.path("home/.ssh/id_ed25519");
    arena.plant(&key);
    arena.honest();
    linker(arena, &format!("ln -f {key:?} \"$out\""));
    arena.repository.commit("Link faster");
    let ended = arena.run();
    Fought { won: arena.found_in(&arena.home_of_repository().join("kept")), ended }
}

/// A head that is slower hands in the base's executable as its own: from where it is kept, or from
/// the target folder that it was built in. Its build script names a linker that does it.
pub fn executable_of_the_other_side(arena: &Arena) -> Fought {
    arena.honest();
    arena.repository.edit(
        "Cargo.toml",
        "[[bench]]",
        "[profile.bench]\nstrip = \"none\"\n\n[[bench]]",
    );
    arena.repository.commit("Begin");
    arena.repository.write("benches/speed.rs", &source(&[("add", 200.0)]));
    let script = "fn main() {\n    let here = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap();\n    \
        println!(\"cargo:rustc-link-arg=-fuse-ld=bfd\");\n    \
        println!(\"cargo:rustc-link-arg=-B{here}/tool/\");\n}\n";
    let kept = arena.cache().join("repositories");
    let linker = format!(
        "#!/bin/sh\nout=\nlast=\n\
         for word; do [ \"$last\" = -o ] && out=$word; last=$word; done\n\
         /usr/bin/ld.bfd \"$@\" || exit 1\n\
         case $out in */speed-*) ;; *) exit 0;; esac\n\
         for other in {kept:?}/*/kept/*/0-speed \"${{out%/*}}\"/speed-*; do\n\
         case $other in \"$out\"|*.*) continue;; esac\n\
         [ -f \"$other\" ] && cp -f \"$other\" \"$out\" && break\ndone\nexit 0\n"
    );
    arena.script("tool/ld.bfd", &linker);
    arena.repository.write("build.rs", script).commit("Link faster");
    let ended = arena.run();
    let state = arena.pair_state();
    let won = (state.as_deref() == Some("unchanged")).then(|| "the pair is «unchanged»".to_owned());
    Fought { won, ended }
}
