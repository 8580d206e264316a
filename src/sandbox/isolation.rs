//! How far code that is not ours is kept apart.

/// How far a job is kept apart from everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isolation {
    /// A plain child process: accidents stay in, malice does not.
    None,
    /// The same process under a Landlock ruleset and a seccomp filter, without capabilities: it
    /// writes only where it may, reads nobody's home, opens no TCP connection. It still sees that
    /// other processes exist, and may speak to unix sockets.
    Landlock,
    /// Namespaces of its own, an unprivileged user, no network, no files but those it is given:
    /// fit for strangers' code.
    Full,
}

impl Isolation {
    /// Every level, the weakest first.
    pub const ALL: [Self; 3] = [Self::None, Self::Landlock, Self::Full];

    /// As a receipt spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Landlock => "landlock",
            Self::Full => "full",
        }
    }
}

/// Which isolation somebody asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// The strongest that this host has.
    #[default]
    Best,
    /// This one or none at all.
    Only(Isolation),
}
