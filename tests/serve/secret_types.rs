//! What is secret is of a type that says so: it cannot be shown, written or sent by accident.

use std::{fmt, fs, path::Path};

use secrecy::SecretString;
use t5_gate::{
    github::{client, webhook::Secrets},
    queue::Work,
    web,
};

/// Does not compile if a type has one of these traits: then two implementations fit `pick`, and
/// the compiler cannot choose.
macro_rules! never {
    ($($type:ty),+ : $shown:path) => { $(
        const _: fn() = || {
            trait Pick<A> {
                fn pick() {}
            }
            struct Shown;
            impl<T: ?Sized> Pick<()> for T {}
            impl<T: ?Sized + $shown> Pick<Shown> for T {}
            let _ = <$type as Pick<_>>::pick;
        };
    )+ };
}

never!(SecretString, Secrets, web::SetupToken, web::BadgeKeys, web::Credentials: fmt::Display);
never!(SecretString, Secrets, web::SetupToken, web::BadgeKeys, web::Credentials: serde::Serialize);
never!(client::Access, client::NewApp, client::Client, web::NewApp, web::App: fmt::Display);
never!(client::Access, client::NewApp, client::Client, web::NewApp, web::App: serde::Serialize);
never!(Work: fmt::Display);
never!(Work: serde::Serialize);

const PLANTED: &str = "planted-and-never-shown";

#[test]
fn nothing_that_holds_a_secret_shows_it_to_a_debugger() {
    let secret = || SecretString::from(PLANTED);
    let credentials = || web::Credentials {
        id: 1,
        slug: "slug".to_owned(),
        private_key: secret(),
        webhook_secret: secret(),
    };
    let secrets = Secrets::new(vec![secret()]).unwrap();
    let shown = [
        format!("{:?}", secret()),
        format!("{:?}", web::BadgeKeys::new(secret())),
        format!("{:?}", credentials()),
        format!("{:#?}", web::NewApp { credentials: credentials(), html_url: String::new() }),
        format!("{:#?}", web::App { secrets: secrets.clone(), slug: None }),
        format!("{secrets:?}"),
        format!(
            "{:#?}",
            client::NewApp {
                id: 1,
                slug: String::new(),
                html_url: String::new(),
                pem: secret(),
                webhook_secret: secret(),
            }
        ),
        format!(
            "{:#?}",
            client::Access { api_url: String::new(), app_id: 1, private_key: secret() }
        ),
    ];
    for one in shown {
        assert!(!one.contains(PLANTED) && !one.contains("planted"), "{one}");
    }
}

fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(&path);
            found.push((name.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

fn all_sources() -> Vec<(String, String)> {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    all
}

/// Words that name a secret, as a field or an argument.
const SECRET: &[&str] = &[
    "token",
    "pem",
    "private_key",
    "webhook_secret",
    "secret",
    "bearer",
    "jwt",
    "password",
    "code",
    "signing_key",
];
/// Types that show what they hold.
const PLAIN: &[&str] =
    &["String", "&str", "&'static str", "Option<String>", "Option<&str>", "Vec<u8>", "&[u8]"];

#[test]
fn no_field_and_no_argument_holds_a_secret_in_plain_text() {
    let known = [
        // The page that creates the App gives the token back to whoever came with it.
        ("src/web/setup/page.rs", "token: String"),
        // The path of the file that holds it.
        ("src/config/server/mod.rs", "signing_key: Option<String>"),
    ];
    let mut looked_at = 0;
    for (path, source) in all_sources() {
        for line in source.lines() {
            let line = line.trim().trim_start_matches("pub ").trim_start_matches("pub(super) ");
            let Some((name, kind)) = line.split_once(": ") else { continue };
            let kind = kind.trim_end_matches(',');
            looked_at += 1;
            // Elsewhere a code is a reason's, or a licence's.
            let about_github = ["src/web", "src/github"].iter().any(|dir| path.starts_with(dir));
            if name == "code" && !about_github {
                continue;
            }
            let plain = SECRET.contains(&name) && PLAIN.contains(&kind);
            let excused = known.contains(&(path.as_str(), format!("{name}: {kind}").as_str()));
            assert!(!plain || excused, "{path}: {line}: make it a SecretString");
        }
    }
    assert!(looked_at > 1_000, "{looked_at} lines");
}

/// Where a secret leaves its type, and what for.
const EXPOSED: &[(&str, &str)] = &[
    ("src/cli/keys.rs", "the file that keeps a signing key"),
    ("src/github/client/app.rs", "the path that trades a code for the App"),
    ("src/github/client/ask.rs", "tells an old token from a new one"),
    ("src/github/client/token.rs", "signs with the App's key"),
    ("src/github/client/transport.rs", "the header that says who calls"),
    ("src/github/webhook/secrets.rs", "checks signatures"),
    ("src/receipt/signature/key.rs", "reads a signing key"),
    ("src/runner/mirror/fetch.rs", "lets git fetch"),
    ("src/web/badge.rs", "makes keys of badges"),
    ("src/web/credentials.rs", "the files that keep the App"),
    ("src/web/setup/mod.rs", "the address of the setup page, and its check"),
    ("src/web/setup/page.rs", "the form on the setup page"),
];

#[test]
fn a_secret_leaves_its_type_in_known_places_alone() {
    for (path, source) in all_sources() {
        if source.contains(".expose_secret()") {
            let known = EXPOSED.iter().any(|(known, _)| *known == path);
            assert!(known, "{path} exposes a secret: does it have to, and can it be shown there?");
        }
    }
}
