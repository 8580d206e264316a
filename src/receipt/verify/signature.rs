//! Is the receipt the one that was signed, and by whom?

use super::{FileError, Files, Refusal};
use crate::receipt::{
    ENVELOPE_FILE, ENVELOPE_LIMIT, Envelope, KeyId, PublicKeys, RECEIPT_FILE, Receipt, Sealed,
    SignedFile, Statement, decode_envelope, decode_statement, shortened, signature::signed_files,
};

/// What is known of who wrote a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// There is no signature.
    Nobody,
    /// There are signatures that name these keys, and no key to check them by.
    Unchecked(Vec<KeyId>),
    /// These keys signed it.
    By(Vec<KeyId>),
}

impl Signed {
    pub(super) fn in_short(&self) -> String {
        match self {
            Self::By(ids) => format!("signed by key {}", listed(ids)),
            Self::Nobody | Self::Unchecked(_) => "not authenticated".to_owned(),
        }
    }

    pub(super) fn in_full(&self) -> String {
        match self {
            Self::By(_) => String::new(),
            Self::Nobody => ". Nothing is signed, so who wrote this folder is unknown".to_owned(),
            Self::Unchecked(ids) => format!(
                ". A signature that names key {} is there and was not checked, so who wrote this \
                 folder is unknown; give the file of its public key with --key",
                listed(ids)
            ),
        }
    }
}

/// An envelope whose statement could be read.
pub(super) struct Opened {
    statement: Statement,
    pub(super) signed: Signed,
}

/// Opens the envelope, if there is one; with keys there has to be one, signed by one of them.
pub(super) fn open(
    files: &dyn Files,
    keys: Option<&PublicKeys>,
    receipt: &[u8],
    refusals: &mut Vec<Refusal>,
) -> Option<Opened> {
    let refuse = |differs: String, means: &str| Refusal::new(ENVELOPE_FILE, differs, means);
    let bytes = match files.read(ENVELOPE_FILE, ENVELOPE_LIMIT) {
        Ok(bytes) => bytes,
        Err(FileError::Absent) if keys.is_none() => return None,
        Err(error) => {
            let means = "There is no signature to check, so who wrote this folder is unknown";
            refusals.push(refuse(error.to_string(), means));
            return None;
        }
    };
    let envelope = match decode_envelope(&bytes) {
        Ok(envelope) => envelope,
        Err(error) => {
            let means = "It was changed after the run, or something else wrote it";
            refusals.push(refuse(error.to_string(), means));
            return None;
        }
    };
    let signed = match keys.map(|keys| signer(&envelope, keys)) {
        None => Signed::Unchecked(envelope.key_ids()),
        Some(Ok(ids)) => Signed::By(ids),
        // What is in it is nobody's word, and is not looked at.
        Some(Err(refusal)) => {
            refusals.push(refusal);
            return None;
        }
    };
    let statement = match decode_statement(envelope.payload()) {
        Ok(statement) => statement,
        Err(error) => {
            refusals.push(refuse(error.to_string(), "It says nothing of this receipt"));
            return None;
        }
    };
    if statement.receipt() != receipt {
        refusals.push(Refusal::new(
            RECEIPT_FILE,
            format!("it is not byte for byte the receipt in {ENVELOPE_FILE}"),
            "It was changed after it was signed, or the envelope is another run's",
        ));
    }
    Some(Opened { statement, signed })
}

fn signer(envelope: &Envelope, keys: &PublicKeys) -> Result<Vec<KeyId>, Refusal> {
    match envelope.check(keys) {
        Sealed::By(ids) => Ok(ids),
        Sealed::Unknown => Err(Refusal::new(
            ENVELOPE_FILE,
            format!(
                "it names key {}, and only {} may have signed it",
                listed(&envelope.key_ids()),
                listed(&keys.ids())
            ),
            "Another gate wrote this folder, or one whose key was not given with --key",
        )),
        Sealed::Wrong(id) => Err(Refusal::new(
            ENVELOPE_FILE,
            format!("its signature is not one that key {id} made over these bytes"),
            "It was changed after it was signed, or somebody else signed it",
        )),
    }
}

impl Opened {
    /// Holds the signed digests against those of the receipt, which the files were held against.
    pub(super) fn check_files(&self, bytes: &[u8], receipt: &Receipt, refusals: &mut Vec<Refusal>) {
        let (signed, expected) = (&self.statement.subject, signed_files(bytes, receipt));
        if *signed == expected {
            return;
        }
        let means = "It was changed after it was signed, or the envelope is another run's";
        let before = refusals.len();
        for file in &expected {
            let differs = match signed.iter().find(|other| other.name == file.name) {
                Some(other) if other == file => continue,
                Some(_) => format!("its digest is not the one that is signed in {ENVELOPE_FILE}"),
                None => format!("{ENVELOPE_FILE} does not name it"),
            };
            // The receipt as a whole was compared already.
            if file.name != RECEIPT_FILE || self.statement.receipt() == bytes {
                refusals.push(Refusal::new(&shortened(&file.name), differs, means));
            }
        }
        let unknown = |file: &&SignedFile| expected.iter().all(|known| known.name != file.name);
        for file in signed.iter().filter(unknown) {
            let differs = format!("{ENVELOPE_FILE} names it, and the receipt does not");
            refusals.push(Refusal::new(&shortened(&file.name), differs, means));
        }
        if refusals.len() == before && self.statement.receipt() == bytes {
            let differs = "it names the receipt's files twice, or in another order";
            refusals.push(Refusal::new(
                ENVELOPE_FILE,
                differs,
                "This gate writes no such statement",
            ));
        }
    }
}

fn listed(ids: &[KeyId]) -> String {
    ids.iter().map(KeyId::as_str).collect::<Vec<_>>().join(", ")
}
