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
    assert_snapshot!(told(text));
}

#[test]
fn an_address_that_people_could_not_reach() {
    let address = |text: &str| told(&format!("public-url: {text}"));
    assert_snapshot!(address("t5.example.org"));
    assert_snapshot!(address("ftp://t5.example.org"));
    assert_snapshot!(address("https://t5.example.org/gate"));
    assert_snapshot!(address("https://t5.example.org?x=1"));
    assert_snapshot!(address("https://admin:pw@t5.example.org"));
    assert_snapshot!(address("https://"));
    assert_snapshot!(address("https://t5.example.org:0"));
    assert_snapshot!(address("https://t5.example.org:99999"));
    assert_snapshot!(address("'https://t5 .example.org'"));
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
    assert_snapshot!(told_of("runner: {attempts: 11}"));
    assert_snapshot!(told_of("runner: {attempts: 1.5}"));
    assert_snapshot!(told_of("runner: {attempts: '3'}"));
    assert_snapshot!(told_of("runner: {lease: 2h}"));
    assert_snapshot!(told_of("keep: 1h"));
    assert_snapshot!(told_of("github: {app-id: 0}"));
}

#[test]
fn gates_that_could_not_be_told_apart() {
    let gate = "{name: T1, what: format, check: ci/format}";
    assert_snapshot!(told_of(&format!("gates: [{gate}, {gate}]")));
    let many: Vec<String> =
        (0..17).map(|n| format!("{{name: G{n}, what: w, check: c{n}}}")).collect();
    assert_snapshot!(told_of(&format!("gates: [{}]", many.join(", "))));
    assert_eq!(told_of("gates: []"), "no mistake");
}
