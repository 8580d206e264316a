//! The commands that bring one row of a report forth again, in a clone of the repository.

use crate::{perf::BenchId, receipt::Receipt};

/// The policy part of this run alone.
pub(super) fn policy(receipt: &Receipt) -> String {
    format!("{} --only policy", against(receipt))
}

/// The performance part of this run alone.
pub(super) fn benches(receipt: &Receipt) -> String {
    format!("{} --only bench", against(receipt))
}

/// One benchmark (and those whose ids contain its own), in the same orders.
pub(super) fn bench(receipt: &Receipt, bench: &BenchId) -> String {
    let seed = receipt.perf.as_ref().map(|perf| format!(" --seed {}", perf.seed));
    let id = quoted(&format!("--bench={}", bench.id));
    format!("{} {id}{}", benches(receipt), seed.unwrap_or_default())
}

/// The same two commits under the same rules: the base is found again from the commit that the
/// rules came from.
fn against(receipt: &Receipt) -> String {
    let subject = &receipt.subject;
    let mut command = "t5 run".to_owned();
    if !subject.subfolder.is_empty() {
        command.push_str(&format!(" {}", quoted(&format!("--repo={}", subject.subfolder))));
    }
    if let Some(base) = subject.rules.as_ref().or(subject.base.as_ref()) {
        command.push_str(&format!(" --base {}", quoted(&base.sha)));
    }
    command.push_str(&format!(" --head {}", quoted(&subject.head.sha)));
    command
}

/// One word for a shell, whatever is in it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(quoted("--bench=dot/1024"), "--bench=dot/1024");
        assert_eq!(quoted("a b;`c` $(d)"), "'a b;`c` $(d)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
