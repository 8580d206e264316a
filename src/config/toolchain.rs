//! The toolchain file of a repository: `rust-toolchain.toml`, or `rust-toolchain` as it once was.

use toml_edit::{Document, Item, Table, Value};

use super::{
    mistake::{Mistake, Place, shown},
    name,
    scalar::Wrong,
};

/// Such files have a dozen lines.
const LARGEST: usize = 64 * 1024;

/// What a toolchain file asks for. Keys that rustup ignores are ignored here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolchainFile {
    /// `1.95.0`, `stable`, `nightly-2026-11-01`; without it rustup takes its default.
    pub channel: Option<String>,
    /// Parts beyond those of the profile.
    pub components: Vec<String>,
    /// Platforms to build for.
    pub targets: Vec<String>,
    /// `minimal`, `default` or `complete`.
    pub profile: Option<String>,
}

/// Reads a toolchain file. One by the name of `rust-toolchain` may be a single line with a channel.
///
/// # Errors
///
/// With the first thing that rustup would refuse; and for a toolchain by path, which rustup would
/// not refuse: it would run the repository's own compiler.
pub fn parse(file_name: &str, text: &str) -> Result<ToolchainFile, Mistake> {
    if text.len() > LARGEST {
        let message = format!("the file has {} bytes; at most {LARGEST} are read", text.len());
        return Err(Mistake::at(Place::START, message));
    }
    if text.trim().is_empty() {
        return Err(empty(Place::START));
    }
    let is_legacy = file_name.rsplit(['/', '\\']).next() == Some("rust-toolchain");
    if is_legacy && text.lines().count() == 1 {
        let channel = checked("the file", text.trim(), Place::START, name::toolchain)?;
        return Ok(ToolchainFile { channel: Some(channel), ..ToolchainFile::default() });
    }
    from_toml(text)
}

fn from_toml(text: &str) -> Result<ToolchainFile, Mistake> {
    let document = Document::parse(text).map_err(|error| {
        let place = place(text, error.span());
        // The first line says it; the others, if any, list what would have been right.
        let said = error.message().lines().next().unwrap_or_default();
        Mistake::at(place, format!("not valid TOML: {said}"))
    })?;
    let reader = Reader { text };
    let section = match document.get("toolchain") {
        Some(Item::Table(section)) => section,
        Some(Item::Value(Value::InlineTable(inline))) => &inline.clone().into_table(),
        Some(other) => return Err(reader.wrong("`toolchain`", "must be a section", other)),
        None => return Err(empty(Place::START)),
    };
    if let Some(path) = section.get("path") {
        let message =
            "`path` is refused: a toolchain by path would run the repository's own compiler";
        return Err(Mistake::at(place(text, path.span()), message).hint("name a channel instead"));
    }
    let file = ToolchainFile {
        channel: reader.text(section, "channel", name::toolchain)?,
        components: reader.list(section, "components")?,
        targets: reader.list(section, "targets")?,
        profile: reader.text(section, "profile", name::profile)?,
    };
    if file == ToolchainFile::default() {
        return Err(empty(Place::START));
    }
    Ok(file)
}

struct Reader<'t> {
    text: &'t str,
}

type Check = fn(&str) -> Result<(), Wrong>;

impl Reader<'_> {
    fn text(&self, section: &Table, key: &str, check: Check) -> Result<Option<String>, Mistake> {
        let Some(item) = section.get(key) else { return Ok(None) };
        let subject = format!("`{key}`");
        let Some(text) = item.as_str() else {
            return Err(self.wrong(&subject, "must be a text", item));
        };
        checked(&subject, text, place(self.text, item.span()), check).map(Some)
    }

    fn list(&self, section: &Table, key: &str) -> Result<Vec<String>, Mistake> {
        let Some(item) = section.get(key) else { return Ok(Vec::new()) };
        let Some(array) = item.as_array() else {
            return Err(self.wrong(&format!("`{key}`"), "must be a list of texts", item));
        };
        let subject = format!("an entry of `{key}`");
        let entry = |value: &Value| {
            let place = place(self.text, value.span());
            match value.as_str() {
                Some(text) => checked(&subject, text, place, name::part),
                None => Err(Mistake::at(place, format!("{subject} must be a text"))),
            }
        };
        array.iter().map(entry).collect()
    }

    fn wrong(&self, subject: &str, predicate: &str, item: &Item) -> Mistake {
        let place = place(self.text, item.span());
        Mistake::at(place, format!("{subject} {predicate}, not {}", shown(item.type_name())))
    }
}

fn checked(subject: &str, text: &str, place: Place, check: Check) -> Result<String, Mistake> {
    check(text).map(|()| text.to_owned()).map_err(|wrong| wrong.of(subject, place))
}

fn place(text: &str, span: Option<std::ops::Range<usize>>) -> Place {
    span.map_or(Place::START, |span| Place::of_offset(text, span.start))
}

fn empty(place: Place) -> Mistake {
    Mistake::at(place, "the file names no toolchain").hint("write a `channel` under `[toolchain]`")
}
