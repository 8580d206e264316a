//! The toolchain file of the rules commit.

use insta::assert_snapshot;
use proptest::prelude::*;
use t5_gate::config::toolchain::{self, ToolchainFile};

use super::unrecorded;

fn told(name: &str, text: &str) -> String {
    match toolchain::parse(name, text) {
        Ok(_) => "no mistake".to_owned(),
        Err(mistake) => mistake.to_string(),
    }
}

#[test]
fn a_toolchain_file_says_what_to_build_with() {
    let text = "
[toolchain]
channel = \"1.95.0\"
components = [\"clippy\", \"rust-src\"]
targets = [\"x86_64-unknown-linux-gnu\"]
profile = \"minimal\"
";
    let file = toolchain::parse("rust-toolchain.toml", text).unwrap();
    assert_eq!(file.channel.as_deref(), Some("1.95.0"));
    assert_eq!(file.components, ["clippy", "rust-src"]);
    assert_eq!(file.targets, ["x86_64-unknown-linux-gnu"]);
    assert_eq!(file.profile.as_deref(), Some("minimal"));
}

#[test]
fn the_old_form_is_a_line_with_a_channel() {
    let nightly = ToolchainFile {
        channel: Some("nightly-2026-11-01".to_owned()),
        ..ToolchainFile::default()
    };
    for text in ["nightly-2026-11-01", "nightly-2026-11-01\n", "  nightly-2026-11-01\r\n"] {
        assert_eq!(toolchain::parse("rust-toolchain", text), Ok(nightly.clone()), "{text:?}");
    }
    let toml = "[toolchain]\nchannel = 'nightly-2026-11-01'\n";
    assert_eq!(toolchain::parse("rust-toolchain", toml), Ok(nightly.clone()));
    assert_eq!(toolchain::parse("tools/rust-toolchain", toml), Ok(nightly));
}

#[test]
fn the_old_form_counts_under_the_old_name_alone() {
    assert_snapshot!(told("rust-toolchain.toml", "stable"), @"1:7: not valid TOML: key with no value, expected `=`");
}

#[test]
fn what_rustup_ignores_is_ignored() {
    assert_eq!(
        told("rust-toolchain.toml", "toolchain = {channel = 'stable', date = 1}"),
        "no mistake"
    );
    assert_eq!(
        told("rust-toolchain.toml", "[other]\n[toolchain]\nprofile = 'minimal'"),
        "no mistake"
    );
}

#[test]
fn a_toolchain_by_path_is_refused() {
    let text = "[toolchain]\nchannel = 'stable'\npath = './toolchain'\n";
    assert_snapshot!(told("rust-toolchain.toml", text), @"3:8: `path` is refused: a toolchain by path would run the repository's own compiler; name a channel instead");
    assert_snapshot!(told("rust-toolchain", "../toolchain"), @"1:1: the file must name a toolchain, not the path `../toolchain`; a toolchain by path would run the repository's own compiler");
    assert_snapshot!(told("rust-toolchain.toml", "[toolchain]\nchannel = '/opt/rust'"), @"2:11: `channel` must name a toolchain, not the path `/opt/rust`; a toolchain by path would run the repository's own compiler");
}

#[test]
fn a_file_that_says_nothing_is_refused() {
    assert_snapshot!(told("rust-toolchain", " \n\n"), @"1:1: the file names no toolchain; write a `channel` under `[toolchain]`");
    assert_snapshot!(told("rust-toolchain.toml", "[toolchain]"), @"1:1: the file names no toolchain; write a `channel` under `[toolchain]`");
    assert_snapshot!(told("rust-toolchain.toml", "[tools]"), @"1:1: the file names no toolchain; write a `channel` under `[toolchain]`");
}

#[test]
fn mistakes_have_their_place() {
    assert_snapshot!(told("rust-toolchain.toml", "[toolchain]\nchannel = stable"), @"2:11: not valid TOML: string values must be quoted, expected literal string");
    assert_snapshot!(told("rust-toolchain.toml", "[toolchain]\nchannel = 1.95"), @"2:11: `channel` must be a text, not `float`");
    assert_snapshot!(told("rust-toolchain.toml", "[toolchain]\nchannel = '+nightly'"), @"2:11: `channel` must name a toolchain, not `+nightly`; write it as rustup does: 1.95.0, stable, nightly-2026-11-01");
    assert_snapshot!(told("rust-toolchain.toml", "toolchain = 'stable'"), @"1:13: `toolchain` must be a section, not `string`");
    assert_snapshot!(told("rust-toolchain.toml", "[toolchain]\ntargets = 'x86_64'"), @"2:11: `targets` must be a list of texts, not `string`");
    assert_snapshot!(told("rust-toolchain.toml", "[toolchain]\ncomponents = ['clippy', '--x']"), @"2:25: an entry of `components` must name a part of a toolchain, not `--x`");
    assert_snapshot!(told("rust-toolchain.toml", "[[toolchain]]\nchannel = 'stable'"), @"1:1: `toolchain` must be a section, not `array of tables`");
    assert_snapshot!(told("rust-toolchain.toml", &"#".repeat(70_000)), @"1:1: the file has 70000 bytes; at most 65536 are read");
}

proptest! {
    #![proptest_config(unrecorded())]

    #[test]
    fn no_text_is_too_strange(
        text in "(\\[toolchain\\]\n)?((channel|path|targets) ?= ?['\"\\[{a-z0-9.\\]}]{0,12}\n){0,3}|\\PC{0,60}",
        legacy in any::<bool>(),
    ) {
        let name = if legacy { "rust-toolchain" } else { "rust-toolchain.toml" };
        match toolchain::parse(name, &text) {
            Ok(file) => prop_assert!(file != ToolchainFile::default()),
            Err(mistake) => prop_assert!(mistake.line >= 1 && mistake.column >= 1),
        }
    }
}
