//! Reads one mapping key by key, and collects what is wrong with it.

use super::{
    mistake::{Found, Mistake, Place, shown},
    scalar::{Wrong, word},
    tree::{Key, Node, Value},
};

/// A mapping whose keys are known.
pub(super) struct Section<'t, 'f> {
    name: &'t str,
    place: Place,
    entries: Vec<&'t (Key, Node)>,
    found: &'f mut Found,
}

impl<'t, 'f> Section<'t, 'f> {
    /// Looks at the keys of `node`; `name` is how a sentence calls it.
    ///
    /// Nothing is an empty mapping: what is left of a section whose every line is commented out.
    pub(super) fn open(
        node: &'t Node,
        name: &'t str,
        known: &[&str],
        found: &'f mut Found,
    ) -> Option<Self> {
        let place = node.place;
        let written: &[(Key, Node)] = match &node.value {
            Value::Map(entries) => entries,
            Value::Nothing => &[],
            other => {
                let message = format!("{name} must be a mapping, not {}", other.described());
                found.push(Mistake::at(place, message));
                return None;
            }
        };
        let mut entries: Vec<&(Key, Node)> = Vec::new();
        for entry in written {
            let key = &entry.0;
            if !known.contains(&key.name.as_str()) {
                found.push(unknown(key, name, known));
            } else if let Some((first, _)) = entries.iter().find(|(k, _)| k.name == key.name) {
                let message = format!("`{}` stands twice in {name}", key.name);
                let hint = format!("the first is on line {}", first.place.line);
                found.push(Mistake::at(key.place, message).hint(hint));
            } else {
                entries.push(entry);
            }
        }
        Some(Self { name, place, entries, found })
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<&'t Node> {
        self.entries.iter().find(|(known, _)| known.name == key).map(|(_, node)| node)
    }

    /// Where the section begins.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Notes a mistake.
    pub(super) fn tell(&mut self, mistake: Mistake) {
        self.found.push(mistake);
    }

    /// The mistakes so far, for a section inside this one.
    pub(super) fn found(&mut self) -> &mut Found {
        self.found
    }

    /// The value of a key that has a default; none if it is left out or wrong.
    pub(super) fn read<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Node) -> Result<T, Wrong>,
    ) -> Option<T> {
        let node = self.get(key)?;
        if matches!(node.value, Value::Nothing) {
            let message = format!("`{key}` has no value");
            self.tell(Mistake::at(node.place, message).hint("leave the key out for the default"));
            return None;
        }
        self.judge(key, node, read)
    }

    /// The value of a key that has to be there; `what` says what it is for.
    pub(super) fn require<T>(
        &mut self,
        key: &str,
        what: &str,
        read: impl FnOnce(&Node) -> Result<T, Wrong>,
    ) -> Option<T> {
        match self.get(key) {
            Some(node) if !matches!(node.value, Value::Nothing) => self.judge(key, node, read),
            blank => {
                let place = blank.map_or(self.place, |node| node.place);
                let message = format!("{} lacks `{key}`", self.name);
                self.tell(Mistake::at(place, message).hint(format!("it says {what}")));
                None
            }
        }
    }

    fn judge<T>(
        &mut self,
        key: &str,
        node: &Node,
        read: impl FnOnce(&Node) -> Result<T, Wrong>,
    ) -> Option<T> {
        match read(node) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.tell(wrong.of(&format!("`{key}`"), node.place));
                None
            }
        }
    }

    /// Puts the value of a key into its slot; one that is left out leaves the default there.
    pub(super) fn set<T>(
        &mut self,
        key: &str,
        slot: &mut T,
        read: impl FnOnce(&Node) -> Result<T, Wrong>,
    ) {
        if let Some(value) = self.read(key, read) {
            *slot = value;
        }
    }

    /// As [`Section::set`], for a key whose default is nothing and can be written as `null`.
    pub(super) fn set_optional<T>(
        &mut self,
        key: &str,
        slot: &mut Option<T>,
        read: impl FnOnce(&Node) -> Result<T, Wrong>,
    ) {
        if self.get(key).is_some_and(|node| !matches!(node.value, Value::Nothing)) {
            *slot = self.read(key, read);
        }
    }

    /// As [`Section::set`], for a list of texts; tells every entry that is wrong.
    pub(super) fn set_list(
        &mut self,
        key: &str,
        slot: &mut Vec<String>,
        check: impl Fn(&str) -> Result<(), Wrong>,
    ) {
        let Some(nodes) = self.items(key) else { return };
        let mut list: Vec<String> = Vec::new();
        for node in nodes {
            let entry = word(node).and_then(|text| check(&text).map(|()| text));
            match entry {
                Ok(text) if list.contains(&text) => {
                    let message = format!("`{key}` lists {} twice", shown(&text));
                    self.tell(Mistake::at(node.place, message));
                }
                Ok(text) => list.push(text),
                Err(wrong) => self.tell(wrong.of(&format!("an entry of `{key}`"), node.place)),
            }
        }
        *slot = list;
    }

    /// The entries of a list; none if it is left out or no list.
    pub(super) fn items(&mut self, key: &str) -> Option<&'t [Node]> {
        let node = self.get(key)?;
        if let Value::List(items) = &node.value {
            return Some(items);
        }
        let example = match &node.value {
            Value::Text(text) if !text.is_empty() && text.len() < 40 => format!("[{text}]"),
            _ => "[a, b]".to_owned(),
        };
        // The read fails: it tells what stands there instead of a list.
        self.read(key, |node| -> Result<(), Wrong> {
            let message = format!("must be a list, not {}", node.value.described());
            Err(Wrong::new(message).hint(format!("write `{key}: {example}`")))
        });
        None
    }
}

fn unknown(key: &Key, name: &str, known: &[&str]) -> Mistake {
    let mistake = Mistake::at(key.place, format!("unknown key {} in {name}", shown(&key.name)));
    match nearest(&key.name, known) {
        Some(near) => mistake.hint(format!("did you mean `{near}`?")),
        None => mistake.hint(format!("known there: {}", known.join(", "))),
    }
}

/// The known key that the writer may have meant: at most a third of it is different.
fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    if written.len() > 40 {
        return None;
    }
    known
        .iter()
        .map(|key| (strsim::osa_distance(written, key), *key))
        .filter(|(distance, key)| *distance <= key.chars().count().div_ceil(3))
        .min()
        .map(|(_, key)| key)
}
