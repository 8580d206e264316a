//! Patterns for the names of bench targets, as a shell has them: `quant*`, `?`, `[a-c]`.

use glob::Pattern;

use super::{mistake::shown, scalar::Wrong};

/// Longer than any name of a bench target.
const LONGEST: usize = 128;

/// Whether a text is a pattern that some name could match.
pub(super) fn check(text: &str) -> Result<(), Wrong> {
    if text.len() > LONGEST {
        return Err(Wrong::new(format!("must have at most {LONGEST} bytes")));
    }
    if text.contains(['{', '}', ',', '/', '\\', ' ']) {
        let wrong = Wrong::new(format!("must match a bench target's name, not {}", shown(text)));
        return Err(wrong.hint("write one pattern an entry, with *, ? and [a-c] alone"));
    }
    match Pattern::new(text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let at = error.pos.saturating_add(1);
            let what = format!("is no pattern, but {}: {} at {at}", shown(text), error.msg);
            Err(Wrong::new(what))
        }
    }
}

/// Whether any of the patterns matches. One that is none matches nothing.
pub(super) fn any_matches(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|text| Pattern::new(text).is_ok_and(|pattern| pattern.matches(name)))
}
