//! Addresses: of this server, of GitHub, and the one to listen on.

use crate::config::{mistake::shown, scalar::Wrong};

/// Longer than any address that a person types.
const LONGEST: usize = 512;

/// An address that others reach this server by: scheme, host and perhaps a port. A slash at the
/// end is dropped.
pub(super) fn public(text: &str) -> Result<String, Wrong> {
    let address = web(text)?;
    let host = address.split_once("://").map_or("", |(_, rest)| rest);
    if host.contains('/') {
        let wrong = Wrong::new(format!("must end after host and port, not {}", shown(text)));
        return Err(wrong.hint("give the gate a host name of its own"));
    }
    Ok(address)
}

/// An address of a web server, perhaps with a path. A slash at the end is dropped.
pub(super) fn web(text: &str) -> Result<String, Wrong> {
    if text.len() > LONGEST {
        return Err(Wrong::new(format!("must have at most {LONGEST} bytes")));
    }
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme));
    let Some(rest) = scheme.and_then(|scheme| text.strip_prefix(scheme)) else {
        let wrong = Wrong::new(format!("must begin with https:// or http://, not {}", shown(text)));
        return Err(wrong.hint("write it as in https://t5.example.org"));
    };
    if rest.contains('@') {
        return Err(Wrong::new("must not hold a user or a password"));
    }
    if rest.contains(['?', '#']) {
        return Err(Wrong::new(format!("must not hold a query or a fragment: {}", shown(text))));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]%".contains(c);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !rest.chars().all(plain) || path.split('/').any(|part| part == ".." || part == ".") {
        return Err(Wrong::new(format!("must be a plain address, not {}", shown(text))));
    }
    let named = host_of(host)?;
    if named.is_empty() {
        return Err(Wrong::new(format!("must name a host, not {}", shown(text))));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// An address and a port to listen on.
pub(super) fn listen(text: &str) -> Result<String, Wrong> {
    let wrong = || {
        Wrong::new(format!("must be an address and a port, not {}", shown(text)))
            .hint("write it as in 127.0.0.1:8080 or [::]:8080")
    };
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let bare = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    if host.is_empty() || bare || !host.chars().all(plain) || port.parse::<u16>().is_err() {
        return Err(wrong());
    }
    Ok(text.to_owned())
}

/// The host without its port.
fn host_of(host: &str) -> Result<&str, Wrong> {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, "")) => return Ok(name),
        Some((name, port)) => (name, port.strip_prefix(':').unwrap_or("?")),
        None => match host.split_once(':') {
            Some(parts) => parts,
            None => return Ok(host),
        },
    };
    match port.parse::<u16>() {
        Ok(1..) => Ok(name),
        _ => Err(Wrong::new(format!("must name a port between 1 and 65535, not {}", shown(port)))),
    }
}
