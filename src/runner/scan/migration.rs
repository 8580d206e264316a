//! Keys of a cargo-deny configuration that older releases took, and what became of them.

use toml_edit::{Document, Item, TableLike};

use super::{lock::line_of, rules::RuleFile};

/// What took the place of the keys that named licences one by one.
const LICENCES: &str = "delete it: a licence that is not in `licenses.allow` is refused now";
const ALWAYS: &str = "delete it: these are errors always now, and a single advisory can be put into \
                      `advisories.ignore`";
const SCOPE: &str =
    "say where it matters instead of how much: \"all\", \"workspace\", \"transitive\" or \"none\"";

const REMOVED: [(&str, &str, &str); 8] = [
    ("licenses", "unlicensed", LICENCES),
    ("licenses", "allow-osi-fsf-free", LICENCES),
    ("licenses", "copyleft", LICENCES),
    ("licenses", "default", LICENCES),
    ("licenses", "deny", LICENCES),
    ("advisories", "vulnerability", ALWAYS),
    ("advisories", "notice", ALWAYS),
    ("advisories", "severity-threshold", ALWAYS),
];

/// Keys that once took a level and now take a scope.
const SCOPED: [&str; 2] = ["unmaintained", "unsound"];
const LEVELS: [&str; 3] = ["deny", "warn", "allow"];

/// What has to be done to each key of `file` that cargo-deny no longer takes, in their order.
pub fn migration(file: &RuleFile) -> Vec<String> {
    let Ok(document) = Document::parse(file.text.as_str()) else { return Vec::new() };
    let table = |name: &str| document.get(name).and_then(Item::as_table_like);
    let removed = REMOVED.iter().filter_map(|(name, key, what)| {
        let line = line(&file.text, table(name)?, key)?;
        Some((line, format!("`{name}.{key}`"), *what))
    });
    let scoped = SCOPED.iter().filter_map(|key| {
        let advisories = table("advisories")?;
        let level = advisories.get(key)?.as_str()?;
        let line = line(&file.text, advisories, key)?;
        LEVELS.contains(&level).then(|| (line, format!("`advisories.{key}`"), SCOPE))
    });
    let mut steps: Vec<(u32, String, &str)> = removed.chain(scoped).collect();
    steps.sort();
    steps.into_iter().map(|(line, key, what)| format!("line {line}, {key}: {what}")).collect()
}

fn line(text: &str, table: &dyn TableLike, key: &str) -> Option<u32> {
    Some(line_of(text, table.key(key)?.span()?.start))
}
