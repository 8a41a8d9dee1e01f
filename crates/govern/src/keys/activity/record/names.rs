//! Names as a record keeps them: short, and without what a screen would act on.

/// Longest name of a client, in bytes.
pub(super) const CLIENT_BYTES_MAX: usize = 48;
/// Longest name of a route, in bytes: the longest known one has 39.
pub(super) const ROUTE_BYTES_MAX: usize = 40;
/// Longest name of a network, in bytes.
pub(super) const NETWORK_BYTES_MAX: usize = 24;

/// Ends what was cut, so that one sees it.
const MORE: &str = "\u{2026}";

/// A name without what a screen would act on, cut to so many bytes. One that just fits is cut as well: records were once kept with names cut
/// without a sign, and read, they must be the same as what comes now.
pub(super) fn cut(name: &str, most: usize) -> String {
    let mut shown: String =
        name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if shown.len() > most || (shown.len() == most && !shown.ends_with(MORE)) {
        let room = most.saturating_sub(MORE.len());
        let end = (0..=room).rev().find(|end| shown.is_char_boundary(*end));
        shown.truncate(end.unwrap_or(0));
        shown.push_str(MORE);
    }
    shown
}
