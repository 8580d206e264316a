//! `server.yml`: from the tree to what the server is told.

use std::time::Duration;

use super::{Check, GitHub, IsolationWish, Publish, Runner, Server, Unproved, address, gates};
use crate::config::{
    Mistakes,
    mistake::{Found, shown},
    scalar::{Wrong, checked, flag, length, line, number, word},
    section::Section,
    tree::{self, Node, Value},
};

const FILE: &[&str] = &[
    "public-url",
    "listen",
    "data",
    "signing-key",
    "github",
    "check",
    "publish",
    "gates",
    "runner",
    "isolation",
    "keep-records",
    "keep",
];
const GITHUB: &[&str] =
    &["api-url", "web-url", "app-id", "private-key-file", "webhook-secret-files"];
const CHECK: &[&str] = &["name", "inconclusive", "could-not-run"];
const PUBLISH: &[&str] = &["labels", "status", "sarif"];
const RUNNER: &[&str] = &["embedded", "lease", "attempts", "longest"];

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Reads the server's own file; what it leaves out has its default.
///
/// # Errors
///
/// With everything that is wrong with the file. Broken YAML ends the search at its first mistake.
pub fn parse(text: &str) -> Result<Server, Mistakes> {
    let root = tree::read(text)?;
    let mut found = Found::default();
    let server = file(&root, &mut found);
    found.or(server)
}

fn file(root: &Node, found: &mut Found) -> Server {
    let mut server = Server::default_for("");
    let Some(mut file) = Section::open(root, "the file", FILE, found) else { return server };
    let purpose = "where people and GitHub reach this server: https://t5.example.org";
    let url = file.require("public-url", purpose, |node| address::public(&word(node)?));
    server.public_url = url.unwrap_or_default();
    file.set("listen", &mut server.listen, |node| address::listen(&word(node)?));
    file.set("data", &mut server.data, |node| checked(node, absolute));
    file.set_optional("signing-key", &mut server.signing_key, |node| checked(node, absolute));
    if let Some(node) = file.get("github") {
        github(node, &mut server.github, file.found());
    }
    if let Some(node) = file.get("check") {
        check(node, &mut server.check, file.found());
    }
    if let Some(node) = file.get("publish") {
        publish(node, &mut server.publish, file.found());
    }
    if let Some(nodes) = file.items("gates") {
        server.gates = gates::list(nodes, file.found());
    }
    if let Some(node) = file.get("runner") {
        runner(node, &mut server.runner, file.found());
    }
    file.set("isolation", &mut server.isolation, isolation);
    file.set("keep", &mut server.keep, |node| between(node, DAY, DAY * 3650));
    // GitHub can be asked for three days to deliver again what is not on record.
    file.set("keep-records", &mut server.keep_records, |node| between(node, DAY * 7, DAY * 3650));
    server
}

fn github(node: &Node, github: &mut GitHub, found: &mut Found) {
    let Some(mut section) = Section::open(node, "`github`", GITHUB, found) else { return };
    section.set("api-url", &mut github.api_url, |node| address::web(&word(node)?));
    section.set("web-url", &mut github.web_url, |node| address::web(&word(node)?));
    section.set_optional("app-id", &mut github.app_id, |node| {
        whole(node, 1, u64::from(u32::MAX))
            .map_err(|wrong| wrong.hint("it stands on the App's settings page"))
    });
    section.set_optional("private-key-file", &mut github.private_key_file, |node| {
        checked(node, absolute)
    });
    section.set_list("webhook-secret-files", &mut github.webhook_secret_files, absolute);
}

fn check(node: &Node, check: &mut Check, found: &mut Found) {
    let Some(mut section) = Section::open(node, "`check`", CHECK, found) else { return };
    section.set("name", &mut check.name, |node| gates::short(node, 200));
    section.set("inconclusive", &mut check.inconclusive, unproved);
    section.set("could-not-run", &mut check.could_not_run, unproved);
}

fn publish(node: &Node, publish: &mut Publish, found: &mut Found) {
    let Some(mut section) = Section::open(node, "`publish`", PUBLISH, found) else { return };
    section.set("labels", &mut publish.labels, flag);
    section.set("status", &mut publish.status, flag);
    section.set("sarif", &mut publish.sarif, flag);
}

