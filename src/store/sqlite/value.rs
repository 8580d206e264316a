//! Values on their way into a column and out of it.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// What can go wrong below the trait; [`cannot`] says what was being done.
pub(super) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Names what was being done when something went wrong.
pub(super) fn cannot(what: &'static str) -> impl FnOnce(Fault) -> crate::queue::StoreError {
    move |source| crate::queue::StoreError { what, source }
}

/// A time as a column holds it.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A time that a column held.
pub(super) fn time(micros: i64) -> Result<Timestamp, Fault> {
    Ok(Timestamp::from_microsecond(micros)?)
}

/// A time that a column may have held.
pub(super) fn some_time(micros: Option<i64>) -> Result<Option<Timestamp>, Fault> {
    micros.map(time).transpose()
}

/// An id of GitHub's as a column holds it.
pub(super) fn id(id: u64) -> Result<i64, Fault> {
    Ok(i64::try_from(id)?)
}

/// The one word that serde has for a variant without fields.
pub(super) fn word(variant: &impl Serialize) -> Result<String, Fault> {
    match serde_json::to_value(variant)? {
        Value::String(word) => Ok(word),
        other => Err(format!("{other} is not one word").into()),
    }
}

/// The variant of a word.
pub(super) fn variant<T: DeserializeOwned>(word: String) -> Result<T, Fault> {
    Ok(serde_json::from_value(Value::String(word))?)
}

/// 128 random bits in hex: a lease, or a file's name.
pub(super) fn random() -> String {
    format!("{:032x}", fastrand::u128(..))
}
