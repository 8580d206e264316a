//! The names of the files that hold rules, in the order in which they are looked for.

/// A repository's own rules for the gate.
pub const GATE_FILES: [&str; 2] = ["t5.yml", ".github/t5.yml"];
/// Where cargo-deny looks for its configuration.
pub const DENY_FILES: [&str; 3] = ["deny.toml", ".deny.toml", ".cargo/deny.toml"];
/// Where cargo-deny looks for licence exceptions.
pub const EXCEPTION_FILES: [&str; 3] =
    ["deny.exceptions.toml", ".deny.exceptions.toml", ".cargo/deny.exceptions.toml"];
/// Where cargo-audit looks for its configuration.
pub const AUDIT_FILES: [&str; 2] = [".cargo/audit.toml", "audit.toml"];
/// Where rustup looks for a toolchain.
pub const TOOLCHAIN_FILES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];
