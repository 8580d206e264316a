//! Secrets that the server holds, looked for wherever a change's code or a reader could find them.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use hyper::Method;
use t5_gate::queue::Store as _;

use super::{
    people::People,
    story::{ALL, Story},
};
use crate::support::{bench_double::crate_with, emulate, http};

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

/// Every form in which a secret could stand in a text or in bytes.
fn forms_of(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.to_vec()];
    forms.push(HEXLOWER.encode(secret).into_bytes());
    forms.push(HEXUPPER.encode(secret).into_bytes());
    for alphabet in [BASE64_NOPAD, BASE64URL_NOPAD] {
        // In the middle of a longer text it is shifted by nothing, one or two bytes; those letters
        // that depend on what stands around it are left out.
        for shift in 0..3 {
            let shifted = [vec![0; shift], secret.to_vec()].concat();
            let letters = alphabet.encode(&shifted).into_bytes();
            let (from, to) = (if shift == 0 { 0 } else { shift + 1 }, shifted.len() * 8 / 6);
            forms.push(letters[from..to].to_vec());
        }
    }
    for kept in ["", "-_.~"] {
        let escaped = |upper: bool| -> String {
            let one = |byte: &u8| match byte {
                b if b.is_ascii_alphanumeric() || kept.as_bytes().contains(b) => {
                    char::from(*b).to_string()
                }
                b if upper => format!("%{b:02X}"),
                b => format!("%{b:02x}"),
            };
            secret.iter().map(one).collect()
        };
        forms.extend([escaped(true).into_bytes(), escaped(false).into_bytes()]);
    }
    forms
}

/// So many bytes at the beginning of a form tell it from most others.
const BEGINNING: usize = 8;

/// Secrets in all their forms, to be looked for at once.
struct Secrets {
    names: Vec<String>,
    /// By the beginning of a form: the whole form, and whose it is.
    forms: HashMap<Vec<u8>, Vec<(Vec<u8>, usize)>>,
    /// Whether a form begins with these two bytes.
    begins: Vec<bool>,
}

impl Secrets {
    fn new() -> Self {
        Self { names: Vec::new(), forms: HashMap::new(), begins: vec![false; 1 << 16] }
    }

    fn add(&mut self, name: &str, secret: &[u8]) {
        for form in forms_of(secret) {
            assert!(form.len() >= BEGINNING, "{name} is too short to be told from other text");
            self.begins[two(&form)] = true;
            let known = self.forms.entry(form[..BEGINNING].to_vec()).or_default();
            known.push((form, self.names.len()));
        }
        self.names.push(name.to_owned());
    }

    /// The names of those that stand in there.
    fn shown_in(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let mut shown = BTreeSet::new();
        for (at, window) in bytes.windows(BEGINNING).enumerate() {
            if !self.begins[two(window)] {
                continue;
            }
            for (form, of) in self.forms.get(window).into_iter().flatten() {
                if bytes[at..].starts_with(form) {
                    shown.insert(self.names[*of].as_str());
                }
            }
        }
        shown
    }
}

