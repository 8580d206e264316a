//! What the rules let be fetched, from texts alone.

use std::fs;

use proptest::prelude::*;
use t5_gate::runner::scan::{
    RuleFile, Strictness,
    admission::{Admission, NamedSource, Refusal, in_lock, in_manifest, named_sources, next},
};
use tempfile::TempDir;

use super::world::write;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const NOWHERE: &str = "git+https://git.example.net/eve/evil?rev=0123#0123";

fn lock(sources: &[&str]) -> String {
    let mut text = "version = 4\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n".to_owned();
    for (at, source) in sources.iter().enumerate() {
        text.push_str(&format!(
            "\n[[package]]\nname = \"p{at}\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n"
        ));
    }
    text
}

fn admission(sources: &str, strictness: Strictness) -> Admission {
    let text = format!("[sources]\n{sources}\n");
    Admission::new(Some(&RuleFile { path: "deny.toml".to_owned(), text }), strictness).unwrap()
}

fn named(sources: &[&str]) -> Vec<NamedSource> {
    in_lock("Cargo.lock", &lock(sources))
}

fn lets(rules: &str, source: &str) -> bool {
    admission(rules, Strictness::AsPolicy).admitted(&named(&[source])).is_ok()
}

#[test]
fn a_refused_source_is_told_with_its_package_its_line_and_what_to_do() {
    let shipped = Admission::new(None, Strictness::AsPolicy).unwrap();

    let refused = shipped.admitted(&named(&[CRATES_IO, NOWHERE])).unwrap_err();

    let [refused] = refused.as_slice() else { panic!("{refused:?}") };
    assert_eq!(
        refused.to_string(),
        format!(
            "p1 1.0.0 (Cargo.lock:15) comes from «{NOWHERE}», which config/deny.toml does not allow"
        )
    );
    assert_eq!(refused.why, Refusal::Denied);
}

#[test]
fn what_is_unknown_is_refused_warned_of_or_let_through_as_the_rules_say() {
    let registry = "sparse+https://crates.example.net/index/";
    for (word, lets_through) in [("deny", false), ("warn", true), ("allow", true), ("alow", false)]
    {
        assert_eq!(lets(&format!("unknown-git = \"{word}\""), NOWHERE), lets_through, "{word}");
        let rules = format!("unknown-registry = \"{word}\"");
        assert_eq!(lets(&rules, registry), lets_through, "{word}");
    }
    assert!(lets("", NOWHERE), "cargo-deny's own default is to warn");
    let strict = admission("", Strictness::OnlyAllowed);
    let refused = strict.admitted(&named(&[CRATES_IO, NOWHERE, registry])).unwrap_err();
    assert_eq!(refused.len(), 2, "a stranger gets what is named, and crates.io is");
    assert!(
        refused
            .iter()
            .all(|one| one.why == Refusal::Unnamed && one.to_string().contains("does not name"))
    );
}

#[test]
fn what_is_named_is_allowed_however_it_is_named() {
    let deny = "unknown-git = \"deny\"\nunknown-registry = \"deny\"\n";
    for (rule, source) in [
        ("allow-git = [\"https://git.example.org/o/r\"]", "git+https://git.example.org/o/r.git#1"),
        (
            "allow-git = [\"git+https://git.example.org/o/r.git\"]",
            "git+https://git.example.org/o/r",
        ),
        (
            "allow-git = [\"https://git.example.org/o/r/\"]",
            "git+https://GIT.example.org/o/r?tag=v1#1",
        ),
        ("private = [\"https://git.example.org/team\"]", "git+https://git.example.org/team/r#1"),
        ("allow-org = { github = [\"Ada\"] }", "git+https://github.com/ada/quick?branch=main#1"),
        ("allow-org = { github = [\"ada\"] }", "git+ssh://git@github.com/ada/quick#1"),
        ("allow-registry = [\"sparse+https://c.example.org/\"]", "sparse+https://c.example.org/"),
        ("allow-registry = [\"https://c.example.org/i\"]", "registry+https://c.example.org/i"),
        ("allow-registry = [\"sparse+https://index.crates.io/\"]", CRATES_IO),
        ("", "sparse+https://index.crates.io/"),
    ] {
        assert!(lets(&format!("{deny}{rule}"), source), "{rule} lets {source} through");
    }
}

