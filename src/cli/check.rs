//! `t5 config`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Exit,
    args::{ConfigArgs, ConfigCommand},
    fail, print,
};
use crate::{
    config::{self, Mistakes},
    runner::rule_files::GATE_FILES,
};

const DEFAULT: &str = include_str!("../../config/t5.default.yml");
const SCHEMA: &str = include_str!("../../config/t5.schema.json");
const SERVER_DEFAULT: &str = include_str!("../../config/server.default.yml");
const SERVER_SCHEMA: &str = include_str!("../../config/server.schema.json");

/// Checks or prints rules.
pub(super) fn config(args: &ConfigArgs) -> Exit {
    match &args.command {
        ConfigCommand::Default => print(DEFAULT),
        ConfigCommand::Schema => print(SCHEMA),
        ConfigCommand::ServerDefault => print(SERVER_DEFAULT),
        ConfigCommand::ServerSchema => print(SERVER_SCHEMA),
        ConfigCommand::Check { file } => return check(file.clone()),
        ConfigCommand::CheckServer { file } => return check_with(file, config::server::parse),
    }
    Exit::Good
}

fn check(file: Option<PathBuf>) -> Exit {
    let known = || GATE_FILES.iter().map(PathBuf::from).find(|path| path.exists());
    let Some(path) = file.or_else(known) else {
        let message = "no t5.yml and no .github/t5.yml here; name a file, or start from \
            `t5 config default > t5.yml`";
        return fail(&message, Exit::Usage);
    };
    check_with(&path, config::parse)
}

fn check_with<T>(path: &Path, parse: impl Fn(&str) -> Result<T, Mistakes>) -> Exit {
    let shown = path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return fail(&format!("cannot read {shown}: {error}"), Exit::Usage),
    };
    match parse(&text) {
        Ok(_) => {
            print(&format!("{shown}: in order\n"));
            Exit::Good
        }
        Err(mistakes) => fail(&mistakes.render(&shown), Exit::Usage),
    }
}
