//! Attacks that read what is not theirs.

use std::path::Path;

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

/// Every process shows the file system that it sees itself.
pub fn others_root(arena: &Arena) -> Fought {
    let key = arena.path("home/.ssh/id_ed25519");
    arena.plant(&key);
    let attack = "
fn attack() {
    for process in fs::read_dir(\"/proc\").unwrap().flatten() {
        let root = process.path().join(\"root\");
        hunt(&fs::read(root.join(TARGET.trim_start_matches('/'))).unwrap_or_default());
    }
}
";
    arena.bench(&key, attack);
    stolen(arena)
}

/// The compiler itself reads the prize; the bench names a benchmark after it.
pub fn compiled_in(arena: &Arena) -> Fought {
    let key = arena.path("home/.ssh/id_ed25519");
    included(arena, &key, &key)
}

/// The same by a link that lies in the checkout.
pub fn link(arena: &Arena) -> Fought {
    let link = arena.repository.dir().join("benches/data.txt");
    std::fs::create_dir(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(arena.path("home/.ssh/id_ed25519"), link).unwrap();
    included(arena, &arena.path("home/.ssh/id_ed25519"), Path::new("data.txt"))
}

fn included(arena: &Arena, key: &Path, named: &Path) -> Fought {
    arena.plant(key);
    arena.honest();
    let source = format!(
        "fn main() {{\n    println!(\"{{}}: benchmark\", include_str!({named:?}).trim());\n}}\n"
    );
    arena.repository.write("benches/speed.rs", &source);
    arena.repository.commit("Name a benchmark");
    stolen(arena)
}
