//! Who wrote a receipt: ed25519 over an in-toto statement in a DSSE envelope.
//!
//! Beside `receipt.json` stands [`ENVELOPE_FILE`], one line of JSON with a payload in base64. The
//! payload is an in-toto statement, version 1: its `subject` names the receipt and every artifact
//! by SHA-256, and its `predicate` is `receipt.json` byte for byte, without the line break at its
//! end. So the exact receipt can be taken out again. What is signed is the payload with its type,
//! as DSSE's pre-authentication encoding joins them ([`pae`]).
//!
//! All of it is pure: where keys lie and where they come from is for whoever calls.

mod bounded;
mod envelope;
mod key;
mod listed;
mod pae;
mod pem;
mod statement;

pub use envelope::{
    ENVELOPE_LIMIT, Envelope, EnvelopeError, PAYLOAD_TYPE, Sealed, decode_envelope,
};
pub use key::{KeyError, KeyId, PublicKey, PublicKeys, Signer};
pub use listed::{ListedKeys, Standing};
pub use pae::pae;
pub use statement::{
    DigestSet, PREDICATE_TYPE, SignedFile, Statement, StatementError, decode_statement,
};

pub(super) use statement::signed_files;

use super::{ReceiptError, decode};

/// The envelope's name in the run's folder.
pub const ENVELOPE_FILE: &str = "receipt.dsse.json";

/// The exact bytes of the envelope over a receipt, of which `bytes` are the exact bytes.
///
/// # Errors
///
/// Refuses what could not be taken out again: bytes that are no receipt as
/// [`encode`](super::encode) writes it, or one that is too large for an envelope.
pub fn sign(bytes: &[u8], signer: &Signer) -> Result<Vec<u8>, ReceiptError> {
    let receipt = decode(bytes)?;
    let lost = |problem: String| ReceiptError::NotRepresentable { problem };
    let payload = statement::encode(bytes, &receipt).map_err(|error| lost(error.to_string()))?;
    let signed = Envelope::sealed(payload, signer).encode();
    let written = signed.map_err(|error| lost(error.to_string()))?;
    let envelope = decode_envelope(&written).map_err(|error| lost(error.to_string()))?;
    let back = decode_statement(envelope.payload()).map_err(|error| lost(error.to_string()))?;
    if back.receipt() == bytes && back.subject == signed_files(bytes, &receipt) {
        return Ok(written);
    }
    Err(lost("the receipt cannot be taken out of its envelope again".to_owned()))
}
