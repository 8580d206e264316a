//! The files behind the report, the programs that took part, and the machine.

use crate::{
    receipt::{DIGEST_FILE, RECEIPT_FILE, Receipt, VERDICT_FILE},
    report::{
        escape::{code, text},
        limits,
        page::Page,
        units, words,
    },
};

pub(super) fn section(page: &mut Page, receipt: &Receipt) {
    page.heading(2, "Artifacts");
    page.paragraph(&format!(
        "`{RECEIPT_FILE}` holds every figure of this report, `{DIGEST_FILE}` its digest, \
         `{VERDICT_FILE}` the verdict. `t5 verify` computes them all again from these:"
    ));
    if receipt.artifacts.is_empty() {
        page.paragraph("No further file belongs to this run.");
    }
    page.table(
        ["File", "What it holds", "Size", "SHA-256"],
        receipt.artifacts.iter().map(|artifact| {
            [
                code(&artifact.path, limits::PATH),
                text(&artifact.what, limits::SENTENCE),
                units::size(artifact.bytes),
                code(&artifact.sha256, 64),
            ]
        }),
    );
    tools(page, receipt);
    machine(page, receipt);
}

fn tools(page: &mut Page, receipt: &Receipt) {
    page.heading(3, "Tool versions");
    page.table(
        ["Tool", "Version"],
        receipt
            .tools
            .iter()
            .map(|tool| [code(&tool.name, limits::ID), text(&tool.version, limits::ID)]),
    );
}

/// The word, and what held.
fn isolation(receipt: &Receipt) -> String {
    let word = code(&receipt.run.isolation, limits::ID);
    let layers = receipt.run.layers.iter().map(|layer| text(layer, limits::SENTENCE));
    let layers: Vec<String> = layers.collect();
    let held = match layers.as_slice() {
        [] => String::new(),
        some => format!(" ({})", some.join("; ")),
    };
    format!("Isolation of the change's own code: {word}{held}")
}

fn machine(page: &mut Page, receipt: &Receipt) {
    let host = &receipt.host;
    page.heading(3, "Machine");
    let mut lines = vec![
        format!(
            "{}, {}, {} of memory",
            text(&host.cpu, limits::ID),
            words::counted(host.cpus as usize, "logical processor", "logical processors"),
            units::size(host.memory)
        ),
        text(&host.os, limits::ID),
        format!("Fingerprint {}", code(&host.fingerprint, 64)),
        isolation(receipt),
    ];
    lines.extend(host.notes.iter().map(|note| text(note, limits::SENTENCE)));
    if let Some(perf) = receipt.perf.as_ref().filter(|perf| !perf.environment.is_empty()) {
        let variables: Vec<String> = perf
            .environment
            .iter()
            .map(|(name, value)| code(&format!("{name}={value}"), limits::PATH))
            .collect();
        lines.push(format!("Environment of a benchmark, all of it: {}", variables.join(", ")));
    }
    page.bullets(lines);
}
