//! A receipt and a verdict as bytes, and back.

use serde::{Deserialize, de::DeserializeOwned};

use super::{Receipt, SCHEMA};
use crate::verdict::Verdict;

/// The largest receipt that is read or written, in bytes.
pub const RECEIPT_LIMIT: u64 = 64 * 1024 * 1024;

/// Every schema that this program wrote or will write begins like this; a number follows.
const FAMILY: &str = "t5-receipt/";

/// Why some bytes are not a receipt that this program can use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// More bytes than [`RECEIPT_LIMIT`].
    #[error("{bytes} bytes are more than a receipt may have ({RECEIPT_LIMIT})")]
    TooLarge {
        /// How many there are.
        bytes: u64,
    },
    /// Not JSON, or JSON of another shape.
    #[error("line {line}, column {column}: {problem}")]
    Broken {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Its `schema` is not one of ours.
    #[error("not a receipt of this gate: its schema is «{found}», expected «{SCHEMA}»")]
    Foreign {
        /// What stands there.
        found: String,
    },
    /// Its `schema` is one of ours that this program does not know yet.
    #[error(
        "written by a newer gate: its schema is «{found}», and this program reads «{SCHEMA}»; \
         use the version of t5 that wrote it, or a newer one"
    )]
    Newer {
        /// What stands there.
        found: String,
    },
    /// It holds something that JSON cannot carry, such as a figure that is not finite.
    #[error("cannot be written so that it reads back the same: {problem}")]
    NotRepresentable {
        /// What cannot be carried.
        problem: String,
    },
}

/// The exact bytes of a receipt: indented JSON, keys in the order of the types, a newline at
/// the end.
///
/// # Errors
///
/// Refuses a receipt that [`decode`] would not read back as the same facts: a figure that is
/// not finite has no place in JSON, and would come back as nothing.
pub fn encode(receipt: &Receipt) -> Result<Vec<u8>, ReceiptError> {
    let bytes = pretty(receipt)?;
    match decode(&bytes) {
        Ok(back) if back == *receipt => Ok(bytes),
        Ok(_) => {
            Err(ReceiptError::NotRepresentable { problem: "it reads back differently".to_owned() })
        }
        Err(error @ ReceiptError::Broken { .. }) => {
            Err(ReceiptError::NotRepresentable { problem: error.to_string() })
        }
        Err(error) => Err(error),
    }
}

/// Reads a receipt. Fields that this version does not know are ignored.
///
/// # Errors
///
/// Refuses what is too large, broken, of another program or of a newer schema.
pub fn decode(bytes: &[u8]) -> Result<Receipt, ReceiptError> {
    #[derive(Deserialize)]
    struct Opening {
        schema: String,
    }

    let size = bytes.len() as u64;
    if size > RECEIPT_LIMIT {
        return Err(ReceiptError::TooLarge { bytes: size });
    }
    // The schema first: what a newer gate writes may have another shape altogether.
    let Opening { schema } = parse(bytes)?;
    if schema == SCHEMA {
        return parse(bytes);
    }
    let version = |schema: &str| schema.strip_prefix(FAMILY)?.parse::<u32>().ok();
    let found = super::shortened(&schema);
    Err(match (version(&schema), version(SCHEMA)) {
        (Some(theirs), Some(ours)) if theirs > ours => ReceiptError::Newer { found },
        _ => ReceiptError::Foreign { found },
    })
}

/// The exact bytes of a verdict, as they stand in the run's folder.
///
/// # Errors
///
/// None is known: a verdict holds words alone. The serializer's own type says that it could.
pub fn encode_verdict(verdict: &Verdict) -> Result<Vec<u8>, ReceiptError> {
    pretty(verdict)
}

/// Reads a verdict.
///
/// # Errors
///
/// Refuses what is too large or broken.
pub fn decode_verdict(bytes: &[u8]) -> Result<Verdict, ReceiptError> {
    let size = bytes.len() as u64;
    if size > RECEIPT_LIMIT {
        return Err(ReceiptError::TooLarge { bytes: size });
    }
    parse(bytes)
}

pub(super) fn pretty<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, ReceiptError> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| ReceiptError::NotRepresentable { problem: error.to_string() })?;
    bytes.push(b'\n');
    Ok(bytes)
}

pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ReceiptError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        ReceiptError::Broken { line, column, problem: problem(&error) }
    })
}

/// What a parser says, without the place: that stands in fields of its own.
pub(super) fn problem(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    super::shortened(message.strip_suffix(&place).unwrap_or(&message))
}
