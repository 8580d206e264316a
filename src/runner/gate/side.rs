//! One side of a duel: a process that answers for one benchmark after another.

use std::{
    io::{self, Read, Write as _},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use super::message::{self, Announced, MessageError};
use crate::{
    runner::calibrate::Injected,
    sandbox::{Cancel, Meter},
};

/// How long a read waits before it looks whether somebody wants to stop.
const GLANCE: Duration = Duration::from_millis(200);

/// One process of one side.
#[derive(Debug)]
pub struct Side {
    socket: Waiting,
    meter: Option<Meter>,
    timed: bool,
    /// In a calibration alone.
    injected: Option<Injected>,
}

/// One slice, as the process and as the runner saw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// What the process says that the timed iterations took: nanoseconds where it measures time.
    pub reported: f64,
    /// From request to answer, in nanoseconds.
    pub seen_ns: f64,
    /// Whether the benchmark measures time.
    pub timed: bool,
}

/// Why a side gives no more answers.
#[derive(Debug, thiserror::Error)]
pub enum SideError {
    /// It broke off, or said what nobody asked for.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// It took too long.
    #[error("it gave no answer for {0} s")]
    TooSlow(u64),
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl Side {
    /// A process that has connected; an answer may take as long as `limit`.
    ///
    /// # Errors
    ///
    /// If the socket cannot be set up.
    pub fn new(
        socket: UnixStream,
        meter: Option<Meter>,
        limit: Duration,
        cancel: &Cancel,
    ) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(GLANCE))?;
        let socket = Waiting { socket, limit, cancel: cancel.clone() };
        Ok(Self { socket, meter, timed: true, injected: None })
    }

    /// Has it lose what a calibration injects.
    pub fn losing(self, injected: Option<Injected>) -> Self {
        Self { injected, ..self }
    }

    /// The next benchmark that it comes to; none at its end.
    ///
    /// # Errors
    ///
    /// If it breaks off.
    pub fn announced(&mut self) -> Result<Option<Announced>, SideError> {
        let announced =
            message::announced(&mut self.socket).map_err(|error| self.socket.told(error))?;
        self.timed = announced.as_ref().is_none_or(|announced| announced.timed);
        Ok(announced)
    }

    /// Has it run so many iterations, the last `timed` of them timed.
    ///
    /// # Errors
    ///
    /// If it breaks off.
    pub fn slice(&mut self, untimed: u64, timed: u64) -> Result<Answer, SideError> {
        let started = Instant::now();
        let iterations = self.injected.map_or(timed, |injected| injected.iterations(timed));
        self.send(message::run(untimed, iterations))?;
        let reported =
            message::answered(&mut self.socket).map_err(|error| self.socket.told(error))?;
        let seen_ns = started.elapsed().as_secs_f64() * 1e9;
        let done = Answer { reported, seen_ns, timed: self.timed };
        Ok(self.injected.map_or(done, |injected| injected.answer(done, timed)))
    }

    /// Sends it on to its next benchmark.
    ///
    /// # Errors
    ///
    /// If it is gone.
    pub fn go_on(&mut self) -> Result<(), SideError> {
        self.send(message::next())
    }

    /// Processor time that it has taken so far, in nanoseconds, where that is known.
    pub fn spent_ns(&self) -> Option<f64> {
        Some(self.meter.as_ref()?.read()?.as_secs_f64() * 1e9)
    }

    fn send(&mut self, request: [u8; 17]) -> Result<(), SideError> {
        self.socket.socket.write_all(&request).map_err(|error| MessageError::from(error).into())
    }
}

/// A socket whose reads wait as long as they may, and end when somebody asks to stop.
#[derive(Debug)]
struct Waiting {
    socket: UnixStream,
    limit: Duration,
    cancel: Cancel,
}

impl Waiting {
    /// What it means that a message did not come.
    fn told(&self, error: MessageError) -> SideError {
        match error {
            MessageError::Broken(source) => match source.kind() {
                io::ErrorKind::TimedOut => SideError::TooSlow(self.limit.as_secs()),
                io::ErrorKind::ConnectionAborted => SideError::Cancelled,
                _ => MessageError::Broken(source).into(),
            },
            other => other.into(),
        }
    }
}

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let started = Instant::now();
        loop {
            match self.socket.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            if self.cancel.stopped() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if started.elapsed() >= self.limit {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
}