#[test]
fn no_trick_of_a_url_makes_it_one_that_is_named() {
    let rules = "unknown-git = \"deny\"\nunknown-registry = \"deny\"\n\
                 allow-registry = [\"https://c.example.org/i\"]\n\
                 allow-git = [\"https://git.example.org/o/r\"]\n\
                 private = [\"https://git.example.org/team\"]\n\
                 allow-org = { github = [\"ada\"] }";
    for source in [
        CRATES_IO,
        "git+https://git.example.org@evil.example/o/r",
        "git+https://git.example.org:pass@evil.example/o/r",
        "git+https://git.example.org%2fo%2fr@evil.example/",
        "git+https://eve@git.example.org/o/r",
        "git+http://git.example.org/o/r",
        "git+https://git.example.org:8443/o/r",
        "git+https://git.example.org./o/r",
        "git+https://git.example.org.evil.example/o/r",
        "git+https://evil.example\\\\@git.example.org/o/r",
        "git+https://evil.example#@git.example.org/o/r",
        "git+https://git.example.org/o/../eve/r",
        "git+https://git.example.org/eve/../o/r",
        "git+https://git.example.org/o/%72",
        "git+https://git.example.org/o//r",
        "git+https://git.example.org/team-evil/r",
        "git+https://git.example.org/team/../eve/r",
        "git+https://github.com/adam/quick",
        "git+https://github.com//ada/quick",
        "git+https://github.com:444/ada/quick",
        "git+https://eve@github.com/ada/quick",
        "git+ssh://github.com/ada/quick",
        "git+https://evil.example/github.com/ada",
        "git+file:///srv/git/r",
        "git+ext::sh -c true",
        "git+https:/git.example.org/o/r",
        "registry+https://c.example.org/i?x",
        "registry+https://c.example.org/i/../j",
        "registry+file:///etc",
        "path+file:///etc",
        "directory+file:///etc",
        "local-registry+file:///etc",
        "https://git.example.org/o/r",
        "GIT+https://git.example.org/o/r",
        "",
    ] {
        assert!(!lets(rules, source), "{source} slips through");
    }
    let anything = "unknown-git = \"allow\"\nunknown-registry = \"allow\"";
    assert!(!lets(anything, "path+file:///etc"), "what is not fetched is no source");
}

#[test]
fn a_source_is_seen_wherever_a_lock_file_can_name_it() {
    for text in [
        format!("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = '{NOWHERE}'\n"),
        format!("package = [{{ name = \"a\", version = \"1.0.0\", source = \"{NOWHERE}\" }}]\n"),
        format!("[[\"package\"]]\nname = \"a\"\n\"sour\\u0063e\" = \"{NOWHERE}\"\n"),
        format!("[[patch.unused]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"{NOWHERE}\"\n"),
        format!(
            "[root]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b 1.0.0 ({NOWHERE})\"]\n"
        ),
        format!(
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b 1.0.0 ({NOWHERE})\"]\n"
        ),
        format!(
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nreplace = \"b 1.0.0 ({NOWHERE})\"\n"
        ),
        "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = 7\n".to_owned(),
    ] {
        let named = in_lock("Cargo.lock", &text);
        assert!(
            Admission::new(None, Strictness::AsPolicy).unwrap().admitted(&named).is_err(),
            "{text}"
        );
    }
}

#[test]
fn a_source_is_seen_wherever_a_manifest_can_name_it() {
    let git = "git = \"https://git.example.net/eve/evil\"";
    for text in [
        format!("[dependencies]\nevil = {{ {git} }}\n"),
        format!("[dependencies.evil]\n{git}\n"),
        format!("dependencies.evil.{git}\n"),
        format!("[dev-dependencies]\nevil = {{ version = \"1\", {git} }}\n"),
        format!("[build_dependencies]\nevil = {{ {git} }}\n"),
        format!("[target.'cfg(unix)'.dependencies]\nevil = {{ {git} }}\n"),
        format!("[workspace.dependencies]\nevil = {{ {git} }}\n"),
        format!("[patch.crates-io]\nevil = {{ {git} }}\n"),
        format!("[patch.'https://x.example/y']\nevil = {{ {git} }}\n"),
        format!("[replace]\n\"evil:1.0.0\" = {{ {git} }}\n"),
        "[dependencies]\nevil = { version = \"1\", registry-index = \"https://c.example/\" }\n"
            .to_owned(),
    ] {
        let named = in_manifest("Cargo.toml", &text);
        let refused = Admission::new(None, Strictness::AsPolicy).unwrap().admitted(&named);
        let refused = refused.expect_err(&text);
        assert_eq!(refused[0].named.package.name.split(':').next(), Some("evil"), "{text}");
    }
}

