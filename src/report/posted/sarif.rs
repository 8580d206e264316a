//! Findings and regressions for code scanning, as SARIF 2.1.0.

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::{Value, json};

use crate::{
    perf::{self, Pair, PairState},
    policy::{self, Finding, FindingState, Severity, waiver_for},
    receipt::{Receipt, digest, judged_on},
    report::{
        Contradictions, escape::terminal, limits, refuse_contradictions, tally::waived, units,
        words,
    },
    verdict::Verdict,
};

/// Results that code scanning shows of one run.
const RESULTS: usize = 5_000;

/// What the change brings in: introduced findings and regressed benchmarks, the gravest first.
///
/// # Errors
///
/// Refuses what contradicts itself.
pub fn sarif(receipt: &Receipt, verdict: &Verdict) -> Result<Value, Contradictions> {
    refuse_contradictions(receipt, verdict)?;
    let mut results = Vec::new();
    if let Some(facts) = &receipt.perf {
        results.extend(facts.pairs.iter().filter_map(|pair| of_pair(receipt, facts, pair)));
    }
    if let Some(facts) = &receipt.policy {
        let introduced = |finding: &&Finding| finding.state == FindingState::Introduced;
        let findings = facts.findings.iter().filter(introduced);
        results.extend(findings.map(|finding| of_finding(receipt, facts, finding)));
    }
    results.sort_by_key(|result| Reverse(result.level));
    results.truncate(RESULTS);
    let rules: BTreeMap<&str, Value> =
        results.iter().map(|result| (result.rule.as_str(), result.describe_rule())).collect();
    Ok(json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "T5 Gate",
                    "semanticVersion": receipt.run.gate_version,
                    "rules": rules.into_values().collect::<Vec<_>>(),
                },
            },
            "automationDetails": { "id": "t5-gate/" },
            "columnKind": "unicodeCodePoints",
            "results": results.iter().map(Found::value).collect::<Vec<_>>(),
        }],
    }))
}

/// One result.
struct Found {
    rule: String,
    about: &'static str,
    level: Severity,
    message: String,
    file: String,
    line: u32,
    /// What makes it the same result in the next run, wherever it has moved to.
    identity: String,
    /// Why it is accepted for a time.
    waived: Option<String>,
}

impl Found {
    fn describe_rule(&self) -> Value {
        json!({
            "id": self.rule,
            "shortDescription": { "text": format!("{}: {}", self.about, self.rule) },
            "properties": { "tags": ["t5-gate"] },
        })
    }

    fn value(&self) -> Value {
        let mut value = json!({
            "ruleId": self.rule,
            "level": match self.level {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            },
            "message": { "text": self.message },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": uri(&self.file), "uriBaseId": "%SRCROOT%" },
                    "region": { "startLine": self.line.max(1) },
                },
            }],
            "partialFingerprints": { "t5Gate/v1": digest(self.identity.as_bytes()) },
        });
        if let (Some(why), Some(fields)) = (&self.waived, value.as_object_mut()) {
            let suppressed = json!([{ "kind": "external", "justification": why }]);
            fields.insert("suppressions".to_owned(), suppressed);
        }
        value
    }
}

fn of_finding(receipt: &Receipt, facts: &policy::Facts, finding: &Finding) -> Found {
    let (file, line) = match &finding.location {
        Some(at) => (at.file.clone(), at.line),
        // Code scanning takes no result without a place; every finding is about this file.
        None => (in_folder(receipt, "Cargo.lock"), 1),
    };
    let package = format!("{} {}", finding.package.name, finding.package.version);
    let said =
        format!("{}: {} (says {})", package.trim_end(), finding.why, words::tool(finding.source));
    let accepted = waived(facts, finding, judged_on(receipt));
    let reason = waiver_for(facts, finding).filter(|_| accepted);
    let rule = format!("{}/{}", words::key(finding.source), finding.id);
    Found {
        rule: terminal(&rule, limits::ID),
        about: words::check(finding.source),
        level: finding.severity,
        message: terminal(&said, limits::REASON),
        file,
        line,
        identity: [rule.as_str(), &finding.package.name, &finding.package.version, &finding.why]
            .join("\n"),
        waived: reason.map(|waiver| {
            terminal(&format!("{} (until {})", waiver.reason, waiver.expires), limits::REASON)
        }),
    }
}

fn of_pair(receipt: &Receipt, facts: &perf::Facts, pair: &Pair) -> Option<Found> {
    let estimate = pair.estimate.as_ref().filter(|_| pair.state == PairState::Regressed)?;
    let (file, line) = match &pair.source {
        Some(at) => (at.file.clone(), at.line),
        None => (in_folder(receipt, "Cargo.toml"), 1),
    };
    let message = format!(
        "{}: throughput {} against the base; the line is {}",
        terminal(&pair.bench.to_string(), limits::ID),
        units::change(estimate),
        units::share(facts.rule.line())
    );
    Some(Found {
        rule: "benchmarks/regressed".to_owned(),
        about: "Benchmarks",
        level: Severity::Error,
        message,
        file,
        line,
        identity: format!("benchmarks/regressed\n{}", pair.bench),
        waived: None,
    })
}

fn in_folder(receipt: &Receipt, file: &str) -> String {
    match receipt.subject.subfolder.trim_end_matches('/') {
        "" => file.to_owned(),
        folder => format!("{folder}/{file}"),
    }
}

/// A path as a relative reference: what is not plain is percent-encoded.
fn uri(path: &str) -> String {
    let mut safe = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    safe
}
