//! Reads single values, and says what is wrong with one.

use std::time::Duration;

use super::{
    duration,
    mistake::{Mistake, Place, is_invisible},
    tree::{Node, Value},
};

/// Why a value does not do; the sentence begins with the key's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    predicate: String,
    hint: Option<String>,
}

impl Wrong {
    /// `predicate` reads on after «`min-throughput`»: «must be …».
    pub(super) fn new(predicate: impl Into<String>) -> Self {
        Self { predicate: predicate.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(super) fn of(self, subject: &str, place: Place) -> Mistake {
        let message = format!("{subject} {}", self.predicate);
        Mistake { hint: self.hint, ..Mistake::at(place, message) }
    }
}

/// `true` or `false`.
pub(super) fn flag(node: &Node) -> Result<bool, Wrong> {
    match &node.value {
        Value::Flag(flag) => Ok(*flag),
        other => Err(Wrong::new(format!("must be `true` or `false`, not {}", other.described()))),
    }
}

/// A number.
pub(super) fn number(node: &Node) -> Result<f64, Wrong> {
    match &node.value {
        Value::Number(number) => Ok(*number),
        other => Err(Wrong::new(format!("must be a number, not {}", other.described()))),
    }
}

/// A text that is not empty, trimmed, perhaps of several lines.
pub(super) fn prose(node: &Node) -> Result<String, Wrong> {
    let text = match &node.value {
        Value::Text(text) => text.trim(),
        other @ (Value::Flag(_) | Value::Number(_)) => {
            let wrong = Wrong::new(format!("must be a text, not {}", other.described()));
            return Err(wrong.hint("put it in quotes"));
        }
        other => return Err(Wrong::new(format!("must be a text, not {}", other.described()))),
    };
    if text.is_empty() {
        return Err(Wrong::new("must not be empty"));
    }
    if text.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || is_invisible(c)) {
        return Err(Wrong::new("must not hold control or invisible characters"));
    }
    Ok(text.to_owned())
}

/// A text of one line.
pub(super) fn line(node: &Node) -> Result<String, Wrong> {
    let text = prose(node)?;
    if text.contains(['\n', '\t']) {
        return Err(Wrong::new("must stand on one line, without tabs"));
    }
    Ok(text)
}

/// A text of one line that is taken as it stands, blanks included.
pub(super) fn word(node: &Node) -> Result<String, Wrong> {
    let text = line(node)?;
    match &node.value {
        Value::Text(written) if *written != text => {
            Err(Wrong::new("must not begin or end with blanks"))
        }
        _ => Ok(text),
    }
}

/// A word that passes a check of its own.
pub(super) fn checked(
    node: &Node,
    check: impl Fn(&str) -> Result<(), Wrong>,
) -> Result<String, Wrong> {
    let text = word(node)?;
    check(&text)?;
    Ok(text)
}

/// A length of time.
pub(super) fn length(node: &Node) -> Result<Duration, Wrong> {
    if let Value::Number(number) = node.value {
        let wrong = Wrong::new(format!("must be a duration, not the number {number}"));
        return Err(wrong.hint("add its unit, as in 90s, 10m, 1h30m or 30d"));
    }
    let text = line(node)?;
    duration::parse(&text).map_err(|error| {
        let found = node.value.described();
        Wrong::new(format!("is no duration, but {found}: it {error}"))
            .hint("write it as in 90s, 10m, 1h30m or 30d")
    })
}