#[test]
fn a_member_gets_what_the_base_names_already_at_whatever_commit() {
    let admission = Admission::new(None, Strictness::AsPolicy).unwrap();
    let admission = admission.knowing(&named(&[NOWHERE, "path+file:///etc"]));

    let moved = "git+https://git.example.net/eve/evil?rev=4567#4567";
    assert!(admission.admitted(&named(&[NOWHERE, moved])).is_ok());
    let other = "git+https://git.example.net/eve/other#4567";
    assert!(admission.admitted(&named(&[other])).is_err());
    assert!(admission.admitted(&named(&["path+file:///etc"])).is_err(), "that never");
}

const QUICK: &str = "git+https://git.example.org/o/r";
const ALLOWED: &str = "allow-git = [\"https://git.example.org/o/r\"]\nunknown-git = \"deny\"";

fn in_dependency(fields: &str) -> Vec<NamedSource> {
    let git = "git = \"https://git.example.org/o/r\"";
    in_manifest("Cargo.toml", &format!("[dependencies]\nr = {{ {git}{fields} }}\n"))
}

#[test]
fn a_stranger_gets_from_git_only_what_the_base_names_in_the_same_words() {
    let merged = format!("{QUICK}?branch=on%2Fgoing#0123");
    let strict = admission(ALLOWED, Strictness::OnlyAllowed);
    let known = strict.clone().knowing(&named(&[&merged, NOWHERE]));
    let member = admission(ALLOWED, Strictness::AsPolicy);

    assert!(known.admitted(&named(&[&merged, NOWHERE])).is_ok());
    assert!(
        known.admitted(&in_dependency(", branch = \"on/going\"")).is_ok(),
        "the same, unlocked"
    );
    assert!(strict.admitted(&named(&[&merged])).is_err(), "there is no base");
    let others = [
        named(&[&format!("{QUICK}?branch=on%2Fgoing#4567")]),
        named(&[&format!("{QUICK}?branch=other#0123")]),
        named(&[&format!("{QUICK}?rev=0123#0123")]),
        named(&[&format!("{QUICK}#0123")]),
        in_dependency(", rev = \"4567\""),
        in_dependency(", tag = \"on/going\""),
        in_dependency(""),
    ];
    for other in others {
        let refused = known.admitted(&other).unwrap_err();
        let text = refused[0].to_string();
        assert_eq!(refused[0].why, Refusal::NotInBase, "{text}");
        assert!(text.contains("the target branch does not name with this branch"), "{text}");
        assert!(next(&refused).contains("somebody who may merge"), "{}", next(&refused));
        assert!(member.admitted(&other).is_ok(), "a member may: {text}");
    }
    let moved = "git+https://git.example.net/eve/evil?rev=4567#4567";
    assert!(known.admitted(&named(&[moved])).is_err(), "nor of what only the base names");
}

#[test]
fn what_anybody_may_propose_to_an_allowed_repository_is_not_fetched() {
    let member = admission(ALLOWED, Strictness::AsPolicy);
    let lock = |end: &str| named(&[&format!("{QUICK}{end}")]);
    for source in [
        in_dependency(", rev = \"refs/pull/1/head\""),
        in_dependency(", rev = \"refs%2Fpull/1/head\""),
        in_dependency(", rev = \"refs%252fpull/1/head\""),
        lock("?rev=refs/pull/1/head#0123"),
        lock("?rev=refs%2Fpull%2F1%2Fhead#0123"),
        lock("?%72ev=%72efs/pull/1/head"),
        lock("?tag=v1&rev=re\\tfs/pull/1/head"),
        lock("#refs/pull/1/head"),
    ] {
        let refused = member.admitted(&source).expect_err(&source[0].source);
        assert_eq!(refused[0].why, Refusal::Proposal, "{refused:?}");
        assert!(next(&refused).contains("instead of a refs/…"), "{}", next(&refused));
        let merged = member.clone().knowing(&source);
        assert!(merged.admitted(&source).is_ok(), "the base names it: {refused:?}");
    }
    let branch = in_dependency(", branch = \"prefs/x\"");
    assert!(member.admitted(&branch).is_ok(), "{branch:?}");
}

