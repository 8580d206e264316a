//! Secrets in GitHub's answers: never a plain text, not even while they are read.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// Reads a secret.
pub(super) fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

/// Reads a secret that may be missing.
pub(super) fn some_secret<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(SecretString::from))
}

/// Does not compile if a type has one of these traits: then two implementations fit `pick`, and
/// the compiler cannot choose.
macro_rules! never {
    ($type:ty: $($shown:path),+) => { $(
        const _: fn() = || {
            trait Pick<A> {
                fn pick() {}
            }
            struct Shown;
            impl<T: ?Sized> Pick<()> for T {}
            impl<T: ?Sized + $shown> Pick<Shown> for T {}
            let _ = <$type as Pick<_>>::pick;
        };
    )+ };
}
pub(super) use never;
