//! When two executables are the same program.

use std::{fs, path::Path, process::Command};

use t5_gate::runner::identity::identical;
use tempfile::TempDir;

/// Compiles a program with debug information, from a source file of this name.
fn compile(dir: &Path, name: &str, code: &str) -> std::path::PathBuf {
    let (source, program) = (dir.join(format!("{name}.c")), dir.join(name));
    fs::write(&source, code).unwrap();
    let compiled = Command::new("cc")
        .args(["-g", "-Wl,--build-id"])
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .status()
        .unwrap();
    assert!(compiled.success());
    program
}

#[test]
fn debug_information_and_build_id_do_not_make_another_program() {
    let dir = TempDir::new().unwrap();
    let one = compile(dir.path(), "one", "int main() { return 0; }");
    let other = compile(dir.path(), "other", "/* said elsewhere */\n\nint main() { return 0; }");
    assert_ne!(fs::read(&one).unwrap(), fs::read(&other).unwrap(), "the files do differ");
    assert!(identical(&one, &other).unwrap());
}

#[test]
fn other_instructions_or_other_data_do() {
    let dir = TempDir::new().unwrap();
    let one = compile(dir.path(), "one", "int main() { return 0; }");
    let code = compile(dir.path(), "code", "int main() { return 1; }");
    let data = compile(dir.path(), "data", "int table[4] = {1, 2}; int main() { return 0; }");
    assert!(!identical(&one, &code).unwrap());
    assert!(!identical(&one, &data).unwrap());
}

#[test]
fn what_is_no_executable_is_compared_byte_by_byte() {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        fs::write(dir.path().join(name), text).unwrap();
        dir.path().join(name)
    };
    let (one, same, other) =
        (write("a", "#!/bin/sh"), write("b", "#!/bin/sh"), write("c", "#!/bin/zsh"));
    assert!(identical(&one, &same).unwrap());
    assert!(!identical(&one, &other).unwrap());
    assert!(identical(&one, &dir.path().join("absent")).is_err());
}
