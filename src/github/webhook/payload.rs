//! The parts of GitHub's payloads that this gate reads.
//!
//! Everything else is skipped without being kept, so that a body of 25 MB costs no more memory
//! than itself. Where GitHub may leave a field out or write `null`, it is optional here.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;

/// The longest reason in characters.
const REASON_LIMIT: usize = 200;

/// Why a payload could not be read, for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Not JSON.
    Syntax(String),
    /// JSON, but not what GitHub writes: names the path of what is missing or wrong.
    Shape(String),
}

impl Unread {
    pub(super) fn reason(self) -> String {
        match self {
            Self::Syntax(reason) | Self::Shape(reason) => reason,
        }
    }
}

/// Reads one of the structs below.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unread> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read: T = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| unread(&error.path().to_string(), error.inner()))?;
    json.end().map_err(|error| unread(".", &error))?;
    Ok(read)
}

fn unread(path: &str, error: &serde_json::Error) -> Unread {
    if error.classify() != Category::Data {
        return Unread::Syntax(short(&format!("not JSON: {error}")));
    }
    let told = error.to_string();
    // The path says where; and a value that was sent is never repeated.
    let told = told.rsplit_once(" at line ").map_or(told.as_str(), |(what, _)| what);
    let told = match (told.find('"'), told.rfind('"')) {
        (Some(from), Some(to)) if from < to => {
            let (before, after) = (told.get(..from), told.get(to + 1..));
            format!("{}{}", before.unwrap_or_default().trim_end(), after.unwrap_or_default())
        }
        _ => told.to_owned(),
    };
    let missing = told.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    Unread::Shape(short(&match (path, missing) {
        (".", Some(field)) => format!("`{field}` is missing"),
        (_, Some(field)) => format!("`{path}.{field}` is missing"),
        (".", None) => format!("the body: {told}"),
        (_, None) => format!("`{path}`: {told}"),
    }))
}

fn short(reason: &str) -> String {
    reason.chars().take(REASON_LIMIT).collect()
}

/// A text of a certain form, checked as it is read.
macro_rules! checked {
    ($(#[$doc:meta])* $name:ident, $form:literal, $good:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
        pub(super) struct $name(pub(super) String);

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let good: fn(&str) -> bool = $good;
                if good(&text) { Ok(Self(text)) } else { Err(concat!("not ", $form)) }
            }
        }
    };
}

checked!(
    /// The name of a commit, whole.
    Sha,
    "the 40 or 64 hexadecimal digits of a commit",
    |text| matches!(text.len(), 40 | 64)
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
);

impl Sha {
    /// What GitHub writes where there is no commit.
    pub(super) fn is_none(&self) -> bool {
        self.0.bytes().all(|digit| digit == b'0')
    }
}

checked!(
    /// The name of a repository or of its owner: may stand in an address and in a path.
    Name,
    "a name of letters, digits, `-`, `_` and `.`",
    |text| (1..=100).contains(&text.len())
        && !matches!(text, "." | "..")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
);

checked!(
    /// An account's name; an App's ends in `[bot]`.
    Login,
    "a login",
    |text| (1..=100).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.[]".contains(&byte))
);

checked!(
    /// The name of a branch or of a reference.
    Branch,
    "the name of a branch",
    |text| (1..=1024).contains(&text.len()) && !text.chars().any(char::is_control)
);

impl Branch {
    /// The branch that a reference names; a name without `refs/` names a branch already.
    pub(super) fn branch(self) -> Option<String> {
        match self.0.strip_prefix("refs/") {
            Some(rest) => rest.strip_prefix("heads/").map(str::to_owned),
            None => Some(self.0),
        }
    }
}

/// What every payload may have.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Envelope {
    pub(super) action: Option<String>,
    pub(super) installation: Option<Id>,
    pub(super) repository: Option<Repository>,
    pub(super) sender: Option<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Id {
    pub(super) id: u64,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Repository {
    pub(super) id: u64,
    pub(super) name: Name,
    pub(super) owner: Owner,
    pub(super) private: Option<bool>,
    pub(super) default_branch: Branch,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Owner {
    pub(super) login: Name,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Account {
    pub(super) login: Login,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

impl Account {
    pub(super) fn is_bot(&self) -> bool {
        self.kind.as_deref() == Some("Bot") || self.login.0.ends_with("[bot]")
    }
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct PullRequestEvent {
    pub(super) pull_request: PullRequest,
    pub(super) changes: Option<Changes>,
}

/// What an edit changed.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Changes {
    pub(super) base: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct PullRequest {
    pub(super) number: u64,
    pub(super) state: String,
    pub(super) draft: Option<bool>,
    pub(super) user: Option<Account>,
    pub(super) head: Side,
    pub(super) base: Side,
    pub(super) changed_files: Option<u64>,
    pub(super) updated_at: String,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Side {
    #[serde(rename = "ref")]
    pub(super) branch: Branch,
    pub(super) sha: Sha,
    pub(super) repo: Option<Id>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct IssueCommentEvent {
    pub(super) issue: Issue,
    pub(super) comment: IssueComment,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Issue {
    pub(super) number: u64,
    pub(super) pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct IssueComment {
    pub(super) id: u64,
    pub(super) body: Option<String>,
    pub(super) user: Account,
    pub(super) performed_via_github_app: Option<serde::de::IgnoredAny>,
    pub(super) updated_at: String,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct CheckRunEvent {
    pub(super) check_run: Check,
    pub(super) requested_action: Option<RequestedAction>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct CheckSuiteEvent {
    pub(super) check_suite: Check,
}

/// A check run or a check suite.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Check {
    pub(super) id: u64,
    pub(super) head_sha: Sha,
    pub(super) external_id: Option<String>,
    pub(super) app: Option<Id>,
    pub(super) pull_requests: Option<Vec<CheckedPull>>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct CheckedPull {
    pub(super) number: u64,
    pub(super) base: Option<CheckedBase>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct CheckedBase {
    pub(super) repo: Option<Id>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct RequestedAction {
    pub(super) identifier: String,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct MergeGroupEvent {
    pub(super) merge_group: MergeGroup,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct MergeGroup {
    pub(super) head_sha: Sha,
    pub(super) head_ref: Branch,
    pub(super) base_sha: Sha,
    pub(super) base_ref: Branch,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct PushEvent {
    #[serde(rename = "ref")]
    pub(super) reference: Branch,
    pub(super) before: Option<Sha>,
    pub(super) after: Sha,
    pub(super) deleted: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct InstallationRepositoriesEvent {
    pub(super) repositories_removed: Vec<Id>,
}
