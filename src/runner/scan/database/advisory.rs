//! The facts of one advisory, and the small file that both tools open.
//!
//! Both tools are given files that we wrote from facts that the `rustsec` library read, never the
//! originals: cargo-deny reads advisories with a parser of its own that stops, with everything, at
//! the first file it does not like.

use std::fmt::Write as _;

use rustsec::advisory::{Advisory, Informational};
use serde::{Deserialize, Serialize};

/// The facts of one advisory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fact {
    pub(crate) id: String,
    pub(crate) package: String,
    /// The day it was published.
    pub(crate) date: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) patched: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unaffected: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cvss: Option<String>,
    /// `unmaintained`, `unsound` or `notice`; absent on a vulnerability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) informational: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) withdrawn: Option<String>,
    /// Where the package comes from, if not from crates.io.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// `crates` or `rust`.
    pub(crate) collection: String,
    /// Words, not a fact: a snapshot leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
}

impl Fact {
    /// The facts of an advisory that was read from the folder of `collection`.
    ///
    /// # Errors
    ///
    /// With what is wrong, if the two tools could not both make the same of it.
    pub(crate) fn of(advisory: &Advisory, collection: &str) -> Result<Self, String> {
        let metadata = &advisory.metadata;
        if let Some(Informational::Other(kind)) = &metadata.informational {
            return Err(format!("its kind `{kind}` is not known"));
        }
        let fact = Self {
            id: metadata.id.to_string(),
            package: metadata.package.to_string(),
            date: metadata.date.as_str().to_owned(),
            patched: advisory.versions.patched().iter().map(ToString::to_string).collect(),
            unaffected: advisory.versions.unaffected().iter().map(ToString::to_string).collect(),
            cvss: metadata.cvss.as_ref().map(ToString::to_string),
            informational: metadata.informational.as_ref().map(ToString::to_string),
            aliases: metadata.aliases.iter().map(ToString::to_string).collect(),
            withdrawn: metadata.withdrawn.as_ref().map(|date| date.as_str().to_owned()),
            source: metadata.source.as_ref().map(ToString::to_string),
            collection: collection.to_owned(),
            title: Some(metadata.title.clone()),
        };
        let bad = |text: &&String| text.contains(['"', '\\']) || text.contains(char::is_control);
        if let Some(odd) = fact.strings().find(bad) {
            return Err(format!("`{}` holds a character that it must not", odd.escape_debug()));
        }
        Ok(fact)
    }

    /// Everything that stands between quotes in the file.
    fn strings(&self) -> impl Iterator<Item = &String> {
        let lists = self.patched.iter().chain(&self.unaffected).chain(&self.aliases);
        let maybe = [&self.cvss, &self.informational, &self.withdrawn, &self.source];
        [&self.id, &self.package, &self.date]
            .into_iter()
            .chain(lists)
            .chain(maybe.into_iter().flatten())
    }

    /// `crates/name/RUSTSEC-….md`
    pub(crate) fn path(&self) -> String {
        format!("{}/{}/{}.md", self.collection, self.package, self.id)
    }

    /// The file that both tools read.
    pub(crate) fn render(&self) -> String {
        let mut text = String::with_capacity(512);
        text.push_str("```toml\n[advisory]\n");
        let mut pair = |key: &str, value: Option<&String>| {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{key} = \"{value}\"");
            }
        };
        pair("id", Some(&self.id));
        pair("package", Some(&self.package));
        pair("date", Some(&self.date));
        pair("cvss", self.cvss.as_ref());
        pair("informational", self.informational.as_ref());
        pair("withdrawn", self.withdrawn.as_ref());
        pair("source", self.source.as_ref());
        let list = |items: &[String]| {
            let quoted: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
            quoted.join(", ")
        };
        let aliases = list(&self.aliases);
        let (patched, unaffected) = (list(&self.patched), list(&self.unaffected));
        let _ = writeln!(
            text,
            "aliases = [{aliases}]\n\n[versions]\npatched = [{patched}]\nunaffected = \
             [{unaffected}]\n```\n\n# {}\n",
            self.headline()
        );
        text
    }

    fn headline(&self) -> String {
        let title = self
            .title
            .as_deref()
            .map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
        title.filter(|title| !title.is_empty()).unwrap_or_else(|| {
            let kind = self.informational.as_deref().unwrap_or("vulnerability");
            format!("{kind} in {} (see https://rustsec.org/advisories/{})", self.package, self.id)
        })
    }
}
