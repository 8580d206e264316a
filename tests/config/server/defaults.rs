//! What the file leaves out has its default, and every default is documented.

use std::time::Duration;

use t5_gate::config::server::{Gate, IsolationWish, Publish, Runner, Server, Unproved, parse};

const DEFAULT: &str = include_str!("../../../config/server.default.yml");
const EXAMPLE: &str = include_str!("../../../deploy/server.example.yml");
const URL: &str = "https://t5.example.org";

#[test]
fn the_documented_default_is_the_default() {
    assert_eq!(parse(DEFAULT), Ok(Server::default_for(URL)));
}

#[test]
fn a_file_that_says_only_its_address_means_the_default() {
    assert_eq!(parse("public-url: https://t5.example.org"), Ok(Server::default_for(URL)));
    let sections = "public-url: https://t5.example.org\ngithub:\ncheck:\npublish:\nrunner:\n";
    assert_eq!(parse(sections), Ok(Server::default_for(URL)));
}

#[test]
fn the_file_that_comes_with_the_service_is_read() {
    let full = Server { isolation: IsolationWish::Full, ..Server::default_for(URL) };
    assert_eq!(parse(EXAMPLE), Ok(full));
}

#[test]
fn the_check_that_is_published_is_this_gates() {
    assert_eq!(Server::default_for(URL).check.name, t5_gate::report::GATE);
}

#[test]
fn the_chain_of_gates_is_whole_but_for_this_one() {
    let gates = Server::default_for(URL).gates;
    let names: Vec<&str> = gates.iter().map(|gate| gate.name.as_str()).collect();
    assert_eq!(names, ["T1", "T2", "T3", "T4", "T6", "T7"]);
    assert!(gates.iter().all(|gate| gate.check.starts_with("integrative:gate:")));
}

#[test]
fn every_key_is_read() {
    let text = "
public-url: http://localhost:3000/
listen: '[::1]:3000'
data: /srv/t5
signing-key: /etc/t5/signing-key.pem
github:
  api-url: https://github.corp.example/api/v3/
  web-url: https://github.corp.example
  app-id: 4711
  private-key-file: /etc/t5/key.pem
  webhook-secret-files: [/etc/t5/new, /etc/t5/old]
check: {name: perf, inconclusive: failure, could-not-run: neutral}
publish: {labels: false, status: true, sarif: true}
gates:
  - {name: T1, what: format, check: ci/format}
runner: {embedded: false, lease: 30s, attempts: 5, longest: 90m}
isolation: full
keep: 90d
keep-records: 700d
";
    let server = parse(text).unwrap();
    assert_eq!(server.public_url, "http://localhost:3000");
    assert_eq!((server.listen.as_str(), server.data.as_str()), ("[::1]:3000", "/srv/t5"));
    assert_eq!(server.signing_key.as_deref(), Some("/etc/t5/signing-key.pem"));
    assert_eq!(server.github.api_url, "https://github.corp.example/api/v3");
    assert_eq!(server.github.web_url, "https://github.corp.example");
    assert_eq!(server.github.app_id, Some(4711));
    assert_eq!(server.github.private_key_file.as_deref(), Some("/etc/t5/key.pem"));
    assert_eq!(server.github.webhook_secret_files, ["/etc/t5/new", "/etc/t5/old"]);
    assert_eq!(server.check.name, "perf");
    assert_eq!(server.check.inconclusive, Unproved::Failure);
    assert_eq!(server.check.could_not_run, Unproved::Neutral);
    assert_eq!(server.publish, Publish { labels: false, status: true, sarif: true });
    let gate = Gate { name: "T1".into(), what: "format".into(), check: "ci/format".into() };
    assert_eq!(server.gates, [gate]);
    let lease = Duration::from_secs(30);
    let longest = Duration::from_secs(90 * 60);
    assert_eq!(server.runner, Runner { embedded: false, lease, attempts: 5, longest });
    assert_eq!(server.isolation, IsolationWish::Full);
    assert_eq!(server.keep, Duration::from_secs(90 * 86_400));
    assert_eq!(server.keep_records, Duration::from_secs(700 * 86_400));
}

#[test]
fn an_address_from_outside_the_file_is_held_to_the_same_rules() {
    let mut server = Server::default_for(URL);
    server.set_public_url("https://other.example/").unwrap();
    assert_eq!(server.public_url, "https://other.example");
    let said = server.set_public_url("other.example").unwrap_err();
    assert!(said.message.starts_with("the public address must begin with https://"), "{said}");
    assert_eq!(server.public_url, "https://other.example");
}
