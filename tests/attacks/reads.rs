//! Attacks that read what is not theirs.

use super::{Fought, arena::Arena};

const READ: &str = "fn attack() {\n    hunt(&fs::read(TARGET).unwrap_or_default());\n}\n";

/// Runs, and looks whether the prize came out.
pub fn stolen(arena: &Arena) -> Fought {
    let ended = arena.run();
    Fought { won: arena.stolen(&ended), ended }
}

pub fn ssh_key(arena: &Arena) -> Fought {
    let key = arena.path("home/.ssh/id_ed25519");
    arena.plant(&key);
    arena.build_script(&key, READ);
    stolen(arena)
}

pub fn app_key(arena: &Arena) -> Fought {
    let key = arena.path("data/app/private-key.pem");
    arena.plant(&key);
    arena.macro_crate(&key, READ);
    stolen(arena)
}

pub fn database(arena: &Arena) -> Fought {
    let database = arena.path("data/t5.sqlite");
    arena.plant(&database);
    arena.bench(&database, READ);
    stolen(arena)
}

pub fn other_checkout(arena: &Arena) -> Fought {
    let source = arena.cache().join("repositories/0123456789/head/src/private.rs");
    arena.plant(&source);
    arena.test_binary(&source, READ);
    stolen(arena)
}

/// The compiler itself reads the prize; the bench names a benchmark after it.
pub fn compiled_in(arena: &Arena) -> Fought {
    let key = arena.path("home/.ssh/id_ed25519");
    arena.plant(&key);
    arena.honest();
    let source = format!(
        "fn main() {{\n    println!(\"{{}}: benchmark\", include_str!({key:?}).trim());\n}}\n"
    );
    arena.repository.write("benches/speed.rs", &source);
    arena.repository.commit("Name a benchmark");
    stolen(arena)
}
