//! How far code that is not ours is kept apart on this machine.

/// How far a job is kept apart from everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isolation {
    /// A plain child process: accidents stay in, malice does not.
    None,
    /// A child process that may open few files and no connection, but sees other processes and
    /// shares everything else: fit for members' code, not for strangers'.
    Landlock,
    /// No network, no files but its own, no way to see other processes: fit for strangers' code.
    Full,
}

impl Isolation {
    /// As a receipt spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Landlock => "landlock",
            Self::Full => "full",
        }
    }
}

/// The strongest isolation that this program can give on this machine. This version has none.
pub fn strongest() -> Isolation {
    Isolation::None
}
