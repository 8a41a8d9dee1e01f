//! The sentences, a list per detector; the only list of lists.

use super::{Text, keys, links};

/// Every list.
pub(super) const ALL: &[&[Text]] = &[keys::KEYS, links::LINKS];
