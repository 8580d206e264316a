//! What is wrong with a file of rules, and where.

use std::fmt;

/// The name that [`Mistakes`] shows if nobody gives another: the file at a repository's root.
const FILE: &str = "t5.yml";

/// More than these would not be read by anybody; the rest is counted.
const LISTED: usize = 50;

/// A place in a file, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Place {
    /// Where a mistake stands that is about the file as a whole.
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// The place of a byte offset in `text`; its end if the offset lies outside.
    pub(super) fn of_offset(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line: narrow(line), column: narrow(column) }
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// One thing that is wrong with a file.
///
/// Displays on one line, as `3:5: message; hint`. Text of the file that is repeated in a message is
/// short and without control characters, but it is still text from outside: escape it for Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Mistake {
    pub(super) fn at(place: Place, message: impl Into<String>) -> Self {
        Self { line: place.line, column: place.column, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

/// Everything that is wrong with a file, in the order of its lines; at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    listed: Vec<Mistake>,
    omitted: usize,
}

impl Mistakes {
    /// The mistakes, the first of the file first.
    pub fn list(&self) -> &[Mistake] {
        &self.listed
    }

    /// How many more there are than [`Mistakes::list`] holds.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// One line a mistake, each as `path:line:column: message; hint`.
    pub fn render(&self, path: &str) -> String {
        let mut lines: Vec<String> =
            self.listed.iter().map(|mistake| format!("{path}:{mistake}")).collect();
        if self.omitted > 0 {
            lines.push(format!("{path}: and {} more", self.omitted));
        }
        lines.join("\n")
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(FILE))
    }
}

impl std::error::Error for Mistakes {}

/// Mistakes while a file is being read.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<Mistake>);

impl Found {
    pub(super) fn push(&mut self, mistake: Mistake) {
        self.0.push(mistake);
    }

    /// The value that was read, if nothing was wrong.
    pub(super) fn or<T>(mut self, value: T) -> Result<T, Mistakes> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort_by_key(|mistake| (mistake.line, mistake.column));
        // An alias repeats what its anchor holds, and with it the mistakes.
        self.0.dedup();
        let omitted = self.0.len().saturating_sub(LISTED);
        self.0.truncate(LISTED);
        Err(Mistakes { listed: self.0, omitted })
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self { listed: vec![mistake], omitted: 0 }
    }
}

/// Text of the file as a message repeats it: short, on one line, nothing that moves a cursor.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::from("`");
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        if character.is_control() || is_invisible(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown.push('`');
    shown
}

/// Characters that reorder or hide the text around them.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
