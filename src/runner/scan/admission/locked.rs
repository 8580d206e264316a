//! The sources that a lock file names, from its text alone.

use std::collections::BTreeSet;

use toml_edit::{Document, Item, TableLike, Value};

use super::NamedSource;
use crate::{
    policy::{Location, Package},
    runner::scan::lock::Lines,
};

/// Every source in the text of the lock file `file`; none where it is no TOML, which is for others
/// to say.
///
/// Besides the `source` of a package, a source stands in brackets behind a dependency or a
/// replacement, and with a patch that nothing uses: cargo may look at any of them.
pub(super) fn sources(file: &str, text: &str) -> Vec<NamedSource> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let root: &dyn TableLike = document.as_table();
    let unused = root.get("patch").and_then(|patch| patch.as_table_like()?.get("unused"));
    let listed = [root.get("package"), unused].into_iter().flatten().flat_map(tables);
    let root_package = root.get("root").and_then(Item::as_table_like);
    let mut named = Vec::new();
    let mut behind = Vec::new();
    for package in listed.chain(root_package) {
        read(package, &mut named, &mut behind);
    }
    let known: BTreeSet<String> = named.iter().map(|(_, source, _)| source.clone()).collect();
    behind.retain(|(_, source, _)| !known.contains(source));
    let lines = Lines::of(text);
    named
        .into_iter()
        .chain(behind)
        .map(|(package, source, offset)| NamedSource {
            package,
            source,
            location: Location { file: file.to_owned(), line: lines.at(offset) },
        })
        .collect()
}

type Found = (Package, String, usize);

fn read(package: &dyn TableLike, named: &mut Vec<Found>, behind: &mut Vec<Found>) {
    let text = |key: &str| package.get(key).and_then(Item::as_str).unwrap_or_default().to_owned();
    let own = Package { name: text("name"), version: text("version") };
    let offset = |item: &Item| item.span().map_or(0, |span| span.start);
    if let Some(item) = package.get("source") {
        // Something else than a text is no source that anybody allowed.
        let source = item.as_str().unwrap_or_default().to_owned();
        named.push((own.clone(), source, offset(item)));
    }
    if let Some(item) = package.get("replace") {
        let source = bracketed(item.as_str().unwrap_or_default());
        behind.extend(source.map(|source| (own.clone(), source, offset(item))));
    }
    let dependencies = package.get("dependencies").and_then(Item::as_array);
    for dependency in dependencies.into_iter().flatten() {
        let at = dependency.span().map_or(0, |span| span.start);
        let source = dependency.as_str().and_then(bracketed);
        behind.extend(source.map(|source| (own.clone(), source, at)));
    }
}

/// What stands in brackets at the end of `name version (source)`.
fn bracketed(text: &str) -> Option<String> {
    let (_, source) = text.split_once('(')?;
    Some(source.strip_suffix(')').unwrap_or(source).to_owned())
}

/// The tables of a list, however it is written.
fn tables(item: &Item) -> Vec<&dyn TableLike> {
    let headed = item.as_array_of_tables().into_iter().flatten();
    let inline = item.as_array().into_iter().flatten().filter_map(Value::as_inline_table);
    let headed = headed.map(|table| table as &dyn TableLike);
    headed.chain(inline.map(|table| table as &dyn TableLike)).collect()
}
