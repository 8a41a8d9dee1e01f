//! Secrets of an exchange's key API, by the names the file gives them. They stand in headers only, and print nowhere.

use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// Secrets by name.
#[derive(Default)]
pub struct Secrets(BTreeMap<String, Zeroizing<String>>);

impl Secrets {
    /// Adds one.
    pub fn insert(&mut self, name: &str, secret: Zeroizing<String>) {
        self.0.insert(name.to_owned(), secret);
    }

    /// One by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|secret| secret.as_str())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
