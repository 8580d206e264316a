//! The crates that attacks come in: for each way in, a crate that runs a payload there.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use super::arena::{Arena, REACHED};
use crate::support::bench_double;

const PRELUDE: &str = include_str!("payloads/prelude.rs");

/// The benchmark that honest crates have.
pub const ADD: &[(&str, f64)] = &[("add", 100.0)];

impl Arena {
    /// A payload: what all have in common, what it has to know, and `fn attack()`.
    pub fn payload(&self, target: &Path, attack: &str) -> String {
        let backwards: String = self.prize.chars().rev().collect();
        let (loot, tcp) = (self.path("loot"), self.ears.tcp.to_string());
        format!(
            "#[allow(dead_code, reason = \"each attack uses a part\")] const TARGET: &str = {target:?};\n\
             #[allow(dead_code, reason = \"each attack uses a part\")] const BACKWARDS: &str = {backwards:?};\n\
             #[allow(dead_code, reason = \"each attack uses a part\")] const REACHED: &str = {REACHED:?};\n\
             #[allow(dead_code, reason = \"each attack uses a part\")] const LOOT: &str = {loot:?};\n\
             #[allow(dead_code, reason = \"each attack uses a part\")] const TCP: &str = {tcp:?};\n{PRELUDE}\n{attack}\n"
        )
    }

    /// A crate without dependencies whose one bench behaves.
    pub fn honest(&self) {
        bench_double::write_crate(&self.repository, "", ADD);
    }

    /// A bench that attacks when it is asked what it holds.
    pub fn bench(&self, target: &Path, attack: &str) {
        self.honest();
        let source = self.payload(target, attack) + "fn main() {\n    attack();\n    leave();\n}\n";
        self.repository.write("benches/speed.rs", &source);
        self.repository.commit("Measure more");
    }

    /// A build script that attacks.
    pub fn build_script(&self, target: &Path, attack: &str) {
        self.honest();
        let source = self.payload(target, attack) + "fn main() {\n    attack();\n    leave();\n}\n";
        self.repository.write("build.rs", &source);
        self.repository.commit("Generate code");
    }

    /// A procedural macro that attacks when it is expanded.
    pub fn macro_crate(&self, target: &Path, attack: &str) {
        self.honest();
        self.with_macro(target, attack);
        let refuse = "let told = TOLD.lock().unwrap().clone();\n    \
            format!(\"compile_error!({:?});\", format!(\"{told} {REACHED}\")).parse().unwrap()";
        self.repository.edit("macros/src/lib.rs", "TokenStream::new()", refuse);
        self.repository.commit("Derive more");
    }

    /// Gives the crate a macro that attacks and expands to nothing.
    pub fn with_macro(&self, target: &Path, attack: &str) {
        let manifest = fs::read_to_string(self.repository.dir().join("Cargo.toml")).unwrap();
        let member = "\n[dependencies]\nmacros = { path = \"macros\" }\n";
        let lock = "version = 4\n\n[[package]]\nname = \"macros\"\nversion = \"0.1.0\"\n\n\
            [[package]]\nname = \"quick\"\nversion = \"0.1.0\"\ndependencies = [\n \"macros\",\n]\n";
        let source = format!(
            "extern crate proc_macro;\nuse proc_macro::TokenStream;\n{}\n\
             #[proc_macro]\npub fn nothing(_: TokenStream) -> TokenStream {{\n    attack();\n    \
             TokenStream::new()\n}}\n",
            self.payload(target, attack)
        );
        let library = fs::read_to_string(self.repository.dir().join("src/lib.rs")).unwrap();
        self.repository
            .write("Cargo.toml", &(manifest + member))
            .write("Cargo.lock", lock)
            .write("src/lib.rs", &(library + "macros::nothing!();\n"))
            .write(
                "macros/Cargo.toml",
                "[package]\nname = \"macros\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
                 [lib]\nproc-macro = true\n",
            )
            .write("macros/src/lib.rs", &source);
    }

    /// A bench with the harness of libtest, whose executable attacks before its `main`.
    pub fn test_binary(&self, target: &Path, attack: &str) {
        self.honest();
        self.repository.edit("Cargo.toml", "harness = false\n", "");
        let constructor = "extern \"C\" fn before_main() {\n    attack();\n    leave();\n}\n\
            #[used]\n#[link_section = \".init_array\"]\n\
            static BEFORE_MAIN: extern \"C\" fn() = before_main;\n";
        let source = self.payload(target, attack) + constructor;
        self.repository.write("benches/speed.rs", &source);
        self.repository.commit("Use the usual harness");
    }

    /// A configuration of cargo, and a program that it names: a shell script that does `attack` and
    /// goes on with `then`.
    pub fn cargo_config(&self, config: &str, attack: &str, then: &str) {
        self.honest();
        let loot = self.path("loot");
        let text = format!(
            "#!/bin/sh\nloot={loot:?}\n{attack}\necho '{REACHED}' >\"$loot/reached\" 2>/dev/null\n{then}\n"
        );
        self.repository.write(".cargo/config.toml", config);
        self.script("tool/program", &text);
        self.repository.commit("Configure cargo");
    }

    /// A program of the repository.
    pub fn script(&self, path: &str, text: &str) {
        self.repository.write(path, text);
        let path = self.repository.dir().join(path);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// The triple of the machine that the tests run on.
pub fn triple() -> String {
    let said = Command::new("rustc").args(["-vV"]).output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}
