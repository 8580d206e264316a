//! What a bench executable and the runner say to each other.
//!
//! The executable begins: for each benchmark that it comes to, in its own order, a byte `B`, a byte
//! that is 1 where it measures time, and twice a length (four bytes, little endian) with so much
//! text: the benchmark's id, and what it says of its throughput (Rust's debug format). Then it
//! answers requests of 17 bytes: `R`, a number of untimed and a number of timed iterations (eight
//! bytes each, little endian), by a byte `A` and the time that the timed ones took in nanoseconds
//! (eight bytes, a double); or `N` and sixteen more, which sends it on to its next benchmark.

use std::io::{self, Read};

use crate::perf::Throughput;

/// The longest id, and the longest text about a throughput, in bytes.
const TEXT_LIMIT: u32 = 512;

/// A benchmark that an executable has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Its id.
    pub id: String,
    /// What an iteration processes.
    pub throughput: Option<Throughput>,
    /// Whether it measures time: criterion can measure anything.
    pub timed: bool,
}

/// Why an answer is none.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Nothing came, or half of it.
    #[error("it broke off: {0}")]
    Broken(#[from] io::Error),
    /// Something else came.
    #[error("it said something that is no answer")]
    Unexpected,
}

/// Reads which benchmark an executable has come to; none at its end.
///
/// # Errors
///
/// If it breaks off or says something else.
pub fn announced(from: &mut impl Read) -> Result<Option<Announced>, MessageError> {
    let mut head = [0; 2];
    match from.read(&mut head)? {
        0 => return Ok(None),
        1 => from.read_exact(&mut head[1..])?,
        _ => {}
    }
    let timed = match head {
        [b'B', 0] => false,
        [b'B', 1] => true,
        _ => return Err(MessageError::Unexpected),
    };
    let (id, said) = (text(from)?, text(from)?);
    if id.chars().any(char::is_control) {
        return Err(MessageError::Unexpected);
    }
    Ok(Some(Announced { id, throughput: throughput(&said), timed }))
}

fn text(from: &mut impl Read) -> Result<String, MessageError> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > TEXT_LIMIT {
        return Err(MessageError::Unexpected);
    }
    let mut bytes = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != u64::from(length) {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    String::from_utf8(bytes).map_err(|_| MessageError::Unexpected)
}

/// Reads `Some(Elements(1024))`.
fn throughput(said: &str) -> Option<Throughput> {
    let said = said.strip_prefix("Some(")?.strip_suffix("))")?;
    let (kind, number) = said.split_once('(')?;
    let number = number.parse().ok()?;
    match kind {
        "Elements" => Some(Throughput::Elements(number)),
        "Bytes" | "BytesDecimal" => Some(Throughput::Bytes(number)),
        _ => None,
    }
}

/// Reads how long the timed iterations took, in nanoseconds.
///
/// # Errors
///
/// If it breaks off or says what no clock gives.
pub fn answered(from: &mut impl Read) -> Result<f64, MessageError> {
    let mut bytes = [0; 9];
    from.read_exact(&mut bytes)?;
    let [kind, time @ ..] = bytes;
    let time = f64::from_bits(u64::from_le_bytes(time));
    if kind == b'A' && time.is_finite() && time > 0.0 {
        Ok(time)
    } else {
        Err(MessageError::Unexpected)
    }
}

/// The request for so many untimed and so many timed iterations.
pub fn run(untimed: u64, timed: u64) -> [u8; 17] {
    request(b'R', untimed, timed)
}

/// The request to go on.
pub fn next() -> [u8; 17] {
    request(b'N', 0, 0)
}

fn request(kind: u8, untimed: u64, timed: u64) -> [u8; 17] {
    let mut bytes = [kind; 17];
    let counts = untimed.to_le_bytes().into_iter().chain(timed.to_le_bytes());
    for (byte, count) in bytes.iter_mut().skip(1).zip(counts) {
        *byte = count;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn benchmark(id: &str, throughput: &str) -> Vec<u8> {
        let mut said = vec![b'B', 1];
        for text in [id, throughput] {
            said.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
            said.extend(text.as_bytes());
        }
        said
    }

    #[test]
    fn a_benchmark_says_its_name_and_what_it_processes() {
        let said = benchmark("gemv/64", "Some(Elements(64))");
        let heard = announced(&mut said.as_slice()).unwrap().unwrap();
        assert_eq!(heard.id, "gemv/64");
        assert_eq!(heard.throughput, Some(Throughput::Elements(64)));
        assert!(announced(&mut [].as_slice()).unwrap().is_none(), "that is the end");
    }

    #[test]
    fn a_name_that_nobody_wrote_is_refused() {
        for id in ["a\nb".to_owned(), "x".repeat(513)] {
            let said = benchmark(&id, "None");
            assert!(matches!(announced(&mut said.as_slice()), Err(MessageError::Unexpected)));
        }
    }

    #[test]
    fn a_time_that_no_clock_gives_is_refused() {
        for time in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut said = vec![b'A'];
            said.extend(time.to_bits().to_le_bytes());
            assert!(matches!(answered(&mut said.as_slice()), Err(MessageError::Unexpected)));
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_said_is_more_than_refused(said: Vec<u8>) {
            let _ = announced(&mut said.as_slice());
            let _ = answered(&mut said.as_slice());
        }
    }
}