fn runner(node: &Node, runner: &mut Runner, found: &mut Found) {
    let Some(mut section) = Section::open(node, "`runner`", RUNNER, found) else { return };
    section.set("embedded", &mut runner.embedded, flag);
    section.set("lease", &mut runner.lease, |node| {
        between(node, Duration::from_secs(10), MINUTE * 60)
    });
    let mut attempts = u64::from(runner.attempts);
    section.set("attempts", &mut attempts, |node| whole(node, 1, 10));
    runner.attempts = u32::try_from(attempts).unwrap_or(runner.attempts);
    section.set("longest", &mut runner.longest, |node| between(node, MINUTE, MINUTE * 60 * 48));
}

/// How far the code of changes is to be kept apart.
fn isolation(node: &Node) -> Result<IsolationWish, Wrong> {
    match line(node)?.as_str() {
        "full" => Ok(IsolationWish::Full),
        "best" => Ok(IsolationWish::Best),
        "none" => Ok(IsolationWish::None),
        other => Err(Wrong::new(format!("must be full, best or none, not {}", shown(other)))
            .hint("`t5 doctor` tells what this host has")),
    }
}

/// A conclusion for what was not proved.
fn unproved(node: &Node) -> Result<Unproved, Wrong> {
    match line(node)?.as_str() {
        "action_required" => Ok(Unproved::ActionRequired),
        "failure" => Ok(Unproved::Failure),
        "neutral" => Ok(Unproved::Neutral),
        "success" => Err(Wrong::new("must not be `success`: nothing was proved")
            .hint("choose action_required, failure or neutral")),
        other => Err(Wrong::new(format!("must be a conclusion, not {}", shown(other)))
            .hint("choose action_required, failure or neutral")),
    }
}

/// A file or folder of this machine.
fn absolute(text: &str) -> Result<(), Wrong> {
    if !text.starts_with('/') {
        return Err(Wrong::new(format!("must be an absolute path, not {}", shown(text)))
            .hint("a service has no folder of its own to start from"));
    }
    if text.split('/').any(|part| part == "..") {
        return Err(Wrong::new(format!("must be a path without `..`, not {}", shown(text))));
    }
    Ok(())
}

fn whole(node: &Node, least: u64, most: u64) -> Result<u64, Wrong> {
    let read = match &node.value {
        Value::Number(_) => number(node)?,
        other => {
            return Err(Wrong::new(format!("must be a whole number, not {}", other.described())));
        }
    };
    // Both bounds are far below 2^53, where every whole number is exact.
    #[allow(clippy::cast_precision_loss, reason = "the bounds are small")]
    let fits = read.fract() == 0.0 && read >= least as f64 && read <= most as f64;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds")]
    if fits {
        return Ok(read as u64);
    }
    Err(Wrong::new(format!("must be a whole number between {least} and {most}, not {read}")))
}

fn between(node: &Node, least: Duration, most: Duration) -> Result<Duration, Wrong> {
    match length(node)? {
        time if time < least => Err(Wrong::new(format!("must be at least {}", spoken(least)))),
        time if time > most => Err(Wrong::new(format!("must be at most {}", spoken(most)))),
        time => Ok(time),
    }
}

fn spoken(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        seconds if seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        seconds => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_describes_the_keys_that_are_read_and_no_others() {
        let schema = include_str!("../../../config/server.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        for (pointer, keys) in [
            ("/properties", FILE),
            ("/properties/github/properties", GITHUB),
            ("/properties/check/properties", CHECK),
            ("/properties/publish/properties", PUBLISH),
            ("/properties/runner/properties", RUNNER),
            ("/$defs/gate/properties", gates::KEYS),
        ] {
            let described = schema.pointer(pointer).unwrap().as_object().unwrap();
            let mut described: Vec<&str> = described.keys().map(String::as_str).collect();
            let mut keys = keys.to_vec();
            described.sort_unstable();
            keys.sort_unstable();
            assert_eq!(described, keys, "{pointer}");
        }
    }
}
