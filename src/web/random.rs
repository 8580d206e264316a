//! Secrets that this server makes itself.

use std::{fs::File, io, io::Read as _};

use data_encoding::HEXLOWER;

/// So many bytes that nobody can guess, in hex.
pub(super) fn hex<const BYTES: usize>() -> io::Result<String> {
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(HEXLOWER.encode(&bytes))
}
