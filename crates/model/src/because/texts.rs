//! The sentences, a list per detector; the only list of lists.

use super::{Text, keys};

/// Every list.
pub(super) const ALL: &[&[Text]] = &[keys::KEYS];
