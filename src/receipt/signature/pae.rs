//! What a DSSE signature is over.

/// DSSE's pre-authentication encoding, version 1: the type and the payload, each behind its
/// length in bytes, so that no other type and payload give the same bytes.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    let mut bytes = Vec::with_capacity(head.len() + payload.len());
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(payload);
    bytes
}
