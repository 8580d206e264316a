//! The line of a manifest that names a dependency.

use toml_edit::{Document, Item, TableLike};

use super::lock::line_of;

/// Where a manifest names a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Counted from 1.
    pub line: u32,
    /// The manifest leaves the version to its workspace (`workspace = true`).
    pub inherited: bool,
}

const KINDS: [&str; 3] = ["dependencies", "build-dependencies", "dev-dependencies"];

/// Where the text of a `Cargo.toml` names the package `name`, under that name or another.
pub fn dependency(manifest: &str, name: &str) -> Option<Named> {
    let document = Document::parse(manifest).ok()?;
    let root = document.as_table();
    let own = KINDS.iter().filter_map(|kind| root.get(kind));
    let targets = root.get("target").and_then(Item::as_table_like).into_iter();
    let targeted = targets
        .flat_map(TableLike::iter)
        .filter_map(|(_, target)| target.as_table_like())
        .flat_map(|target| KINDS.iter().filter_map(|kind| target.get(kind)));
    own.chain(targeted).find_map(|table| in_table(manifest, table.as_table_like()?, name))
}

/// Where the text of a workspace's `Cargo.toml` names a dependency for its members.
pub fn workspace_dependency(manifest: &str, name: &str) -> Option<u32> {
    let document = Document::parse(manifest).ok()?;
    let table = document.get("workspace")?.get("dependencies")?.as_table_like()?;
    in_table(manifest, table, name).map(|named| named.line)
}

/// The line of the `[package]` table: where a workspace's own package starts.
pub fn package(manifest: &str) -> Option<u32> {
    let document = Document::parse(manifest).ok()?;
    let span = document.get("package")?.as_table()?.span()?;
    Some(line_of(manifest, span.start))
}

fn in_table(manifest: &str, table: &dyn TableLike, name: &str) -> Option<Named> {
    let field = |item: &Item, field: &str| {
        item.as_table_like().and_then(|fields| fields.get(field)).cloned()
    };
    let (key, item) = table.iter().find(|(key, item)| {
        let renamed = field(item, "package");
        renamed.as_ref().and_then(Item::as_str).unwrap_or(key) == name
    })?;
    let inherited = field(item, "workspace").and_then(|flag| flag.as_bool()).unwrap_or_default();
    // A dependency in a table of its own (`[dependencies.x]`) has its name in the header.
    let span = table.key(key).and_then(|key| key.span()).or_else(|| item.span())?;
    Some(Named { line: line_of(manifest, span.start), inherited })
}
