//! How much of a text from outside is shown, in characters, and how many rows of a kind.

/// A benchmark's id, a package with its version.
pub(super) const ID: usize = 160;
/// A commit's first line.
pub(super) const SUBJECT: usize = 120;
/// A file's path.
pub(super) const PATH: usize = 200;
/// A sentence of a tool or of a person.
pub(super) const SENTENCE: usize = 400;
/// A reason of the verdict: names a thing and the next step.
pub(super) const REASON: usize = 700;
/// A command.
pub(super) const COMMAND: usize = 1000;
/// Commands that measure one benchmark again.
pub(super) const COMMANDS: usize = 5;
/// Lines of a tool's output, and the width of each.
pub(super) const OUTPUT: (usize, usize) = (40, 200);
/// Links of the chain that brings a package in.
pub(super) const CHAIN: usize = 12;
/// Reasons that decide, in the summary.
pub(super) const DECIDING: usize = 10;
/// Rows that stand open before the rest is folded away.
pub(super) const OPEN_ROWS: usize = 20;
