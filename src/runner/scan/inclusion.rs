//! The inclusion graph that cargo-deny prints with a diagnostic.
//!
//! The graph is nested as deep as the dependency tree is, which on a large one is deeper than a
//! JSON reader should recurse. What lies deeper than `DEPTH` is skipped without recursion.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::chain::Dependents;
use crate::policy::Package;

/// Levels that are read. Each is an object in an array, and the reader allows 128 of both.
const DEPTH: usize = 50;

/// Which package a diagnostic is about, and what leads to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The package.
    pub package: Package,
    /// Who names whom, from the package upwards, as deep as it was read.
    pub dependents: Dependents,
}

impl<'de> Deserialize<'de> for Inclusion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut dependents = Dependents::default();
        let package = Node { depth: DEPTH, found: &mut dependents }.deserialize(deserializer)?;
        Ok(Self { package, dependents })
    }
}

/// `{"Krate": {name, version}, "parents": [node, …]}`, or a `Feature` instead of the `Krate`.
struct Node<'a> {
    depth: usize,
    found: &'a mut Dependents,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Package;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Package, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Package;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node of an inclusion graph")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Package, A::Error> {
        let mut package = None;
        let mut parents = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "Krate" => package = Some(map.next_value::<Package>()?),
                "Feature" => package = Some(map.next_value::<Feature>()?.into()),
                "parents" if self.depth > 0 => {
                    let seed = Parents { depth: self.depth - 1, found: self.found };
                    parents = map.next_value_seed(seed)?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let package = package.ok_or_else(|| serde::de::Error::missing_field("Krate"))?;
        for parent in parents {
            self.found.add(package.clone(), parent);
        }
        Ok(package)
    }
}

struct Parents<'a> {
    depth: usize,
    found: &'a mut Dependents,
}

impl<'de> DeserializeSeed<'de> for Parents<'_> {
    type Value = Vec<Package>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Parents<'_> {
    type Value = Vec<Package>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the nodes above a node")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut parents = Vec::new();
        while let Some(parent) =
            seq.next_element_seed(Node { depth: self.depth, found: self.found })?
        {
            parents.push(parent);
        }
        Ok(parents)
    }
}

/// A node that stands for a feature of a package: a package without a version, which a chain
/// leaves out.
#[derive(Deserialize)]
struct Feature {
    crate_name: String,
}

impl From<Feature> for Package {
    fn from(feature: Feature) -> Self {
        Self { name: feature.crate_name, version: String::new() }
    }
}
