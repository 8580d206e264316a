//! Edits of what measures are told from edits of what is measured.

use crate::support::{
    bench_double::{crate_with, source},
    t5::run,
};

#[test]
fn what_the_head_edits_of_what_measures_is_named_and_a_plain_source_is_not() {
    let repository = crate_with(&[("add", 100.0)]);
    let manifest = std::fs::read_to_string(repository.dir().join("Cargo.toml")).unwrap();
    let manifest = manifest
        .replace("name = \"speed\"\n", "name = \"speed\"\npath = \"measure/speed.rs\"\n")
        .replace("license", "build = \"tools/gen.rs\"\nlicense");
    let bench = format!("mod helper;\n{}", source(&[("add", 100.0)]));
    repository
        .write("Cargo.toml", &manifest)
        .write("measure/speed.rs", &bench)
        .write("measure/helper.rs", "pub const _A: u32 = 1;\n")
        .write("tools/gen.rs", "fn main() {}\n")
        .write("benches/speed.rs", "fn main() {}\n")
        .commit("Begin");

    repository.write("src/lib.rs", "//! A crate, changed.\n").write("src/build.rs", "// plain\n");
    repository.commit("Change plain sources");
    let said = run(&repository, &["--only", "bench"]).ends_with(0);
    assert_eq!(said.receipt()["perf"]["edits"], serde_json::json!([]));

    repository
        .write("Cargo.toml", &format!("{manifest}\n[profile.release]\nlto = true\n"))
        .write("measure/helper.rs", "pub const _A: u32 = 2;\n")
        .write("tools/gen.rs", "fn main() { /* otherwise */ }\n")
        .write("src/lib.rs", "//! A crate, changed again.\n");
    repository.commit("Change what measures");
    let said = run(&repository, &["--only", "bench"]).ends_with(0);
    let edits = serde_json::json!([
        { "path": "Cargo.toml", "what": "profile.release changed: lto" },
        { "path": "measure/helper.rs", "what": "used by bench speed" },
        { "path": "tools/gen.rs", "what": "build script" },
    ]);
    assert_eq!(said.receipt()["perf"]["edits"], edits);
    assert_eq!(said.reasons(), ["edits-what-measures"]);
}
