//! Byte offset → line and column, as editors count them.

/// Where something stands: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Past this many bytes into a line the column counts bytes: a file of one endless line must not make every
/// position cost its length.
const COUNTED_BYTES_MAX: usize = 4096;

/// Finds positions in one text; built once, so that many errors in a large file stay cheap.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Where a byte stands. Past the end counts as the end.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = offset - start;
        let characters = || self.text.get(start..offset).map_or(before, |text| text.chars().count());
        let column = if before > COUNTED_BYTES_MAX { before } else { characters() } + 1;
        Position { line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_editors_do() {
        let lines = Lines::of("ab\n한c\n");
        let at = |offset| (lines.position(offset).line, lines.position(offset).column);
        assert_eq!(
            [at(0), at(2), at(3), at(6), at(8), at(99)],
            [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1), (3, 1)]
        );
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_counting(text in "[a한\n]{0,60}", at: proptest::sample::Index) {
            let characters: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let offset = characters[at.index(characters.len())];
            let before = &text[..offset];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            proptest::prop_assert_eq!(Lines::of(&text).position(offset), Position { line, column });
        }
    }
}
