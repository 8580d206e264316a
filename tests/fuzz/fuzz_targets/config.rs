//! Any text as a file of rules, and as a toolchain file: read or told, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use t5_gate::config;

fuzz_target!(|text: &str| {
    if let Err(mistakes) = config::parse(text) {
        assert!(!mistakes.list().is_empty());
        assert!(mistakes.list().iter().all(|mistake| mistake.line > 0 && mistake.column > 0));
        assert_eq!(
            mistakes.to_string().lines().count(),
            mistakes.list().len() + usize::from(mistakes.omitted() > 0)
        );
    }
    for name in ["rust-toolchain.toml", "rust-toolchain"] {
        if let Ok(file) = config::toolchain::parse(name, text) {
            assert_ne!(file, config::toolchain::ToolchainFile::default());
        }
    }
});
