//! Text made here as the types of the vocabulary.

use std::fmt::Debug;
use std::str::FromStr;

/// Reads text that was put together in this module's neighbours.
pub(super) fn made<T>(text: &str) -> T
where
    T: FromStr,
    T::Err: Debug,
{
    #[expect(
        clippy::expect_used,
        reason = "INVARIANT: ids are letters and digits, prefixes masked, decimals and versions digits; all put together here"
    )]
    text.parse().expect("text put together here is well formed")
}
