//! Manifests of base and head, compared by what they mean and not by their lines.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::harness::HARNESSES;

/// Names that one sentence lists.
const NAMED: usize = 5;

/// What the workspace's root manifest says otherwise of profiles, and of where harnesses come from.
pub fn root_edits(before: Option<&str>, after: Option<&str>) -> Vec<String> {
    compared(before, after, |before, after| {
        let mut told = Vec::new();
        for (name, before, after) in
            differing(&table(before, &["profile"]), &table(after, &["profile"]))
        {
            told.push(format!("profile.{name} changed{}", names(&before, &after)));
        }
        told.extend(of_harnesses(
            before,
            after,
            &["workspace", "dependencies"],
            "workspace dependency",
        ));
        told.extend(of_harnesses(before, after, &["replace"], "replacement of"));
        let registries = [before, after].into_iter().flat_map(|side| table(side, &["patch"]));
        let registries: BTreeSet<String> = registries.map(|(name, _)| name).collect();
        for registry in &registries {
            told.extend(of_harnesses(before, after, &["patch", registry], "patch of"));
        }
        told
    })
}

/// What the manifest of a package with benches says otherwise of how they are built.
pub fn package_edits(before: Option<&str>, after: Option<&str>) -> Vec<String> {
    compared(before, after, |before, after| {
        let mut told = Vec::new();
        let differs = |path: &[&str]| at(before, path) != at(after, path);
        if differs(&["bench"]) {
            told.push("[[bench]] changed".to_owned());
        }
        if differs(&["package", "autobenches"]) {
            told.push("package.autobenches changed".to_owned());
        }
        if differs(&["package", "build"]) {
            told.push("package.build changed".to_owned());
        }
        for section in ["features", "dev-dependencies"] {
            if differs(&[section]) {
                let (before, after) = (table(before, &[section]), table(after, &[section]));
                let (before, after) = (Value::Object(before), Value::Object(after));
                told.push(format!("{section} changed{}", names(&before, &after)));
            }
        }
        if platform_dependencies(before) != platform_dependencies(after) {
            told.push("dev-dependencies of a platform changed".to_owned());
        }
        told
    })
}

/// The file that a manifest names as its build script.
pub fn build_script(manifest: &str) -> Option<String> {
    at(&parsed(manifest)?, &["package", "build"])?.as_str().map(str::to_owned)
}

fn compared(
    before: Option<&str>,
    after: Option<&str>,
    compare: impl Fn(&Value, &Value) -> Vec<String>,
) -> Vec<String> {
    let side = |text: Option<&str>| match text {
        None => Some(Value::Object(Map::new())),
        Some(text) => parsed(text),
    };
    match (side(before), side(after)) {
        (Some(before), Some(after)) => compare(&before, &after),
        _ if before == after => Vec::new(),
        _ => vec!["changed, and not readable as TOML".to_owned()],
    }
}

fn parsed(text: &str) -> Option<Value> {
    toml_edit::de::from_str(text).ok()
}

fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

