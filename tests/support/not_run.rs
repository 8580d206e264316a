//! What this machine cannot try is listed, never passed over in silence.

use std::{env, fs::OpenOptions, io::Write as _, process::Command};

/// Whether this program succeeds here. If not, the test is noted as not run, with the command that
/// would make it run; `ci/check` prints the list and CI treats it as a failure. Without a list to
/// write to, the test fails.
pub fn needs(test: &str, program: &[&str], mend: &str) -> bool {
    let succeeded = Command::new(program[0]).args(&program[1..]).output();
    if succeeded.is_ok_and(|output| output.status.success()) {
        return true;
    }
    let Some(list) = env::var_os("T5_NOT_RUN") else {
        panic!("`{}` does not work here; {mend}", program.join(" "));
    };
    let mut list = OpenOptions::new().append(true).open(list).unwrap();
    writeln!(list, "test {test}: {mend}").unwrap();
    false
}
