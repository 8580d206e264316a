//! Any bytes as an envelope, as a statement, as a file of keys: read or refused, and never signed
//! by a key that did not sign them. Any payload comes out of its envelope as it went in.

#![no_main]

use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;
use t5_gate::receipt::{Envelope, PublicKeys, Sealed, Signer, decode_envelope, decode_statement};

fuzz_target!(|bytes: &[u8]| {
    let signer = Signer::from_seed(&[0xa5; 32]);
    let keys = PublicKeys::from_iter([signer.public()]);
    if let Ok(read) = decode_envelope(bytes) {
        assert_eq!(read.encode().unwrap(), bytes, "an envelope has one form");
        assert!(!matches!(read.check(&keys), Sealed::By(_)), "nobody signed this");
    }
    let _ = decode_statement(bytes);

    let sealed = Envelope::sealed(bytes.to_vec(), &signer);
    let mut written = sealed.encode().unwrap();
    let read = decode_envelope(&written).unwrap();
    assert_eq!(read.payload(), bytes);
    assert_eq!(read.check(&keys), Sealed::By(keys.ids()));
    if let Some(at) = bytes.first() {
        // Another byte somewhere in it: refused, or signed by nobody.
        let at = usize::from(*at) * written.len() / 256;
        written[at] ^= 1;
        let read = decode_envelope(&written).map(|read| read.check(&keys));
        assert!(!matches!(read, Ok(Sealed::By(_))), "byte {at} does not count");
    }

    let text = String::from_utf8_lossy(bytes);
    if let Ok(keys) = PublicKeys::parse(&text) {
        let again: String = keys.iter().map(|key| key.to_text()).collect();
        assert_eq!(PublicKeys::parse(&again), Ok(keys));
    }
    let _ = Signer::parse(&SecretString::from(text.into_owned()));
});
