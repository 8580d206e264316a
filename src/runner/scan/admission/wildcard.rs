//! Patterns of members, as cargo's `glob` reads them, in a time that their author does not choose.
//!
//! A matcher that tries every way in which the stars of `*a*a*a*…` could be filled needs a time
//! that grows with the power of their number, and whoever opens a pull request writes the pattern
//! and the names. Here only the last star is ever filled anew, which finds a match wherever there
//! is one, and every comparison is counted.

/// Comparisons for all patterns of a checkout: a second or two. A thousand patterns over a thousand
/// folders of usual names need a tenth of it.
pub(super) const COMPARISONS: u64 = 200_000_000;
/// The longest pattern that is read, in bytes: no path is longer than that on Linux.
const LONGEST: usize = 4096;

/// What cannot be told about a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Untold {
    /// Cargo may read it in another way.
    #[error("cannot be read")]
    Strange,
    #[error("is longer than {LONGEST} bytes")]
    Long,
    /// The comparisons are used up.
    #[error("is one too many to compare with every folder")]
    TooMuch,
}

/// How many comparisons are left.
#[derive(Debug)]
pub(super) struct Comparisons(u64);

impl Comparisons {
    pub(super) fn new(limit: u64) -> Self {
        Self(limit)
    }

    fn spend(&mut self, comparisons: usize) -> Result<(), Untold> {
        let spent = u64::try_from(comparisons).unwrap_or(u64::MAX);
        self.0 = self.0.checked_sub(spent).ok_or(Untold::TooMuch)?;
        Ok(())
    }
}

