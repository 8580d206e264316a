//! The command that repeats a run.

/// `t5` with these arguments, each quoted for a shell where it needs that.
pub fn command<I>(args: I) -> String
where
    I: IntoIterator<Item = String>,
{
    let words = args.into_iter().map(quoted);
    std::iter::once("t5".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