#[test]
fn another_commit_that_only_a_manifest_names_is_seen_beside_the_locked_one() {
    let sources = |rev: &str| {
        let keep = checkout("");
        let manifest = format!("[dependencies]\nr = {{ git = \"{}\"{rev} }}\n", &QUICK[4..]);
        write(&keep.path().join("Cargo.toml"), &manifest);
        let locked = format!("{QUICK}?branch=on%2Fgoing#0123");
        write(&keep.path().join("Cargo.lock"), &lock(&[&locked]));
        named_sources(keep.path(), "").unwrap()
    };

    let base = sources(", branch = \"on/going\"");
    let head = sources(", rev = \"refs/pull/1/head\"");

    assert_eq!((base.len(), head.len()), (1, 2), "{base:?} {head:?}");
    let strict = admission(ALLOWED, Strictness::OnlyAllowed).knowing(&base);
    assert!(strict.admitted(&base).is_ok());
    assert_eq!(strict.admitted(&head).unwrap_err()[0].named.location.file, "Cargo.toml");
}

/// A checkout whose root has these members.
fn checkout(members: &str) -> TempDir {
    let keep = TempDir::new().unwrap();
    write(&keep.path().join("Cargo.lock"), &lock(&[CRATES_IO]));
    write(&keep.path().join("Cargo.toml"), &format!("[workspace]\nmembers = [{members}]\n"));
    let evil =
        "[package]\nname = \"x\"\n[dependencies]\nevil = { git = \"https://e.example/e\" }\n";
    for folder in ["crates/a", "target/b", "fixtures/c"] {
        write(&keep.path().join(folder).join("Cargo.toml"), evil);
    }
    keep
}

#[test]
fn manifests_are_followed_as_cargo_follows_them_and_no_further() {
    let files = |members: &str| -> Vec<String> {
        let keep = checkout(members);
        let named = named_sources(keep.path(), "").unwrap();
        let named = named.into_iter().filter(|one| one.location.file.ends_with(".toml"));
        named.map(|one| one.location.file).collect()
    };

    assert_eq!(files(""), [] as [String; 0], "a fixture is no member");
    assert_eq!(files("\"crates/*\""), ["crates/a/Cargo.toml"]);
    assert_eq!(files("\"t*/b\", \"./fixtures/../fixtures/c\"").len(), 2);
    assert_eq!(files("\"**\"").len(), 3);
    assert_eq!(files("\"../outside\", \"/etc\""), [] as [String; 0]);
}

#[test]
fn a_pattern_of_members_costs_no_more_than_its_length() {
    // Tried in every way in which its stars could be filled, this ends after all of us.
    let stars = "*a".repeat(40);
    let keep = checkout(&format!("\"{stars}*b/d\", \"{stars}*/d\""));
    let member = keep.path().join("a".repeat(200)).join("d/Cargo.toml");
    write(&member, "[dependencies]\nevil = { git = \"https://e.example/e\" }\n");

    let named = named_sources(keep.path(), "").unwrap();

    assert_eq!(named.last().unwrap().package.name, "evil", "the second pattern is a match");
}

#[test]
fn a_pattern_of_members_that_cannot_be_told_is_not_passed_over() {
    for (members, said) in [
        ("\"crates/a**\"", "«crates/a**» of members cannot be read"),
        ("\"crates/[a\"", "cannot be read"),
        ("\"**/../c\"", "cannot be read"),
        ("\"crates/.?/fixtures/c\"", "cannot be read"),
        (&format!("\"{}*\"", "a/".repeat(3000)), "is longer than"),
    ] {
        let keep = checkout(members);

        let error = named_sources(keep.path(), "").unwrap_err().to_string();

        assert!(error.contains(said) && error.starts_with("cannot read Cargo.toml: "), "{error}");
        assert!(error.contains("write the folders out"), "{error}");
    }
}

