//! The sentences, a list per detector; the only list of lists.

use super::Text;

/// Every list.
pub(super) const ALL: &[&[Text]] = &[];
