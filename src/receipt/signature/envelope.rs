//! The envelope: a payload, and signatures over it.

use std::borrow::Cow;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::{
    bounded::bounded,
    key::{KeyId, PublicKeys, Signer},
    pae::pae,
};
use crate::receipt::{codec, shortened};

/// The largest envelope that is read or written, in bytes: the largest receipt in base64, and room
/// for the names of artifacts.
pub const ENVELOPE_LIMIT: u64 = 96 * 1024 * 1024;
/// The type of the payload: an in-toto statement as JSON.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Most signatures of one envelope. While a key is replaced there are two.
const SIGNATURES: usize = 16;
/// Bytes of an ed25519 signature.
const SIGNATURE: usize = 64;

/// Why some bytes are no envelope of ours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// More bytes than [`ENVELOPE_LIMIT`].
    #[error("{bytes} bytes are more than an envelope may have ({ENVELOPE_LIMIT})")]
    TooLarge {
        /// How many there are.
        bytes: u64,
    },
    /// Not JSON, or JSON of another shape.
    #[error("it is no envelope of this gate: column {column}: {problem}")]
    Broken {
        /// Counted from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// It holds something else than a statement.
    #[error("its payload is of the type «{found}», expected «{PAYLOAD_TYPE}»")]
    Foreign {
        /// What stands there.
        found: String,
    },
    /// The payload or a signature is no base64 of what it should be.
    #[error("its {what} is not in the standard base64 alphabet, or of the wrong length")]
    NotBase64 {
        /// `payload` or `signature`.
        what: &'static str,
    },
    /// There is no signature in it.
    #[error("it holds no signature")]
    Unsigned,
    /// The same content in other bytes.
    #[error(
        "it is not exactly the one line that this gate writes; spaces, another order of the keys \
         or a missing line break at the end make it another file"
    )]
    NotCanonical,
}

/// A payload with the signatures over it, none of which was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    payload: Vec<u8>,
    signatures: Vec<(KeyId, [u8; SIGNATURE])>,
}

/// What signatures say once they were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// Each signature by a known key is right, and there is at least one.
    By(Vec<KeyId>),
    /// None of its keys is known.
    Unknown,
    /// This key is known, and its signature is not over this payload.
    Wrong(KeyId),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
    #[serde(rename = "payloadType", borrow)]
    payload_type: Cow<'a, str>,
    #[serde(deserialize_with = "bounded::<_, _, SIGNATURES>")]
    signatures: Vec<WrittenSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSignature {
    keyid: KeyId,
    sig: String,
}

impl Envelope {
    /// A payload and the one signature that this signer makes over it.
    pub fn sealed(payload: Vec<u8>, signer: &Signer) -> Self {
        let signature = signer.sign(&pae(PAYLOAD_TYPE, &payload));
        Self { payload, signatures: vec![(signer.public().id(), signature)] }
    }

    /// What is signed. Nothing is known of it until the signatures were checked.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The keys that it says it is signed by.
    pub fn key_ids(&self) -> Vec<KeyId> {
        self.signatures.iter().map(|(id, _)| id.clone()).collect()
    }

    /// Checks the signatures by these keys. Those by other keys say nothing, and are passed over;
    /// a wrong one by a known key is never outweighed by a right one.
    pub fn check(&self, keys: &PublicKeys) -> Sealed {
        let message = pae(PAYLOAD_TYPE, &self.payload);
        let mut by = Vec::new();
        for (id, signature) in &self.signatures {
            match keys.find(id) {
                None => {}
                Some(key) if key.verifies(&message, signature) => by.push(id.clone()),
                Some(_) => return Sealed::Wrong(id.clone()),
            }
        }
        if by.is_empty() { Sealed::Unknown } else { Sealed::By(by) }
    }

    /// The exact bytes: one line of JSON.
    ///
    /// # Errors
    ///
    /// If it is larger than [`ENVELOPE_LIMIT`].
    pub fn encode(&self) -> Result<Vec<u8>, EnvelopeError> {
        let written = Written {
            payload: BASE64.encode(&self.payload).into(),
            payload_type: PAYLOAD_TYPE.into(),
            signatures: self
                .signatures
                .iter()
                .map(|(id, sig)| WrittenSignature { keyid: id.clone(), sig: BASE64.encode(sig) })
                .collect(),
        };
        let mut bytes = serde_json::to_vec(&written).map_err(|error| broken(&error))?;
        bytes.push(b'\n');
        within_limit(&bytes)?;
        Ok(bytes)
    }
}

/// Reads an envelope. It has one form alone, so that each of its bytes counts.
///
/// # Errors
///
/// Refuses what is too large, no envelope, of another payload, or written in another form.
pub fn decode_envelope(bytes: &[u8]) -> Result<Envelope, EnvelopeError> {
    within_limit(bytes)?;
    let written: Written<'_> = serde_json::from_slice(bytes).map_err(|error| broken(&error))?;
    if written.payload_type != PAYLOAD_TYPE {
        return Err(EnvelopeError::Foreign { found: shortened(&written.payload_type) });
    }
    let payload = BASE64.decode(written.payload.as_bytes());
    let payload = payload.map_err(|_| EnvelopeError::NotBase64 { what: "payload" })?;
    let mut signatures = Vec::new();
    for WrittenSignature { keyid, sig } in written.signatures {
        let signature = BASE64.decode(sig.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        let signature = signature.ok_or(EnvelopeError::NotBase64 { what: "signature" })?;
        signatures.push((keyid, signature));
    }
    if signatures.is_empty() {
        return Err(EnvelopeError::Unsigned);
    }
    let envelope = Envelope { payload, signatures };
    if envelope.encode()? == bytes { Ok(envelope) } else { Err(EnvelopeError::NotCanonical) }
}

fn within_limit(bytes: &[u8]) -> Result<(), EnvelopeError> {
    let bytes = bytes.len() as u64;
    if bytes > ENVELOPE_LIMIT { Err(EnvelopeError::TooLarge { bytes }) } else { Ok(()) }
}

fn broken(error: &serde_json::Error) -> EnvelopeError {
    EnvelopeError::Broken { column: error.column(), problem: codec::problem(error) }
}
