//! The sources that one manifest names, and the other manifests that it leads to.

use toml_edit::{Document, Item, TableLike, Value};

use super::NamedSource;
use crate::{
    policy::{Location, Package},
    runner::scan::lock::Lines,
};

/// Tables of dependencies, in the spellings that cargo takes.
const KINDS: [&str; 5] = [
    "dependencies",
    "dev-dependencies",
    "build-dependencies",
    "dev_dependencies",
    "build_dependencies",
];

/// What a git dependency may say besides its address, each with the name that a lock file has for it.
const REFERENCES: [&str; 3] = ["branch", "tag", "rev"];

/// What cargo would follow from one manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Leads {
    pub(super) sources: Vec<NamedSource>,
    /// Folders of packages, relative to the manifest's own.
    pub(super) folders: Vec<String>,
    /// Patterns of members' folders, relative to the manifest's own.
    pub(super) members: Vec<String>,
}

impl Leads {
    /// Reads the text of the manifest `file`; nothing where it is no TOML, which cargo then says.
    pub(super) fn read(file: &str, text: &str) -> Self {
        let mut leads = Self::default();
        let Ok(document) = Document::parse(text) else { return leads };
        let root: &dyn TableLike = document.as_table();
        let workspace = root.get("workspace").and_then(Item::as_table_like);
        let mut tables: Vec<Option<&Item>> = KINDS.iter().map(|kind| root.get(kind)).collect();
        tables.push(root.get("replace"));
        tables.push(workspace.and_then(|workspace| workspace.get("dependencies")));
        for (_, patched) in entries(root.get("patch")) {
            tables.push(Some(patched));
        }
        for (_, target) in entries(root.get("target")) {
            let target = target.as_table_like();
            tables.extend(KINDS.iter().map(|kind| target.and_then(|target| target.get(kind))));
        }
        let lines = Lines::of(text);
        for (name, dependency) in tables.into_iter().flat_map(entries) {
            leads.dependency(file, &lines, name, dependency);
        }
        let package = root.get("package").or_else(|| root.get("project"));
        let above = package.and_then(|package| package.as_table_like()?.get("workspace")?.as_str());
        leads.folders.extend(above.map(str::to_owned));
        let listed = |key: &str| {
            let listed =
                workspace.and_then(|workspace| workspace.get(key)).and_then(Item::as_array);
            listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)
        };
        leads.members.extend(listed("members").chain(listed("default-members")));
        leads
    }

    fn dependency(&mut self, file: &str, lines: &Lines, name: &str, dependency: &Item) {
        let Some(fields) = dependency.as_table_like() else { return };
        let field = |key: &str| fields.get(key).and_then(|item| Some((item, item.as_str()?)));
        self.folders.extend(field("path").map(|(_, path)| path.to_owned()));
        let package = field("package").map_or(name, |(_, package)| package);
        let git = field("git").map(|(item, url)| {
            let named = REFERENCES.iter().filter_map(|key| Some((key, field(key)?.1)));
            let query: Vec<String> = named.map(|(key, value)| format!("{key}={value}")).collect();
            let mark = if query.is_empty() { "" } else { "?" };
            (item, format!("git+{url}{mark}{}", query.join("&")))
        });
        let index = field("registry-index").map(|(item, url)| {
            let kind = if url.starts_with("sparse+") { "" } else { "registry+" };
            (item, format!("{kind}{url}"))
        });
        for (item, source) in git.into_iter().chain(index) {
            let offset = item.span().map_or(0, |span| span.start);
            let location = Location { file: file.to_owned(), line: lines.at(offset) };
            let package = Package { name: package.to_owned(), version: String::new() };
            self.sources.push(NamedSource { package, source, location });
        }
    }
}

fn entries(item: Option<&Item>) -> Vec<(&str, &Item)> {
    item.and_then(Item::as_table_like).into_iter().flat_map(TableLike::iter).collect()
}
