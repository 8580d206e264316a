//! What supervisor and helper say to each other: a length, then JSON, then files if there are any.
//!
//! The helper is our own program, but what it runs is not: the supervisor reads its answers as
//! data from a stranger, under limits.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
};

use serde::{Deserialize, Serialize};

/// The longest JSON of one message, in bytes: an environment and a few hundred arguments.
pub(super) const MESSAGE_LIMIT: usize = 1 << 20;

/// What the helper is told when it starts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Walls {
    /// Whether a Landlock ruleset is put up.
    pub(super) landlock: bool,
    /// Whether a seccomp filter is put up.
    pub(super) seccomp: bool,
    /// Whether all capabilities are given up: where no user namespace does that.
    pub(super) unprivileged: bool,
    /// What may be read.
    pub(super) read: Vec<String>,
    /// What may be changed.
    pub(super) write: Vec<String>,
    /// What is emptied before each program.
    pub(super) emptied: Vec<String>,
    /// Whether connections may be opened.
    pub(super) network: bool,
    /// Bytes of one file.
    pub(super) file: u64,
    /// Seconds of processor time of one process.
    pub(super) cpu_seconds: u64,
    /// Bytes of address space, where nothing else limits memory.
    pub(super) address_space: Option<u64>,
    /// Processes of this user, where nothing else limits them.
    pub(super) processes: Option<u64>,
}

/// The first thing that the helper says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hello {
    /// Whether the Landlock ruleset holds, and how far the kernel enforces it.
    pub(super) landlock: Option<String>,
    /// Whether the seccomp filter holds.
    pub(super) seccomp: bool,
}

/// One program to run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Program {
    pub(super) program: String,
    pub(super) args: Vec<String>,
    pub(super) dir: String,
    pub(super) env: BTreeMap<String, String>,
    pub(super) core: Option<usize>,
    /// Files to hand back afterwards.
    pub(super) collect: Option<Collect>,
}

/// Which files a job hands back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collect {
    /// Where to look, folders below it included.
    pub folder: String,
    /// Names of the files that are wanted.
    pub names: Vec<String>,
    /// The most bytes of one file; a larger one is named as too large.
    pub file: u64,
    /// The most files.
    pub files: usize,
    /// The most bytes of all files together; what goes beyond is named as too large.
    pub total: u64,
    /// The deepest folder below `folder`.
    pub depth: u32,
}

/// What came of one program.
#[derive(Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// From its start until it was reaped, nanoseconds.
    pub wall_ns: u64,
    /// Processor time of it and of all its descendants that were waited for, nanoseconds.
    pub cpu_ns: u64,
    /// The largest resident set of one process so far, in bytes.
    pub peak: u64,
    /// Files that follow, in this order.
    pub files: Vec<FileHead>,
}

/// How a program ended, in the helper's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// With this code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
    /// The error number of the start.
    NotStarted(i32),
    /// What an earlier program left could not be removed.
    NotClean,
}

/// One of the files that follow.
#[derive(Debug, Serialize, Deserialize)]
pub struct FileHead {
    /// Relative to [`Collect::folder`].
    pub path: String,
    /// Bytes that follow; none if it was larger than it may be.
    pub bytes: Option<u64>,
}

/// Writes one message.
pub(super) fn write<T: Serialize>(to: &mut impl Write, message: &T) -> io::Result<()> {
    to.write_all(&framed(message)?)
}

/// The bytes of one message.
pub(super) fn framed<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(message).map_err(io::Error::other)?;
    let length = u32::try_from(json.len()).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(json.len() + 4);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&json);
    Ok(bytes)
}

/// Reads one message; none at the end of the stream.
pub(super) fn read<T: serde::de::DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        done => done?,
    }
    let mut json = vec![0; length_of(length)?];
    from.read_exact(&mut json)?;
    serde_json::from_slice(&json).map(Some).map_err(io::Error::other)
}

/// The length of a message, if it may be that long.
pub(super) fn length_of(bytes: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_le_bytes(bytes) as usize;
    if length > MESSAGE_LIMIT {
        return Err(io::Error::other(format!("a message of {length} bytes")));
    }
    Ok(length)
}
