//! Where a repository is fetched from, and what git is told about that place.

use super::MirrorError;

/// The variable that holds the token, in the environment of git alone.
pub(super) const TOKEN: &str = "T5_GIT_TOKEN";

/// Answers git with the token from its environment. The shell's own `printf` writes it, so that it
/// stands in no argument list.
const HELPER: &str = r#"!f() { if test "$1" = get; then echo username=x-access-token; printf 'password=%s\n' "$T5_GIT_TOKEN"; fi; }; f"#;

/// The address of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    url: String,
    scheme: &'static str,
    /// Scheme, host and port: what a token may be sent to. None for a folder.
    origin: Option<String>,
}

impl Address {
    /// Takes `https` from anywhere, and `http` and `file` for servers that an operator runs.
    pub(super) fn parse(url: &str) -> Result<Self, MirrorError> {
        let refuse = |why| Err(MirrorError::Address { url: shown(url), why });
        if url.chars().any(|c| c.is_control() || c == ' ') {
            return refuse("it holds a blank or a control character");
        }
        let schemes = ["https", "http", "file"];
        let Some((scheme, rest)) = schemes
            .into_iter()
            .find_map(|scheme| Some((scheme, url.strip_prefix(scheme)?.strip_prefix("://")?)))
        else {
            return refuse("it begins with neither https:// nor http:// nor file://");
        };
        let authority = rest.split('/').next().unwrap_or_default();
        if scheme == "file" {
            return Ok(Self { url: url.to_owned(), scheme, origin: None });
        }
        if authority.contains('@') {
            return refuse("a name or a token stands in it; tokens are given apart");
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
        if authority.is_empty() || !authority.chars().all(plain) {
            return refuse("it names no host");
        }
        let origin = Some(format!("{scheme}://{authority}"));
        Ok(Self { url: url.to_owned(), scheme, origin })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Settings of git for a fetch from here, each `key=value`.
    ///
    /// No helper but ours is asked, and ours only for this very host: where a renamed repository
    /// redirects to another host, that host gets no token.
    pub(super) fn settings(&self, token: bool) -> Vec<String> {
        let mut settings = vec![
            "credential.helper=".to_owned(),
            "credential.useHttpPath=false".to_owned(),
            "core.askPass=".to_owned(),
            "http.followRedirects=initial".to_owned(),
            "protocol.allow=never".to_owned(),
            format!("protocol.{}.allow=always", self.scheme),
        ];
        if let (Some(origin), true) = (&self.origin, token) {
            settings.push(format!("credential.{origin}.helper={HELPER}"));
        }
        settings
    }
}

/// An address fit for a message: what might be a secret is left out.
fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let shown = if scheme.is_empty() { rest.to_owned() } else { format!("{scheme}://{rest}") };
    shown.chars().take(200).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_the_host_of_the_address_alone() {
        let address = Address::parse("https://git.example.org:8443/o/r.git").unwrap();
        let settings = address.settings(true).join("\n");
        assert!(settings.contains("credential.https://git.example.org:8443.helper=!f()"));
        assert!(settings.contains("protocol.allow=never\nprotocol.https.allow=always"));
        assert!(!address.settings(false).join("\n").contains("!f()"));
    }

    #[test]
    fn odd_addresses_are_refused_without_repeating_a_secret() {
        for url in [
            "https://x-access-token:ghs_secret@example.org/o/r",
            "ssh://git@example.org/o/r",
            "ext::sh -c true",
            "--upload-pack=touch",
            "/srv/git/r.git",
            "https:///o/r",
            "https://exa\nmple.org/o/r",
            "https://a=b/o/r",
        ] {
            let said = Address::parse(url).unwrap_err().to_string();
            assert!(!said.contains("ghs_secret"), "{said}");
            assert!(said.contains("no address to fetch from"), "{said}");
        }
    }
}
