//! Finding and installing cargo-deny, with doubles for cargo and cargo-deny.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use t5_gate::{
    runner::{
        Context,
        progress::{Event, Progress},
        tools::{self, ToolError},
    },
    sandbox::Cancel,
};
use tempfile::TempDir;

/// Counts its calls and makes a cargo-deny where it is told to.
const CARGO: &str = r#"#!/bin/sh
echo call >> "$HOME/calls"
while [ $# -gt 0 ]; do
    [ "$1" = --root ] && root=$2
    shift
done
mkdir -p "$root/bin"
printf '#!/bin/sh\necho cargo-deny 0.20.2\n' > "$root/bin/cargo-deny"
chmod +x "$root/bin/cargo-deny"
"#;

struct Machine {
    keep: TempDir,
    said: Arc<Mutex<Vec<Event>>>,
}

impl Machine {
    fn new() -> Self {
        let keep = TempDir::with_prefix("t5 tools ").unwrap();
        Self { keep, said: Arc::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.keep.path().join(name)
    }

    fn program(&self, folder: &str, name: &str, script: &str) -> PathBuf {
        let path = self.path(folder).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn context(&self) -> Context {
        let path = [self.path("first"), self.path("second"), "/usr/bin".into(), "/bin".into()];
        let said = Arc::clone(&self.said);
        Context {
            cache: self.path("cache"),
            env: [
                ("PATH".into(), std::env::join_paths(path).unwrap()),
                ("HOME".into(), self.keep.path().into()),
            ]
            .into(),
            sandbox: crate::support::tool::unwalled(),
            cancel: Cancel::default(),
            progress: Progress::new(move |event| said.lock().unwrap().push(event)),
        }
    }

    fn find(&self) -> Result<PathBuf, ToolError> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(tools::cargo_deny(&self.context()))
    }

    fn calls(&self) -> usize {
        fs::read_to_string(self.path("calls")).map_or(0, |calls| calls.lines().count())
    }
}

fn is_in(path: &Path, folder: &Path) -> bool {
    path.starts_with(folder)
}

#[test]
fn the_first_cargo_deny_in_path_that_serves_is_taken() {
    let machine = Machine::new();
    machine.program("first", "cargo-deny", "#!/bin/sh\necho cargo-deny 0.19.0\n");
    let good = machine.program("second", "cargo-deny", "#!/bin/sh\necho cargo-deny 0.20.7\n");

    assert_eq!(machine.find().unwrap(), good);
    assert!(machine.said.lock().unwrap().is_empty());
}

#[test]
fn another_release_is_not_taken_and_the_supported_one_is_installed_once() {
    let machine = Machine::new();
    machine.program("first", "cargo", CARGO);
    for version in ["0.19.9", "0.2.0", "0.200.1", "1.0.20.2"] {
        machine.program("second", "cargo-deny", &format!("#!/bin/sh\necho cargo-deny {version}\n"));

        let found = machine.find().unwrap();

        assert!(is_in(&found, &machine.path("cache/tools")), "{version}: {}", found.display());
    }
    assert_eq!(machine.calls(), 1);
    let said = machine.said.lock().unwrap();
    let notes: Vec<&String> = said
        .iter()
        .filter_map(|event| if let Event::Note(text) = event { Some(text) } else { None })
        .collect();
    assert!(notes[0].contains("building 0.20.2 once"), "{notes:?}");
    assert!(notes[1].starts_with("installed cargo-deny 0.20.2"), "{notes:?}");
}

#[test]
fn two_at_once_install_it_once() {
    let machine = Machine::new();
    machine.program("first", "cargo", CARGO);

    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| machine.find().unwrap())).collect();
        let found: Vec<PathBuf> = all.into_iter().map(|one| one.join().unwrap()).collect();
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
    });

    assert_eq!(machine.calls(), 1);
}

#[test]
fn an_install_that_fails_leaves_nothing_and_names_the_command() {
    let machine = Machine::new();
    machine.program("first", "cargo", "#!/bin/sh\necho 'error: no space left' >&2\nexit 101\n");

    let error = machine.find().unwrap_err();

    assert!(matches!(error, ToolError::Install { .. }));
    let text = error.to_string();
    assert!(text.contains("error: no space left"), "{text}");
    assert!(text.contains("run `cargo install --locked cargo-deny@0.20.2`"), "{text}");
    let left: Vec<_> = fs::read_dir(machine.path("cache/tools"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["lock"]);
}

#[test]
fn without_cargo_the_install_says_so() {
    let machine = Machine::new();
    let mut ctx = machine.context();
    ctx.env.insert("PATH".into(), machine.path("first").into());
    let runtime = tokio::runtime::Runtime::new().unwrap();

    let error = runtime.block_on(tools::cargo_deny(&ctx)).unwrap_err();

    assert!(error.to_string().contains("cargo cannot be started"), "{error}");
}

#[test]
fn an_install_that_is_stopped_says_so() {
    let machine = Machine::new();
    machine.program("first", "cargo", "#!/bin/sh\nexec sleep 600\n");
    let ctx = machine.context();
    ctx.cancel.stop();
    let runtime = tokio::runtime::Runtime::new().unwrap();

    assert!(matches!(runtime.block_on(tools::cargo_deny(&ctx)), Err(ToolError::Cancelled)));
}
