//! Kinds of things that pages show, as a set. Their names are those by which pages name what they have read.

/// How many there are.
pub(crate) const KINDS: usize = NAMES.len();

/// Their names.
const NAMES: [&str; 19] = [
    "overview",
    "keys",
    "cases",
    "measures",
    "approvals",
    "signals",
    "notices",
    "questions",
    "verifications",
    "objections",
    "tasks",
    "policies",
    "gates",
    "users",
    "tokens",
    "ledger",
    "sessions",
    "venue",
    "addresses",
];

/// What a table's rows are shown as. A table that is not here changes the ledger only.
const TABLES: &[(&str, &[&str])] = &[
    ("venue", &["venue"]),
    ("keys", &["keys", "addresses"]),
    ("standings", &["keys"]),
    ("feed_keys", &["keys", "gates"]),
    ("approvals", &["approvals"]),
    // What a user may do stands in his session, too.
    ("users", &["users", "sessions"]),
    ("tokens", &["tokens"]),
    ("gates", &["gates"]),
    ("receipts", &["gates"]),
    ("canaries", &["gates"]),
    ("policies", &["policies"]),
    ("signals", &["signals"]),
    ("measures", &["measures", "keys"]),
    ("cases", &["cases"]),
    ("case_events", &["cases"]),
    ("questions", &["questions"]),
    ("ceremonies", &["addresses"]),
    ("verifications", &["verifications"]),
    ("notices", &["notices"]),
    ("objections", &["objections"]),
    ("tasks", &["tasks"]),
];

/// Some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u32);

impl Kinds {
    /// Every kind.
    pub(crate) fn all() -> Self {
        (0..KINDS).collect()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the kind of that number is one of them.
    pub(crate) fn has(self, kind: usize) -> bool {
        self.0 & (1 << kind) != 0
    }

    /// Adds a kind by its name. What is none adds nothing.
    pub(crate) fn add(&mut self, name: &str) {
        if let Some(kind) = NAMES.iter().position(|known| *known == name) {
            self.0 |= 1 << kind;
        }
    }

    /// Their names.
    pub(crate) fn names(self) -> Vec<&'static str> {
        NAMES.iter().enumerate().filter(|(kind, _)| self.has(*kind)).map(|(_, name)| *name).collect()
    }
}

impl FromIterator<usize> for Kinds {
    fn from_iter<I: IntoIterator<Item = usize>>(kinds: I) -> Self {
        Self(kinds.into_iter().filter(|kind| *kind < KINDS).fold(0, |all, kind| all | 1 << kind))
    }
}

/// What changes where rows of these tables were written.
pub(crate) fn of_tables(tables: &[String]) -> Kinds {
    let mut kinds = Kinds::default();
    for (_, names) in TABLES.iter().filter(|(table, _)| tables.iter().any(|written| written == table)) {
        for name in *names {
            kinds.add(name);
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_kind_and_every_table_there() {
        assert_eq!(Kinds::all().names(), NAMES);
        for (table, names) in TABLES {
            assert!(sumun_store::tables::ALL.iter().any(|known| known.name == *table), "{table}");
            assert!(names.iter().all(|name| NAMES.contains(name)), "{table}");
        }
        let written = ["measures".to_owned(), "customers".to_owned()];
        assert_eq!(of_tables(&written).names(), ["keys", "measures"]);
    }
}