fn two(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// Everything that must stand nowhere.
fn secrets_of(story: &Story) -> Secrets {
    let mut secrets = Secrets::new();
    for (index, line) in emulate::key().lines().enumerate() {
        if line.len() >= 40 && !line.starts_with("-----") {
            secrets.add(&format!("line {index} of the App's key"), line.as_bytes());
            let bytes = BASE64.decode(line.as_bytes()).unwrap();
            secrets.add(&format!("bytes of line {index} of the App's key"), &bytes);
        }
    }
    assert!(secrets.names.len() > 20, "the key has lines");
    secrets.add("the webhook's secret", People::app().1.as_bytes());
    let badges = fs::read_to_string(story.data().join("badge-key")).unwrap();
    secrets.add("the secret of badges", badges.trim().as_bytes());
    let signing = fs::read_to_string(story.data().join("keys/signing-key.pem")).unwrap();
    let signing = signing.lines().nth(1).unwrap();
    secrets.add("the signing key", signing.as_bytes());
    // What precedes the key's own bytes is the same in every such file.
    let bytes = BASE64.decode(signing.as_bytes()).unwrap();
    secrets.add("the bytes of the signing key", &bytes[bytes.len() - 32..]);
    let tokens = story.people.tokens();
    assert!(tokens.iter().any(|token| token.starts_with("ghs_")), "GitHub gave no token away");
    assert!(tokens.iter().any(|token| token.starts_with("eyJ")), "the App never said who it is");
    for token in tokens {
        // What all signatures of an App have in common is no secret.
        let secret = token.rsplit('.').next().unwrap_or(&token);
        secrets.add(&format!("a token {}…", &token[..4]), secret.as_bytes());
    }
    secrets
}

/// Every page about what was gated, as a reader sees it.
async fn pages(story: &Story) -> Vec<(String, Vec<u8>)> {
    let store = story.store().await;
    let mut paths = vec!["/".to_owned(), "/setup".to_owned(), "/healthz".to_owned()];
    for job in store.jobs(ALL).await.unwrap() {
        paths.push(format!("/jobs/{}", job.job.id));
        paths.push(format!("/badge/{}/pull/1.svg", job.job.repo.full_name()));
        for run in store.runs_of_job(&job.job.id).await.unwrap() {
            paths.push(format!("/runs/{}", run.id));
            paths.push(format!("/runs/{}/report", run.id));
            for entry in fs::read_dir(story.data().join("runs").join(&run.id)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                paths.push(format!("/runs/{}/files/{name}", run.id));
            }
        }
    }
    let mut read = Vec::new();
    for path in paths {
        let address = format!("{}{path}", story.setting.url());
        let answer = http::send(Method::GET, &address, &[], "").await.unwrap();
        read.push((path, answer.text().into_bytes()));
    }
    assert!(read.len() > 8, "{} pages", read.len());
    read
}

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
    // Nothing hides the server from the change's code here, and it says all that it can.
    story.setting.write("isolation: none\nrunner:\n  attempts: 10\n  lease: 1h\n");
    story.setting.rust_log = "trace";
    let mut life = story.begin();
    life.until("listening").await;
    story.people.open();
    story.come_to_rest(&mut life).await;
    let pages = pages(&story).await;
    assert_eq!(life.terminate(), Some(0));
    super::after::look(&story).await;

    let secrets = secrets_of(&story);
    let (mut folders, mut files) = (0, 0);
    let mut expect_none = |name: &str, bytes: &[u8]| {
        let shown = secrets.shown_in(bytes);
        assert!(shown.is_empty(), "{name} holds {shown:?}");
        files += 1;
    };
    let log = story.log.text();
    assert!(log.contains("TRACE") && log.contains("DEBUG"), "it says all that it can");
    expect_none("the log", log.as_bytes());
    for (path, text) in &pages {
        expect_none(path, text);
    }
    // Check runs, comments, reactions, labels: all that was posted.
    let asks = story.people.github.requests();
    assert!(asks.iter().any(|ask| ask.path.ends_with("/check-runs")), "nothing was posted");
    for ask in asks {
        expect_none(&ask.path, format!("{} {}", ask.path, ask.body).as_bytes());
    }
    // What a build script and a benchmark saw: every environment and command line on the machine
    // that is not another account's, the server's own among them.
    let own = format!("T5_CACHE={}", story.setting.path("cache").display());
    for folder in [&builds, &benches] {
        let seen = files_below(folder);
        let sees =
            |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap()).contains(&own);
        let server_seen = seen.iter().any(sees);
        assert!(server_seen, "the spy did not see the server's environment");
    }
    let secret_files = ["badge-key", "keys/signing-key.pem"].map(|name| story.data().join(name));
    for folder in [builds, benches, story.data(), story.setting.path("cache")] {
        let all = files_below(&folder);
        assert!(!all.is_empty(), "{} is empty", folder.display());
        for path in all.iter().filter(|path| !secret_files.contains(path)) {
            expect_none(path.to_str().unwrap(), &fs::read(path).unwrap());
        }
        folders += 1;
    }
    assert!(folders == 4 && files > 40, "{files} files in {folders} folders");
}

#[test]
fn a_secret_is_found_in_every_form() {
    let raw = "ghs_Planted+Secret/of=16";
    let mut secrets = Secrets::new();
    secrets.add("it", raw.as_bytes());
    for shown in [
        raw.to_owned(),
        HEXLOWER.encode(raw.as_bytes()),
        HEXUPPER.encode(raw.as_bytes()),
        BASE64.encode(raw.as_bytes()),
        BASE64.encode(format!("x:{raw}").as_bytes()),
        BASE64.encode(format!("x-access-token:{raw}@host").as_bytes()),
        BASE64.encode(format!("a{raw}cd").as_bytes()),
        BASE64URL_NOPAD.encode(format!("x-access-token:{raw}@host").as_bytes()),
        "ghs%5FPlanted%2BSecret%2Fof%3D16".to_owned(),
        "ghs%5fPlanted%2bSecret%2fof%3d16".to_owned(),
        "ghs_Planted%2BSecret%2Fof%3D16".to_owned(),
    ] {
        let text = format!("before {shown} behind");
        assert_eq!(secrets.shown_in(text.as_bytes()).len(), 1, "{shown}");
    }
    assert!(secrets.shown_in(b"before ghs_Planted+Secret/of=17 behind").is_empty());
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