fn table(value: &Value, path: &[&str]) -> Map<String, Value> {
    at(value, path).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The keys whose values differ, with both values; `null` where there is none.
fn differing(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Vec<(String, Value, Value)> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let of = |side: &Map<String, Value>, key: &String| side.get(key).cloned().unwrap_or_default();
    keys.into_iter()
        .map(|key| (key.clone(), of(before, key), of(after, key)))
        .filter(|(_, before, after)| before != after)
        .collect()
}

/// `: lto, panic`: the keys of two tables that differ; nothing where one of them is no table.
fn names(before: &Value, after: &Value) -> String {
    let side = |value: &Value| match value {
        Value::Null => Some(Map::new()),
        Value::Object(table) => Some(table.clone()),
        _ => None,
    };
    let (Some(before), Some(after)) = (side(before), side(after)) else {
        return String::new();
    };
    let all: Vec<String> = differing(&before, &after).into_iter().map(|(key, ..)| key).collect();
    let shown = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len() {
        0 => String::new(),
        count if count > NAMED => format!(": {shown} and {} more", count - NAMED),
        _ => format!(": {shown}"),
    }
}

/// Harnesses whose entry in a table of dependencies differs.
fn of_harnesses(before: &Value, after: &Value, path: &[&str], what: &str) -> Vec<String> {
    let harness = |name: &str, value: &Value| {
        // The package may be renamed; a replacement is named with its version.
        let package = value.get("package").and_then(Value::as_str).unwrap_or(name);
        let package = package.split(['@', ':', '#']).next().unwrap_or(package);
        HARNESSES.contains(&package).then(|| package.to_owned())
    };
    differing(&table(before, path), &table(after, path))
        .into_iter()
        .filter_map(|(name, before, after)| {
            let harness = harness(&name, &before).or_else(|| harness(&name, &after))?;
            Some(format!("{what} {harness} changed"))
        })
        .collect()
}

/// The dev-dependencies of `[target.'cfg(…)']` tables, by platform.
fn platform_dependencies(manifest: &Value) -> Map<String, Value> {
    table(manifest, &["target"])
        .into_iter()
        .filter_map(|(platform, tables)| Some((platform, tables.get("dev-dependencies")?.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(before: &str, after: &str) -> String {
        root_edits(Some(before), Some(after)).join("; ")
    }

    fn package(before: &str, after: &str) -> String {
        package_edits(Some(before), Some(after)).join("; ")
    }

    #[test]
    fn profiles_are_compared_by_what_they_mean() {
        let one = "[profile.release]\nlto = true\nopt-level = 3\n";
        let same = "[profile]\nrelease = { opt-level = 3, lto = true } # as before\n";
        assert_eq!(root(one, same), "");
        let other = "[profile.release]\nopt-level = 3\nlto = \"thin\"\ndebug = 1\n";
        assert_eq!(root(one, other), "profile.release changed: debug, lto");
        assert_eq!(root(one, ""), "profile.release changed: lto, opt-level");
        let nested = format!("{one}[profile.bench.package.\"*\"]\nopt-level = 0\n");
        assert_eq!(root(one, &nested), "profile.bench changed: package");
    }

    #[test]
    fn where_a_harness_comes_from_is_compared() {
        let told = root("", "[workspace.dependencies]\ncriterion = \"0.8\"\nserde = \"1\"\n");
        assert_eq!(told, "workspace dependency criterion changed");
        let told = root(
            "",
            "[patch.crates-io]\nserde = { path = \"s\" }\nc = { package = \"criterion\", path = \"mine\" }\n",
        );
        assert_eq!(told, "patch of criterion changed");
        let told = root("", "[replace]\n\"divan:0.1.0\" = { path = \"mine\" }\n");
        assert_eq!(told, "replacement of divan changed");
    }

    #[test]
    fn what_builds_a_bench_is_compared_and_nothing_else_of_its_package() {
        let one = "[package]\nname = \"a\"\nversion = \"0.1.0\"\n\n[lints.rust]\nmissing_docs = \"warn\"\n\n[dependencies]\nserde = \"1\"\n";
        let plain =
            "[package]\nname = \"a\"\nversion = \"0.2.0\"\n\n[dependencies]\nserde = \"1.1\"\n";
        assert_eq!(package(one, plain), "");
        let bench = format!("{one}[[bench]]\nname = \"speed\"\nharness = false\n");
        assert_eq!(package(one, &bench), "[[bench]] changed");
        let more = format!(
            "{one}[features]\nfast = []\n[dev-dependencies]\ncriterion = \"0.8\"\n\
             [target.'cfg(unix)'.dev-dependencies]\nlibc = \"0.2\"\n"
        );
        assert_eq!(
            package(one, &more),
            "features changed: fast; dev-dependencies changed: criterion; dev-dependencies of a \
             platform changed"
        );
        let build =
            one.replace("name = \"a\"", "name = \"a\"\nbuild = \"gen.rs\"\nautobenches = false");
        assert_eq!(package(one, &build), "package.autobenches changed; package.build changed");
        assert_eq!(build_script(&build).as_deref(), Some("gen.rs"));
        assert_eq!(build_script(&build.replace("\"gen.rs\"", "false")), None);
    }

    #[test]
    fn what_cannot_be_read_is_said_to_be_so() {
        assert_eq!(root("a = 1", "a = "), "changed, and not readable as TOML");
        assert_eq!(root("a = ", "a = "), "");
        assert_eq!(root_edits(None, None), Vec::<String>::new());
        let deep = "a = ".to_owned() + &"[".repeat(100_000);
        assert_eq!(root("", &deep), "changed, and not readable as TOML");
    }

    #[test]
    fn a_long_list_is_cut() {
        let many: String = (0..9).map(|at| format!("f{at} = []\n")).collect();
        let told = package("", &format!("[features]\n{many}"));
        assert_eq!(told, "features changed: f0, f1, f2, f3, f4 and 4 more");
    }
}
