//! YAML into a tree in which every value knows its place.
//!
//! The parser stops at its first error, so it is asked for a tree that fits any
//! file; the tree is then checked by hand, and every mistake in it is told at once.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_yaml::{Error, Location, MessageFormatter, Options, Spanned, budget::BudgetBreach};

use super::mistake::{Mistake, Place, shown};

/// A file larger than this is no configuration that a person wrote.
const LARGEST: usize = 256 * 1024;
/// Our own files need four levels.
const DEEPEST: usize = 16;

/// A value with its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A value, as loose as YAML has it.
#[derive(Debug)]
pub(super) enum Value {
    Nothing,
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; a key may stand twice.
    Map(Vec<(Key, Node)>),
}

/// A key with its place.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) name: String,
}

impl Value {
    /// What this is, for a sentence that says that it should be something else.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Flag(flag) => format!("`{flag}`"),
            Self::Number(number) => format!("the number {number}"),
            Self::Text(text) => format!("the text {}", shown(text)),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// Reads the one document of `text`.
pub(super) fn read(text: &str) -> Result<Node, Mistake> {
    if text.len() > LARGEST {
        let message = format!("the file has {} bytes; at most {LARGEST} are read", text.len());
        return Err(Mistake::at(Place::START, message));
    }
    serde_yaml::from_str_with_options::<Node>(text, options()).map_err(|error| refused(&error))
}

fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: DEEPEST,
            flow_nesting_limit: DEEPEST,
            max_events: 50_000,
            max_nodes: 20_000,
            max_anchors: 64,
            max_aliases: 64,
            max_documents: 8,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: 2_000,
            max_replay_stack_depth: 4,
        },
        // Both are told by us, beside the other mistakes.
        duplicate_keys: serde_yaml::options::DuplicateKeyPolicy::PassThrough,
        merge_keys: serde_yaml::options::MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: serde_yaml::options::NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        // YAML 1.2 knows no `1_000`.
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        emit_comments: false,
        with_snippet: false,
    }
}

fn refused(error: &Error) -> Mistake {
    let error = error.without_snippet();
    let place = error.location().map_or(Place::START, Place::from);
    match error {
        Error::AliasError { error, .. } => refused(error),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            Mistake::at(place, "the file nests deeper than a configuration needs")
        }
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => Mistake::at(
            place,
            "the file is longer, or repeats itself more, than a configuration needs",
        )
        .hint("use no anchors and aliases, or few"),
        Error::MultipleDocuments { .. } => {
            Mistake::at(place, "a second YAML document begins here").hint("only one is read")
        }
        Error::UnknownAnchor { .. } => Mistake::at(place, "this alias has no anchor before it"),
        Error::UnsupportedTag { tag, .. } => {
            Mistake::at(place, format!("the tag {} means nothing here", shown(tag)))
        }
        other => {
            let said = serde_yaml::UserMessageFormatter.format_message(other).into_owned();
            let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
            Mistake::at(place, format!("not valid YAML: {said}"))
        }
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX).max(1);
        Self { line: narrow(location.line()), column: narrow(location.column()) }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { place: spanned.defined.into(), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    // No number that these rules know is near the end of what a float holds exactly.
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            let key = Key { place: key.defined.into(), name: key.value };
            map.push((key, entries.next_value()?));
        }
        Ok(Value::Map(map))
    }
}
