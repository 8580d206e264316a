//! A pipe that programs write to, one after the other.

use std::{fmt, io, os::fd::OwnedFd};

use tokio::net::unix::pipe::Receiver;

use super::captured::{Captured, LineHook, tail};

/// What is read from it in one go, in bytes.
const CHUNK: usize = 64 << 10;

/// The reading end, and what the program that runs now has written.
pub(super) struct Stream {
    pipe: Receiver,
    kept: Captured,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("bytes", &self.kept.bytes.len()).finish_non_exhaustive()
    }
}

impl Stream {
    /// A new pipe: this end, and the one that programs write to.
    pub(super) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (reader, writer) = io::pipe()?;
        let pipe = Receiver::from_owned_fd(OwnedFd::from(reader))?;
        Ok((Self { pipe, kept: Captured::default() }, writer.into()))
    }

    /// Forgets what was written so far; from now on up to `limit` bytes are kept.
    pub(super) fn begin(&mut self, limit: usize, hook: Option<LineHook>) {
        self.kept = Captured::new(limit, hook);
    }

    /// What was written since then.
    pub(super) fn taken(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kept).bytes
    }

    /// Reads until more than the limit was written. The end of the pipe is nothing special: what
    /// comes of the program is said elsewhere.
    pub(super) async fn fill(&mut self) -> io::Result<()> {
        loop {
            self.pipe.readable().await?;
            match self.read() {
                Read::Some | Read::Nothing => {}
                Read::Full => return Ok(()),
                Read::End => std::future::pending().await,
            }
        }
    }

    /// Takes what lies in the pipe once nobody writes to it any more; false if it was too much.
    pub(super) fn drain(&mut self) -> bool {
        let mut chunk = vec![0; CHUNK];
        // The kernel is asked itself: the runtime says «nothing» until it has heard of what came.
        while let Ok(count @ 1..) = rustix::io::read(&self.pipe, &mut chunk) {
            self.kept.bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
            if !self.kept.note() {
                return false;
            }
        }
        true
    }

    /// The last lines, for a message.
    pub(super) fn tail(&self) -> String {
        tail(&self.kept.bytes, 3).join("; ")
    }

    fn read(&mut self) -> Read {
        self.kept.bytes.reserve(CHUNK);
        match self.pipe.try_read_buf(&mut self.kept.bytes) {
            Ok(0) => Read::End,
            Ok(_) if self.kept.note() => Read::Some,
            Ok(_) => Read::Full,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Read::Nothing,
            // A pipe that cannot be read says nothing more.
            Err(_) => Read::End,
        }
    }
}

enum Read {
    Some,
    Nothing,
    Full,
    End,
}
