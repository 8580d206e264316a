//! An address that packages are fetched from, in a form that can be compared.

/// Longer ones are no address of a real source.
const LONGEST: usize = 2048;
/// Ways to fetch, each with the port that it means where none is written.
const SCHEMES: [(&str, Option<u16>); 5] = [
    ("https", Some(443)),
    ("http", Some(80)),
    ("ssh", Some(22)),
    ("git", Some(9418)),
    ("file", None),
];

/// Scheme, user, host, port and path, without the ways in which one place can be written in two.
///
/// What programs read in different ways (a percent sign, a backslash, `..`, a password, an empty
/// user or step) is no address here, and so never one that is allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    scheme: &'static str,
    user: String,
    host: String,
    port: Option<u16>,
    path: String,
}

impl Address {
    /// The repository that a git source names; branch, tag and commit are left out.
    pub(super) fn of_git(url: &str) -> Option<Self> {
        let place = url.split(['?', '#']).next()?;
        let mut address = Self::parse(place)?;
        if let Some(short) = address.path.strip_suffix(".git") {
            address.path = short.to_owned();
        }
        Some(address)
    }

    /// The place that a URL names.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/@+,=!$&'()*;".contains(c);
        if url.len() > LONGEST || !url.chars().all(plain) {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let named = |known: &&(&str, Option<u16>)| known.0.eq_ignore_ascii_case(scheme);
        let (scheme, usual) = *SCHEMES.iter().find(named)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = match authority.split_once('@') {
            // Nobody, or somebody without a name.
            Some(("", _)) => return None,
            Some(named) => named,
            None => ("", authority),
        };
        let (host, port) = match place.split_once(':') {
            Some((host, port)) => (host, Some(number(port)?)),
            None => (place, None),
        };
        let host = host.to_ascii_lowercase();
        let path = path.strip_suffix('/').unwrap_or(path);
        let step = |step: &str| !matches!(step, "" | "." | "..");
        let fits = is_name(user) && is_host(&host) && (host.is_empty() == (scheme == "file"));
        (fits && (path.is_empty() || path.split('/').all(step))).then(|| Self {
            scheme,
            user: user.to_owned(),
            host,
            port: port.or(usual),
            path: path.to_owned(),
        })
    }

    /// Whether this is `above`, or a path below it on the same host.
    pub(super) fn is_below(&self, above: &Self) -> bool {
        let place = |of: &Self| (of.scheme, of.user.clone(), of.host.clone(), of.port);
        let rest = self.path.strip_prefix(&above.path);
        let below = |rest: &str| above.path.is_empty() || rest.is_empty() || rest.starts_with('/');
        place(self) == place(above) && rest.is_some_and(below)
    }

    /// Host and first step of the path, where it is reached in the usual way.
    pub(super) fn organization(&self) -> Option<(&str, &str)> {
        let usual = match self.scheme {
            "https" => self.user.is_empty() && self.port == Some(443),
            "ssh" => self.user == "git" && self.port == Some(22),
            _ => false,
        };
        usual.then_some(())?;
        Some((&self.host, self.path.split('/').next()?))
    }
}

fn number(digits: &str) -> Option<u16> {
    digits.bytes().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

fn is_host(host: &str) -> bool {
    is_name(host) && (host.is_empty() || host.split('.').all(|label| !label.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        Address::of_git(one).is_some() && Address::of_git(one) == Address::of_git(other)
    }

    #[test]
    fn one_place_written_in_two_ways_is_one_place() {
        let plain = "https://example.org/o/r";
        for other in [
            "HTTPS://Example.ORG/o/r",
            "https://example.org:443/o/r",
            "https://example.org/o/r.git",
            "https://example.org/o/r/",
            "https://example.org/o/r?branch=main#0123",
        ] {
            assert!(same(plain, other), "{other}");
        }
    }

    #[test]
    fn another_place_is_never_taken_for_it() {
        let plain = "https://example.org/o/r";
        for other in [
            "http://example.org/o/r",
            "https://example.org:8443/o/r",
            "https://ada@example.org/o/r",
            "https://@example.org/o/r",
            "https://example.org@evil.example/o/r",
            "https://example.org:x@evil.example/o/r",
            "https://evil.example/example.org/o/r",
            "https://example.org.evil.example/o/r",
            "https://example.org./o/r",
            "https://example.org/O/r",
            "https://example.org/o/r/x",
            "https://example.org/o//r",
            "https://example.org/x/../o/r",
            "https://example.org/o/./r",
            "https://example.org/o/%72",
            "https://example.org\\@evil.example/o/r",
            "https://evil.example#@example.org/o/r",
            "https://evil.example?@example.org/o/r",
            "https://example.org:+443/o/r",
            "https://ex\tample.org/o/r",
            "https:example.org/o/r",
            "git@example.org:o/r",
            "ext::sh -c true",
            "https://éxample.org/o/r",
        ] {
            assert!(!same(plain, other), "{other}");
        }
    }

    #[test]
    fn below_ends_at_a_step_of_the_path() {
        let above = Address::parse("https://example.org/team").unwrap();
        let below = |url| Address::of_git(url).unwrap().is_below(&above);
        assert!(below("https://example.org/team/r") && below("https://example.org/team"));
        assert!(!below("https://example.org/team-evil/r"));
        assert!(!below("https://example.net/team/r"));
    }
}
