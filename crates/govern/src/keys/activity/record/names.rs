//! Names as a record keeps them: short, and without what a screen would act on.

/// Longest name of a client, in bytes.
pub(super) const CLIENT_BYTES_MAX: usize = 48;
/// Longest name of a route, in bytes: the longest known one has 39.
pub(super) const ROUTE_BYTES_MAX: usize = 40;
/// Longest name of a network, in bytes.
pub(super) const NETWORK_BYTES_MAX: usize = 64;
/// The same in a record that has no room for longer ones.
pub(super) const NETWORK_BYTES_FEW: usize = 24;

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

/// The name of a network, cut behind a word where one ends in its second half: it is only read, never told apart by.
pub(super) fn cut_network(name: &str, most: usize) -> String {
    let shown = cut(name, most);
    // What fits with its ellipsis was cut before.
    let Some(kept) = shown.strip_suffix(MORE).filter(|_| name != shown) else { return shown };
    if name.starts_with(kept) && name.get(kept.len()..).is_some_and(|rest| rest.starts_with(' ')) {
        return shown;
    }
    match kept.rfind(' ') {
        Some(end) if end * 2 >= kept.len() => {
            let words = kept.get(..end).unwrap_or(kept).trim_end();
            format!("{words}{MORE}")
        }
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_cut_behind_words() {
        for (name, most, shown) in [
            ("Otter Home Internet", 24, "Otter Home Internet"),
            ("Otter Home Internet (made up)", 24, "Otter Home Internet…"),
            ("Otter Home Internet of the river", 22, "Otter Home Internet…"),
            ("Otternetworksoftheriver and lake", 20, "Otternetworksofth…"),
            ("수달 홈 인터넷 서비스", 20, "수달 홈…"),
        ] {
            assert_eq!(cut_network(name, most), shown);
            assert!(shown.len() <= most);
            assert_eq!(cut_network(shown, most), shown, "cut once, it stays");
        }
    }
}
