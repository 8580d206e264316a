//! Secrets that the server holds, looked for wherever a change's code or a reader could find them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{people::People, story::Story};
use crate::support::{bench_double::crate_with, emulate};

/// Writes its whole environment, and those of all processes that it may look at, into a folder.
const SPY: &str = r#"
fn spy() {
    let folder = std::path::Path::new(/*folder*/);
    std::fs::create_dir_all(folder).unwrap();
    let mut seen = format!("{:?}\n{:?}\n", std::env::vars_os().collect::<Vec<_>>(), std::env::args_os().collect::<Vec<_>>());
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        for name in ["environ", "cmdline"] {
            let bytes = std::fs::read(entry.path().join(name)).unwrap_or_default();
            seen.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    std::fs::write(folder.join(std::process::id().to_string()), seen).unwrap();
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_the_server_shows_anywhere() {
    let here = crate_with(&[("add", 100.0)]);
    let (builds, benches) = (here.beside("builds"), here.beside("benches"));
    let spy = |folder: &Path| SPY.replace("/*folder*/", &format!("{folder:?}"));
    here.write("build.rs", &format!("fn main() {{ spy(); }}\n{}", spy(&builds)));
    here.edit(
        "benches/speed.rs",
        "fn main() {",
        &format!("{}\nfn main() {{\nspy();", spy(&benches)),
    );
    let mut story = Story::of(here, 2);
    let mut life = story.begin();
    life.until("listening").await;
    story.people.open();
    story.come_to_rest(&mut life).await;
    assert_eq!(life.terminate(), Some(0));
    super::after::look(&story).await;

    let key = emulate::key();
    let inside = key.lines().nth(3).unwrap().to_owned();
    let mut secrets = story.people.tokens();
    assert!(secrets.iter().any(|token| token.starts_with("ghs_")), "GitHub gave no token away");
    let signing = story.data().join("keys/signing-key.pem");
    let inside_signing = fs::read_to_string(&signing).unwrap().lines().nth(1).unwrap().to_owned();
    secrets.extend([People::app().1.to_owned(), inside, inside_signing]);

    let (mut folders, mut files) = (0, 0);
    let mut expect_none = |name: &str, bytes: &[u8]| {
        for secret in &secrets {
            let there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!there, "{name} holds {secret}");
        }
        files += 1;
    };
    expect_none("the log", story.log.text().as_bytes());
    for ask in story.people.github.requests() {
        expect_none(&ask.path, ask.body.to_string().as_bytes());
    }
    for folder in [builds, benches, story.data(), story.setting.path("cache").join("mirrors")] {
        let all = files_below(&folder);
        assert!(!all.is_empty(), "{} is empty", folder.display());
        // The key's own file is the one place for it.
        for path in all.into_iter().filter(|path| *path != signing) {
            expect_none(path.to_str().unwrap(), &fs::read(&path).unwrap());
        }
        folders += 1;
    }
    assert!(folders == 4 && files > 10, "{files} files in {folders} folders");
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match fs::symlink_metadata(&path).unwrap() {
            about if about.is_dir() => found.extend(files_below(&path)),
            about if about.is_file() => found.push(path),
            _ => {}
        }
    }
    found
}
