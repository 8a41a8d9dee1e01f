//! "Did you mean": the known word nearest to an unknown one.

/// Edits that still count as a slip of the finger; more is another word.
const EDITS_MAX: usize = 3;

/// The nearest of the known words, if one is near.
pub(crate) fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(found, word), word))
        .filter(|(edits, word)| *edits <= EDITS_MAX && 2 * edits < word.len().max(found.len()))
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        let known = ["listen", "upstream", "id"];
        assert_eq!(nearest("lisen", known), Some("listen"));
        assert_eq!(nearest("upsteram", known), Some("upstream"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("x", known), None);
    }
}
