//! The statement: which files are meant, and the receipt itself.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::bounded::bounded;
use crate::receipt::{RECEIPT_FILE, Receipt, ReceiptError, codec, digest, shortened};

/// The form of statements: in-toto, version 1.
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// What the predicate is: a receipt of this gate, byte for byte. Another way to splice it in would
/// be another version; which fields a receipt has is for its own `schema` to say.
pub const PREDICATE_TYPE: &str = "urn:t5-gate:receipt:1";
/// Most files that one statement names.
const SUBJECTS: usize = 4096;

/// Why some bytes are no statement of ours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not JSON, or JSON of another shape.
    #[error(
        "what is signed is no statement over a receipt: line {line}, column {column}: {problem}"
    )]
    Broken {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A statement of another form, or over something else.
    #[error("what is signed is «{found}», expected «{expected}»")]
    Foreign {
        /// What stands there.
        found: String,
        /// What this program reads.
        expected: &'static str,
    },
}

/// A file and its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedFile {
    /// The file's path, relative to the receipt.
    pub name: String,
    /// Of its exact bytes.
    pub digest: DigestSet,
}

/// The digests of a file; we write one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestSet {
    /// SHA-256, in lowercase hex.
    pub sha256: String,
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The receipt, then its artifacts.
    pub subject: Vec<SignedFile>,
    receipt: Vec<u8>,
}

impl Statement {
    /// The exact bytes of the receipt.
    pub fn receipt(&self) -> &[u8] {
        &self.receipt
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(deserialize_with = "bounded::<_, _, SUBJECTS>")]
    subject: Vec<SignedFile>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    // Borrowed, so that these are the very bytes that stand there.
    #[serde(borrow)]
    predicate: &'a RawValue,
}

/// The files that a statement over this receipt names: the receipt, then its artifacts.
pub(in crate::receipt) fn signed_files(bytes: &[u8], receipt: &Receipt) -> Vec<SignedFile> {
    let subject = |name: &str, sha256: String| SignedFile {
        name: name.to_owned(),
        digest: DigestSet { sha256 },
    };
    let artifacts = receipt.artifacts.iter();
    std::iter::once(subject(RECEIPT_FILE, digest(bytes)))
        .chain(artifacts.map(|artifact| subject(&artifact.path, artifact.sha256.clone())))
        .collect()
}

/// The exact bytes of the statement over a receipt, with the receipt's own bytes in it.
pub(super) fn encode(bytes: &[u8], receipt: &Receipt) -> Result<Vec<u8>, ReceiptError> {
    let lost = |error: serde_json::Error| ReceiptError::NotRepresentable {
        problem: codec::problem(&error),
    };
    let written = Written {
        kind: STATEMENT_TYPE.to_owned(),
        subject: signed_files(bytes, receipt),
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: serde_json::from_slice(bytes).map_err(lost)?,
    };
    serde_json::to_vec(&written).map_err(lost)
}

/// Reads a statement. How deep a predicate nests costs nothing here: nobody looks into it.
///
/// # Errors
///
/// Refuses what is no statement over a receipt of this gate.
pub fn decode_statement(payload: &[u8]) -> Result<Statement, StatementError> {
    let written: Written<'_> =
        serde_json::from_slice(payload).map_err(|error| StatementError::Broken {
            line: error.line(),
            column: error.column(),
            problem: codec::problem(&error),
        })?;
    for (found, expected) in
        [(&written.kind, STATEMENT_TYPE), (&written.predicate_type, PREDICATE_TYPE)]
    {
        if found != expected {
            return Err(StatementError::Foreign { found: shortened(found), expected });
        }
    }
    // The line break at the end of a receipt is no part of a JSON value, and every receipt has it.
    let mut receipt = written.predicate.get().as_bytes().to_vec();
    receipt.push(b'\n');
    Ok(Statement { subject: written.subject, receipt })
}