/// A pattern for the path of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// `**`: any number of folders.
    Folders,
    Name(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `*`
    Any,
    /// `?`
    One,
    Exactly(char),
    /// `[a-z]`, or `[!a-z]`
    Class {
        others: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// Reads a pattern whose steps are names: no `.`, no `..`, no empty one.
    pub(super) fn parse(text: &str) -> Result<Self, Untold> {
        if text.len() > LONGEST {
            return Err(Untold::Long);
        }
        let steps: Result<Vec<Step>, Untold> = text.split('/').map(Step::parse).collect();
        Ok(Self { steps: steps? })
    }

    /// Whether it is the path of a folder.
    pub(super) fn matches(&self, path: &str, left: &mut Comparisons) -> Result<bool, Untold> {
        let names: Vec<&str> = path.split('/').collect();
        let folders = |step: &Step| *step == Step::Folders;
        fill(&self.steps, &names, folders, |step, name| step.matches(name, left))
    }

    /// Whether what it matches could lie at `link` or behind it.
    pub(super) fn leads_through(&self, link: &str, left: &mut Comparisons) -> Result<bool, Untold> {
        if self.steps.contains(&Step::Folders) {
            return Ok(true);
        }
        let names: Vec<&str> = link.split('/').collect();
        let Some(first) = self.steps.get(..names.len()) else { return Ok(false) };
        for (step, name) in first.iter().zip(names) {
            if !step.matches(name, left)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Step {
    fn parse(text: &str) -> Result<Self, Untold> {
        if text == "**" {
            return Ok(Self::Folders);
        }
        let mut parts = Vec::new();
        let mut rest = text.chars();
        while let Some(first) = rest.next() {
            parts.push(match first {
                '*' if parts.last() == Some(&Part::Any) => return Err(Untold::Strange),
                '*' => Part::Any,
                '?' => Part::One,
                '[' => {
                    let (class, after) = class(rest.as_str()).ok_or(Untold::Strange)?;
                    rest = after.chars();
                    class
                }
                other => Part::Exactly(other),
            });
        }
        let step = Self::Name(parts);
        // Written out they were taken away before; `.*` finds them too, and leads upwards.
        match text.starts_with('.') && step.is_dots()? {
            true => Err(Untold::Strange),
            false => Ok(step),
        }
    }

    fn is_dots(&self) -> Result<bool, Untold> {
        let mut left = Comparisons::new(u64::MAX);
        Ok(self.matches(".", &mut left)? || self.matches("..", &mut left)?)
    }

    /// Whether it is this one name.
    fn matches(&self, name: &str, left: &mut Comparisons) -> Result<bool, Untold> {
        let Self::Name(parts) = self else { return Ok(true) };
        let characters: Vec<char> = name.chars().collect();
        fill(
            parts,
            &characters,
            |part| *part == Part::Any,
            |part, character| {
                left.spend(part.comparisons())?;
                Ok(part.matches(*character))
            },
        )
    }
}

impl Part {
    fn comparisons(&self) -> usize {
        match self {
            Self::Class { ranges, .. } => ranges.len(),
            Self::Any | Self::One | Self::Exactly(_) => 1,
        }
    }

    fn matches(&self, character: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Exactly(own) => *own == character,
            Self::Class { others, ranges } => {
                let within = ranges.iter().any(|(from, to)| (*from..=*to).contains(&character));
                within != *others
            }
        }
    }
}

/// The class that begins behind a bracket, and what comes after it. A bracket that closes is one of
/// the class where it is the first.
fn class(text: &str) -> Option<(Part, &str)> {
    let (others, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
    let first = text.chars().next()?.len_utf8();
    let end = first + text.get(first..)?.find(']')?;
    let (inside, after) = (text.get(..end)?, text.get(end + 1..)?);
    let characters: Vec<char> = inside.chars().collect();
    let mut rest = characters.as_slice();
    let mut ranges = Vec::new();
    while let [from, more @ ..] = rest {
        if let ['-', to, further @ ..] = more {
            ranges.push((*from, *to));
            rest = further;
        } else {
            ranges.push((*from, *from));
            rest = more;
        }
    }
    Some((Part::Class { others, ranges }, after))
}

/// Whether `text` is `pattern`, of which a star stands for any number of items and everything else
/// for one. Where something does not fit, the last star takes one item more.
fn fill<P, T>(
    pattern: &[P],
    text: &[T],
    is_star: impl Fn(&P) -> bool,
    mut fits: impl FnMut(&P, &T) -> Result<bool, Untold>,
) -> Result<bool, Untold> {
    let (mut part, mut item) = (0, 0);
    let mut star = None;
    while let Some(next) = text.get(item) {
        let expected = pattern.get(part);
        if expected.is_some_and(&is_star) {
            part += 1;
            star = Some((part, item));
            continue;
        }
        let fits = match expected {
            Some(expected) => fits(expected, next)?,
            None => false,
        };
        (part, item) = match (fits, star) {
            (true, _) => (part + 1, item + 1),
            (false, Some((after, from))) => {
                star = Some((after, from + 1));
                (after, from + 1)
            }
            (false, None) => return Ok(false),
        };
    }
    Ok(pattern.get(part..).is_some_and(|rest| rest.iter().all(is_star)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let pattern = Pattern::parse(pattern).unwrap();
        pattern.matches(path, &mut Comparisons::new(COMPARISONS)).unwrap()
    }

    #[test]
    fn forty_stars_need_no_more_comparisons_than_the_name_has_room_for() {
        let (stars, name) = ("*a".repeat(40), "a".repeat(200));
        let pattern = Pattern::parse(&format!("{stars}*b/d")).unwrap();

        let mut left = Comparisons::new(10_000);

        assert_eq!(pattern.matches(&format!("{name}/d"), &mut left), Ok(false));
        assert_eq!(pattern.matches(&format!("{name}b/d"), &mut left), Ok(true));
        let folders = "**/a/".repeat(40);
        let pattern = Pattern::parse(&format!("{folders}b")).unwrap();
        assert_eq!(pattern.matches(&"a/".repeat(200), &mut left), Ok(false));
    }

    #[test]
    fn comparisons_end_when_they_are_used_up() {
        let pattern = Pattern::parse("*a*b").unwrap();

        let mut left = Comparisons::new(20);

        assert_eq!(pattern.matches("aaaa", &mut left), Ok(false));
        assert_eq!(pattern.matches(&"a".repeat(30), &mut left), Err(Untold::TooMuch));
        assert_eq!(pattern.leads_through(&"a".repeat(30), &mut left), Err(Untold::TooMuch));
    }

    #[test]
    fn what_may_be_read_in_two_ways_is_not_read() {
        for text in ["a**", "***", "[a", "[]", "[!]", "[a/b]", "a/.*", ".?", ".[.]"] {
            assert_eq!(Pattern::parse(text), Err(Untold::Strange), "{text}");
        }
        assert_eq!(Pattern::parse(&"a".repeat(LONGEST + 1)), Err(Untold::Long));
        assert!(matches(".c*", ".cargo") && matches("[]!]x", "]x") && matches("[!!]x", "?x"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

        /// Of what both can read, cargo's own matcher says the same.
        #[test]
        fn cargo_would_find_the_same_folders(
            pattern in "([ab*?]|\\[!?[ab\\]-]{1,3}\\]|\\*\\*/|/){1,7}",
            path in "[ab\\]-]{1,3}(/[ab-]{1,3}){0,3}",
        ) {
            let named = pattern.split('/').all(|step| !step.is_empty());
            let theirs = glob::Pattern::new(&pattern);
            if let (true, Ok(theirs)) = (named && !pattern.ends_with("**"), theirs) {
                let options = glob::MatchOptions {
                    require_literal_separator: true,
                    ..glob::MatchOptions::new()
                };
                prop_assert_eq!(matches(&pattern, &path), theirs.matches_with(&path, options));
            }
        }
    }
}
