//! Which implementation runs, who decides it, and the record of what did run.

use std::{env, ffi::OsString, fmt, str::FromStr};

#[cfg(all(feature = "cpu", target_arch = "x86_64"))]
use pulp::x86::V3;

/// A family of instructions that every operation is written for, from the plainest to the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Portable Rust without explicit vector instructions.
    Scalar,
    /// x86-64 with AVX2 and FMA (the level that is called x86-64-v3).
    Avx2,
}

impl Tier {
    /// Every tier, slowest first, whether this host has it or not.
    pub const ALL: [Self; 2] = [Self::Scalar, Self::Avx2];

    /// The name that kernel ids and the environment use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Tier {
    type Err = TierError;

    /// Reads a tier's exact name: lower case, no spaces.
    fn from_str(name: &str) -> Result<Self, TierError> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.name() == name)
            .ok_or_else(|| TierError::Unknown { name: name.into() })
    }
}

/// Why a tier cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TierError {
    /// The name is not one of a tier.
    #[error("unknown kernel tier {name:?}; the tiers are scalar and avx2")]
    Unknown {
        /// The name as it was given.
        name: OsString,
    },
    /// The tier was asked for by name, and this build or this processor does not have it.
    #[error(
        "kernel tier {tier} is not available here (it needs its instructions in the processor and the feature `cpu` in the build); \
         use scalar, or force none"
    )]
    Unsupported {
        /// The tier that was asked for.
        tier: Tier,
    },
}

/// The kernels of one tier. Choose once, pass along: it is a few bytes and `Copy`.
///
/// Having the value is the proof that the host has the tier's instructions.
#[derive(Clone, Copy, Debug)]
pub struct Kernels {
    pub(crate) implementation: Implementation,
}

/// A tier together with the token that makes its instructions callable.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Implementation {
    Scalar,
    #[cfg(all(feature = "cpu", target_arch = "x86_64"))]
    Avx2(V3),
}

impl Kernels {
    /// The variable that [`Kernels::from_env`] reads.
    pub const TIER_VARIABLE: &'static str = "T5_KERNELS_TIER";

    /// The fastest tier of this host.
    pub fn detect() -> Self {
        Tier::ALL.into_iter().rev().find_map(|tier| Self::forced(tier).ok()).unwrap_or(Self::SCALAR)
    }

    /// Exactly this tier.
    ///
    /// # Errors
    ///
    /// [`TierError::Unsupported`] where the host or the build lacks it; there is no silent step down to a slower tier.
    pub fn forced(tier: Tier) -> Result<Self, TierError> {
        match tier {
            Tier::Scalar => Some(Self::SCALAR),
            Tier::Avx2 => Self::avx2(),
        }
        .ok_or(TierError::Unsupported { tier })
    }

    /// The tier that `T5_KERNELS_TIER` names; the fastest one where the variable is unset or empty.
    ///
    /// This is for the edge of a program. Nothing else in this crate reads the environment.
    ///
    /// # Errors
    ///
    /// [`TierError::Unknown`] for a value that names no tier, [`TierError::Unsupported`] as in [`Kernels::forced`].
    pub fn from_env() -> Result<Self, TierError> {
        match env::var_os(Self::TIER_VARIABLE) {
            None => Ok(Self::detect()),
            Some(name) if name.is_empty() => Ok(Self::detect()),
            Some(name) => match name.to_str() {
                Some(name) => Self::forced(name.parse()?),
                None => Err(TierError::Unknown { name }),
            },
        }
    }

    /// The tier that every operation called with this value runs on.
    pub fn tier(self) -> Tier {
        match self.implementation {
            Implementation::Scalar => Tier::Scalar,
            #[cfg(all(feature = "cpu", target_arch = "x86_64"))]
            Implementation::Avx2(_) => Tier::Avx2,
        }
    }

    const SCALAR: Self = Self { implementation: Implementation::Scalar };

    #[cfg(all(feature = "cpu", target_arch = "x86_64"))]
    fn avx2() -> Option<Self> {
        V3::try_new().map(|token| Self { implementation: Implementation::Avx2(token) })
    }

    #[cfg(not(all(feature = "cpu", target_arch = "x86_64")))]
    fn avx2() -> Option<Self> {
        None
    }
}

/// The record of one call: which kernel did the work.
///
/// It is made by the kernel itself, so an id in a receipt stands for work that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ran {
    /// The kernel's id, `<format>_<operation>_<tier>`, for example `i2s_quantize_avx2`.
    pub kernel: &'static str,
    /// The tier that it belongs to.
    pub tier: Tier,
}

impl Ran {
    pub(crate) const fn scalar(kernel: &'static str) -> Self {
        Self { kernel, tier: Tier::Scalar }
    }

    #[cfg(all(feature = "cpu", target_arch = "x86_64"))]
    pub(crate) const fn avx2(kernel: &'static str) -> Self {
        Self { kernel, tier: Tier::Avx2 }
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kernel)
    }
}
