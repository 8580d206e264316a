//! What a program has written to a pipe, up to a limit.

use std::sync::Arc;

/// Hears the lines that a job writes.
pub type LineHook = Arc<dyn Fn(&str) + Send + Sync>;

/// The most of the end of an output that a message quotes, in bytes.
const TAIL: usize = 4 << 10;
/// The most of one line that a hook hears, in bytes.
const LINE: usize = 4 << 10;

/// The bytes that came so far, and how far lines were passed on.
#[derive(Default)]
pub(super) struct Captured {
    pub(super) bytes: Vec<u8>,
    limit: usize,
    hook: Option<LineHook>,
    heard: usize,
    looked: usize,
}

impl Captured {
    /// Nothing yet; up to `limit` bytes will be kept.
    pub(super) fn new(limit: usize, hook: Option<LineHook>) -> Self {
        Self { limit, hook, ..Self::default() }
    }

    /// Takes note of what was added: passes on the lines that are complete by now. False once there
    /// is more than may be kept; the rest is cut off.
    pub(super) fn note(&mut self) -> bool {
        if self.bytes.len() > self.limit {
            self.bytes.truncate(self.limit);
            return false;
        }
        self.tell();
        true
    }

    /// No byte is looked at twice, however long a line is.
    fn tell(&mut self) {
        let Some(hook) = &self.hook else { return };
        let from = std::mem::replace(&mut self.looked, self.bytes.len());
        let fresh = self.bytes.get(from..).unwrap_or_default();
        let Some(end) = fresh.iter().rposition(|byte| *byte == b'\n') else { return };
        let lines = self.bytes.get(self.heard..from + end).unwrap_or_default();
        hear(lines, hook);
        self.heard = from + end + 1;
    }
}

/// Passes on lines, of very long ones the beginning.
fn hear(lines: &[u8], hook: &LineHook) {
    for line in lines.split(|byte| *byte == b'\n') {
        let begin = line.get(..line.len().min(LINE)).unwrap_or_default();
        hook(String::from_utf8_lossy(begin).trim_end_matches('\r'));
    }
}

/// The last lines of what a program wrote, as much of them as a message quotes.
pub(super) fn tail(bytes: &[u8], lines: usize) -> Vec<String> {
    let end = bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or_default();
    let text = String::from_utf8_lossy(end);
    let all: Vec<String> = text.lines().map(str::to_owned).collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().to_vec()
}
