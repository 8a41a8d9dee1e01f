//! Where the file says what the linter speaks of, other than rules, which know their own place.
//!
//! By the path of a key, such as `segments.custodian.quiet_s`. What is not written stands nowhere, and the linter says the file's beginning.

use std::collections::BTreeMap;
use sumun_model::position::line_and_column;
use toml::de::{DeTable, DeValue};

/// Tables whose keys are noted, those of the tables in them too.
const NOTED: [&str; 4] = ["ladder", "budget", "facts", "segments"];

/// Line and column of keys, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<String, (usize, usize)>);

impl Places {
    /// Of a file that can be read.
    pub(crate) fn of(text: &str) -> Self {
        let mut places = Self::default();
        if let Ok(file) = DeTable::parse(text) {
            for (name, value) in file.get_ref() {
                if NOTED.contains(&name.get_ref().as_ref()) {
                    places.note(text, name.get_ref(), value.get_ref());
                }
            }
        }
        places
    }

    fn note(&mut self, text: &str, path: &str, value: &DeValue<'_>) {
        let DeValue::Table(table) = value else { return };
        for (name, value) in table {
            let path = format!("{path}.{}", name.get_ref());
            self.note(text, &path, value.get_ref());
            self.0.insert(path, line_and_column(text, name.span().start));
        }
    }

    /// Where the first of these keys that is written stands.
    pub(crate) fn first(&self, paths: &[&str]) -> (usize, usize) {
        paths.iter().find_map(|path| self.0.get(*path)).copied().unwrap_or((1, 1))
    }
}