#[test]
fn the_name_of_the_workspaces_own_folder_is_a_pattern_too() {
    let keep = checkout("");
    write(&keep.path().join("f*s/Cargo.toml"), "[workspace]\nmembers = [\"c\"]\n");

    let named = named_sources(keep.path(), "f*s").unwrap();

    assert_eq!(named.last().unwrap().location.file, "fixtures/c/Cargo.toml");
}

#[test]
fn one_large_manifest_in_many_folders_is_not_read_for_ever() {
    let keep = checkout("\"crates/*\"");
    let large = format!("# {}\n", "x".repeat(2_000_000));
    (0..40).for_each(|at| write(&keep.path().join(format!("crates/{at}/Cargo.toml")), &large));

    let error = named_sources(keep.path(), "").unwrap_err().to_string();

    assert!(error.contains("the manifests are larger than 64 MiB together"), "{error}");
}

#[test]
fn a_path_dependency_and_a_root_above_are_followed_too() {
    let keep = checkout("");
    let app = "[package]\nname = \"app\"\n[dependencies]\nx = { path = \"../fixtures/c\" }\n";
    write(&keep.path().join("app/Cargo.toml"), app);
    write(&keep.path().join("app/Cargo.lock"), &lock(&[]));

    let named = named_sources(keep.path(), "app").unwrap();

    assert_eq!(named.len(), 1);
    assert_eq!(named[0].location.file, "fixtures/c/Cargo.toml");
    assert_eq!(named[0].location.line, 4);
}

#[test]
fn a_member_behind_a_link_is_not_followed_and_not_passed_over() {
    for (link, to, members) in [
        ("crates/b", "../fixtures/c", "\"crates/*\""),
        ("linked", "fixtures", "\"linked/*\""),
        ("linked", "fixtures", "\"linked/c\""),
        ("crates/a/Cargo.toml", "../../fixtures/c/Cargo.toml", "\"crates/*\""),
    ] {
        let keep = checkout(members);
        let _ = fs::remove_file(keep.path().join(link));
        std::os::unix::fs::symlink(to, keep.path().join(link)).unwrap();

        let error = named_sources(keep.path(), "").unwrap_err().to_string();

        assert!(error.contains("symbolic link"), "{members}: {error}");
    }
}

/// A reader that goes through the whole text for each source takes minutes over these.
#[test]
fn the_largest_files_are_read_to_the_end_with_a_line_for_each_source() {
    const MANY: u32 = 40_000;
    let lock: String = (0..MANY).map(|_| "[[package]]\nsource = \"x\"\n").collect();
    let manifest: String = (0..MANY).map(|at| format!("a{at} = {{ git = \"x\" }}\n")).collect();

    let locked = in_lock("Cargo.lock", &lock);
    let named = in_manifest("Cargo.toml", &format!("[dependencies]\n{manifest}"));

    let lines =
        |named: &[NamedSource]| -> Vec<u32> { named.iter().map(|one| one.location.line).collect() };
    assert_eq!(lines(&locked), (1..=MANY).map(|at| 2 * at).collect::<Vec<_>>());
    assert_eq!(lines(&named), (1..=MANY).map(|at| 1 + at).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whoever is allowed is reached at the host that the rules name: the text between the scheme
    /// and the first slash is that host, and nothing else.
    #[test]
    fn whatever_is_let_through_is_on_the_host_that_is_named(
        rest in "[-a-zA-Z.:/@%\\\\?#&_ ]{0,12}(git\\.example\\.org)?[-a-zA-Z.:/@%\\\\?#]{0,12}(/o/r)?[/.?#a-z]{0,6}",
        scheme in "(https|HTTPS|http|ssh|git|file)",
    ) {
        let rules = "unknown-git = \"deny\"\nallow-git = [\"https://git.example.org/o/r\"]";
        let source = format!("git+{scheme}://{rest}").replace('\\', "\\\\");
        if lets(rules, &source) {
            let host = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
            prop_assert!(host == "git.example.org" || host == "git.example.org:443", "{}", source);
            prop_assert!(scheme.eq_ignore_ascii_case("https"));
        }
    }
}
