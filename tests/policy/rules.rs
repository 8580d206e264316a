//! The cargo-deny configuration: what is read in it, and what is put into it.

use std::path::Path;

use t5_gate::runner::scan::{
    RuleFile, SHIPPED_RULES,
    rules::{DenyRules, Graph, audit_ignored},
};

fn file(text: &str) -> RuleFile {
    RuleFile { path: "deny.toml".to_owned(), text: text.to_owned() }
}

fn graph(text: &str) -> Graph {
    DenyRules::parse(&file(text)).unwrap().graph
}

#[test]
fn cargo_is_asked_what_the_graph_table_says() {
    let all = graph("[graph]\nall-features = true\ntargets = [\"x86_64-unknown-linux-gnu\"]\n");
    assert_eq!(
        all.arguments(),
        ["--all-features", "--filter-platform", "x86_64-unknown-linux-gnu"]
    );

    let some = graph("[graph]\nno-default-features = true\nfeatures = [\"a\", \"b\"]\n");
    assert_eq!(some.arguments(), ["--no-default-features", "--features", "a,b"]);

    let tables =
        graph("[graph]\ntargets = [{ triple = \"aarch64-apple-darwin\", features = [] }]\n");
    assert_eq!(tables.arguments(), ["--filter-platform", "aarch64-apple-darwin"]);

    // Of several targets cargo can filter none; cargo-deny does it.
    let two =
        graph("[graph]\ntargets = [\"x86_64-unknown-linux-gnu\", \"aarch64-apple-darwin\"]\n");
    assert_eq!(two.arguments(), [] as [&str; 0]);

    // Where these keys stood before there was a graph table.
    assert_eq!(graph("all-features = true\n").arguments(), ["--all-features"]);
    assert_eq!(graph("").arguments(), [] as [&str; 0]);
}

#[test]
fn our_database_replaces_the_rules_own_and_nothing_else_changes() {
    let text = "# why\n[licenses]\nallow = [\"MIT\"] # because\n\n[advisories]\ndb-path = \"~/mine\"\n\
                db-urls = [\"https://example.org/db\"]\nmaximum-db-staleness = \"P1D\"\nyanked = \"deny\"\n";

    let effective = DenyRules::parse(&file(text)).unwrap().over(Path::new("/a \"place\"")).unwrap();

    insta::assert_snapshot!(effective, @r##"
    # why
    [licenses]
    allow = ["MIT"] # because

    [advisories]
    db-path = '/a "place"'
    db-urls = ["https://github.com/RustSec/advisory-db"]
    maximum-db-staleness = "P36500D"
    yanked = "deny"
    "##);
}

#[test]
fn rules_without_an_advisories_table_get_one() {
    let rules = DenyRules::parse(&file("[bans]\nmultiple-versions = \"deny\"\n")).unwrap();

    let effective = rules.over(Path::new("/db")).unwrap();

    assert!(effective.contains("[advisories]\ndb-path = \"/db\"\n"), "{effective}");
}

#[test]
fn rules_that_are_no_toml_are_refused_with_their_line() {
    let broken = DenyRules::parse(&file("[licenses]\nallow = [\"MIT\"\n\n[bans]\n")).unwrap_err();
    assert!(broken.to_string().starts_with("deny.toml:"), "{broken}");
    assert!(broken.line.is_some());

    let odd = DenyRules::parse(&file("advisories = 1\n")).unwrap().over(Path::new("/db"));
    assert_eq!(odd.unwrap_err().to_string(), "deny.toml: `advisories` must be a table");
}

#[test]
fn ignored_advisories_are_read_from_both_kinds_of_file() {
    let text = "[advisories]\nignore = [\"RUSTSEC-2020-0001\", { id = \"RUSTSEC-2020-0002\", reason = \
                \"x\" }, { crate = \"a@1.0.0\" }]\n";

    let ids = ["RUSTSEC-2020-0001", "RUSTSEC-2020-0002"];
    assert_eq!(DenyRules::parse(&file(text)).unwrap().ignored, ids);
    assert_eq!(audit_ignored(&file(text)).unwrap(), ids);
    assert!(audit_ignored(&file("[advisories\n")).is_err());
}

#[test]
fn rules_that_look_into_build_scripts_are_known() {
    let looks = |text: &str| DenyRules::parse(&file(text)).unwrap().looks_into_builds;

    assert!(looks("[bans.build]\nexecutables = \"deny\"\n"));
    assert!(!looks(SHIPPED_RULES));
}
