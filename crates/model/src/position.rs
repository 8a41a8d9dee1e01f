//! Byte offset → line and column, as editors count them: for what is wrong in a file that somebody wrote.

/// Line and column of a byte, both from 1, the column in characters. Past the end counts as the end, the inside of a character as its start.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..text.floor_char_boundary(offset)).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_editors_do() {
        let at = |offset| line_and_column("ab\n한c\n", offset);
        assert_eq!(
            [at(0), at(2), at(3), at(4), at(6), at(8), at(99)],
            [(1, 1), (1, 3), (2, 1), (2, 1), (2, 2), (3, 1), (3, 1)]
        );
    }
}
