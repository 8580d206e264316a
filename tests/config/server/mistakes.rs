//! An operator's mistakes, each told with its place.

use insta::assert_snapshot;
use t5_gate::config::server::parse;

fn told(text: &str) -> String {
    match parse(text) {
        Ok(_) => "no mistake".to_owned(),
        Err(mistakes) => mistakes.render("server.yml"),
    }
}

/// What is told of one line beside a good address, without the place.
fn told_of(line: &str) -> String {
    let told = told(&format!("public-url: https://t5.example.org\n{line}\n"));
    let messages = told.lines().map(|line| line.splitn(4, ':').nth(3).unwrap_or(line).trim());
    messages.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    let text = "\
public_url: https://t5.example.org
listen: 8080
data: t5
github:
  app-id: T5
  private-key: /etc/t5/key.pem
check:
  inconclusive: success
publish: [status]
gates:
  - {name: T1, what: format}
  - {name: T2, what: features, check: features, required: true}
runner:
  lease: 1s
  attempts: 0
keep: 30
";
    assert_snapshot!(told(text), @"
    server.yml:1:1: unknown key `public_url` in the file; did you mean `public-url`?
    server.yml:1:1: the file lacks `public-url`; it says where people and GitHub reach this server: https://t5.example.org
    server.yml:2:9: `listen` must be a text, not the number 8080; put it in quotes
    server.yml:3:7: `data` must be an absolute path, not `t5`; a service has no folder of its own to start from
    server.yml:5:11: `app-id` must be a whole number, not the text `T5`; it stands on the App's settings page
    server.yml:6:3: unknown key `private-key` in `github`; did you mean `private-key-file`?
    server.yml:8:17: `inconclusive` must not be `success`: nothing was proved; choose action_required, failure or neutral
    server.yml:9:10: `publish` must be a mapping, not a list
    server.yml:11:5: a gate lacks `check`; it says the name of its check run
    server.yml:12:49: unknown key `required` in a gate; known there: name, what, check
    server.yml:14:10: `lease` must be at least 10s
    server.yml:15:13: `attempts` must be a whole number between 1 and 10, not 0
    server.yml:16:7: `keep` must be a duration, not the number 30; add its unit, as in 90s, 10m, 1h30m or 30d
    ");
}

#[test]
fn an_address_that_people_could_not_reach() {
    let address = |text: &str| told(&format!("public-url: {text}"));
    assert_snapshot!(address("t5.example.org"), @"server.yml:1:13: `public-url` must begin with https:// or http://, not `t5.example.org`; write it as in https://t5.example.org");
    assert_snapshot!(address("ftp://t5.example.org"), @"server.yml:1:13: `public-url` must begin with https:// or http://, not `ftp://t5.example.org`; write it as in https://t5.example.org");
    assert_snapshot!(address("https://t5.example.org/gate"), @"server.yml:1:13: `public-url` must end after host and port, not `https://t5.example.org/gate`; give the gate a host name of its own");
    assert_snapshot!(address("https://t5.example.org?x=1"), @"server.yml:1:13: `public-url` must not hold a query or a fragment: `https://t5.example.org?x=1`");
    assert_snapshot!(address("https://admin:pw@t5.example.org"), @"server.yml:1:13: `public-url` must not hold a user or a password");
    assert_snapshot!(address("https://"), @"server.yml:1:13: `public-url` must name a host, not `https://`");
    assert_snapshot!(address("https://t5.example.org:0"), @"server.yml:1:13: `public-url` must name a port between 1 and 65535, not `0`");
    assert_snapshot!(address("https://t5.example.org:99999"), @"server.yml:1:13: `public-url` must name a port between 1 and 65535, not `99999`");
    assert_snapshot!(address("'https://t5 .example.org'"), @"server.yml:1:13: `public-url` must be a plain address, not `https://t5 .example.org`");
    for good in ["https://t5.example.org/", "http://localhost:8080", "http://[::1]:8080"] {
        assert_eq!(address(&format!("'{good}'")), "no mistake", "{good}");
    }
}

#[test]
fn nothing_is_shown_of_a_password_in_an_address() {
    assert!(!told("public-url: https://admin:hunter2@t5.example.org").contains("hunter2"));
}

#[test]
fn places_to_listen_on() {
    for wrong in ["8080", "localhost", "':8080'", "localhost:http", "'::1:8080'", "a b:1"] {
        assert!(told_of(&format!("listen: {wrong}")).starts_with("`listen` must be"), "{wrong}");
    }
    for good in ["0.0.0.0:80", "localhost:8080", "'[::]:8080'", "127.0.0.1:0"] {
        assert_eq!(told_of(&format!("listen: {good}")), "no mistake", "{good}");
    }
}

#[test]
fn numbers_and_times_out_of_range() {
    assert_snapshot!(told_of("runner: {attempts: 11}"), @"`attempts` must be a whole number between 1 and 10, not 11");
    assert_snapshot!(told_of("runner: {attempts: 1.5}"), @"`attempts` must be a whole number between 1 and 10, not 1.5");
    assert_snapshot!(told_of("runner: {attempts: '3'}"), @"`attempts` must be a whole number, not the text `3`");
    assert_snapshot!(told_of("runner: {lease: 2h}"), @"`lease` must be at most 1h");
    assert_snapshot!(told_of("keep: 1h"), @"`keep` must be at least 1d");
    assert_snapshot!(told_of("keep-records: 3d"), @"`keep-records` must be at least 7d");
    assert_snapshot!(told_of("github: {app-id: 0}"), @"`app-id` must be a whole number between 1 and 4294967295, not 0; it stands on the App's settings page");
}

#[test]
fn an_isolation_that_there_is_not() {
    assert_snapshot!(told_of("isolation: landlock"), @"`isolation` must be full, best or none, not `landlock`; `t5 doctor` tells what this host has");
    assert_snapshot!(told_of("isolation: [full]"), @"`isolation` must be a text, not a list");
}

#[test]
fn gates_that_could_not_be_told_apart() {
    let gate = "{name: T1, what: format, check: ci/format}";
    assert_snapshot!(told_of(&format!("gates: [{gate}, {gate}]")), @"`gates` names `T1` twice");
    let many: Vec<String> =
        (0..17).map(|n| format!("{{name: G{n}, what: w, check: c{n}}}")).collect();
    assert_snapshot!(told_of(&format!("gates: [{}]", many.join(", "))), @"`gates` lists more than 16");
    assert_eq!(told_of("gates: []"), "no mistake");
}
