//! Attacks on what builds leave behind, and on what the gate takes over from them.

use std::{fs, path::Path, time::Duration};

use super::{
    Fought,
    arena::{Arena, DEADLINE, Level, ended},
    ears::soon,
    ways::{ADD, triple},
};
use crate::support::bench_double::source;

const NOWHERE: &str = "";

/// A change leaves something in the folder that all builds share; what it says is compiled into
/// the base that the next change is compared with.
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
    let _ = fs::write(out + \"/generated.rs\", format!(\"{:?}\", prize()));
}
";
    arena.with_macro(Path::new(NOWHERE), attack);
    let evil = repository.commit("Derive more");
    let run = |base: &str, head: &str| {
        ended(arena.t5().arg("--base").arg(base).arg("--head").arg(head).spawn(), DEADLINE)
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

/// The gate takes files over that cargo's messages name; a build script can write some of its own.
pub fn forged_message(arena: &Arena) -> Fought {
    let key = arena.path("home/.ssh/id_ed25519");
    arena.plant(&key);
    let attack = "
fn attack() {
    let manifest = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap() + \"/Cargo.toml\";
    let message = format!(
        \"\\n{{\\\"reason\\\":\\\"compiler-artifact\\\",\\\"manifest_path\\\":{manifest:?},\\\"executable\\\":{TARGET:?},\\
         \\\"target\\\":{{\\\"name\\\":\\\"speed\\\",\\\"kind\\\":[\\\"bench\\\"]}}}}\\n\"
    );
    let cargo = std::os::unix::process::parent_id();
    let messages = fs::OpenOptions::new().write(true).open(format!(\"/proc/{cargo}/fd/1\"));
    let _ = messages.and_then(|mut file| file.write_all(message.as_bytes()));
}
";
    arena.honest();
    let script = arena.payload(&key, attack) + "fn main() {\n    attack();\n}\n";
    arena.repository.write("build.rs", &script).commit("Generate code");
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

/// The gate follows the link, with eyes of its own.
pub fn executable_is_a_link(arena: &Arena) -> Fought {
    let key = arena.path("home/.ssh/id_ed25519");
    arena.plant(&key);
    arena.honest();
    linker(arena, &format!("ln -sf {key:?} \"$out\""));
    arena.repository.commit("Link faster");
    let ended = arena.run();
    Fought { won: arena.found_in(&arena.home_of_repository().join("kept")), ended }
}

/// A head that is slower hands in the base's executable as its own.
pub fn executable_of_the_other_side(arena: &Arena) -> Fought {
    arena.honest();
    arena.repository.commit("Begin");
    arena.repository.write("benches/speed.rs", &source(&[("add", 200.0)]));
    let kept = arena.cache().join("repositories");
    linker(arena, &format!("ln -f {kept:?}/*/kept/*/0-speed \"$out\""));
    arena.repository.commit("Link faster");
    let ended = arena.run();
    let state = arena.pair_state();
    let won = (state.as_deref() == Some("unchanged")).then(|| "the pair is «unchanged»".to_owned());
    Fought { won, ended }
}

/// Whoever reads a pipe that nobody writes waits for ever.
pub fn sample_is_a_pipe(arena: &Arena) -> Fought {
    arena.honest();
    arena.repository.commit("Begin");
    let pipe = "let made = folder.join(\"sample.json\");\n    \
        let made = std::ffi::CString::new(made.to_str().unwrap()).unwrap();\n    \
        unsafe { mkfifo(made.as_ptr(), 0o666) };\n    let _ = fs::write(LOOT, \"\");\n    \
        return;\n}\nextern \"C\" { fn mkfifo(path: *const std::ffi::c_char, mode: u32) -> i32; }\n";
    let made = arena.path("loot/made");
    let honest = source(ADD);
    let (before, _) = honest.split_once("    fs::write(folder.join(\"sample.json\")").unwrap();
    let text = format!("const LOOT: &str = {made:?};\n{before}    {pipe}");
    arena.repository.write("benches/speed.rs", &text).commit("Write differently");
    let child = arena.t5().spawn();
    let mut deadline = DEADLINE;
    if arena.level == Level::None && soon(|| made.exists()) {
        deadline = Duration::from_secs(5);
    }
    let ended = ended(child, deadline);
    Fought { won: ended.hung.then(|| "the gate waits for ever".to_owned()), ended }
}
