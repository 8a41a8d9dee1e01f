//! What a reader sees of words that somebody typed. One rule, for reasons, comments and names alike.
//!
//! Three questions, in this order: does it hold a character that may stand nowhere ([`is_hidden`]); does a screen show anything of it
//! ([`shows`]); does it say enough to be a reason ([`says`]). What joins letters of a script or parts of an emoji (ZWJ, ZWNJ, variation
//! selectors, the fillers of old Hangul) may stand beside what is seen, since real names need it, and is nothing by itself.
//!
//! Never here: how long a text may be, and the line ends of forms; that is for whoever takes it.

use std::collections::BTreeSet;

/// Different letters or digits that a reason has at least, a syllable of Hangul or an ideograph counting for two.
pub const REASON_LETTERS_MIN: usize = 3;

/// Whether no text for people may hold this character: what a terminal acts on, what turns the order of letters, and format characters
/// that show nothing and that no script needs. Line breaks and tabs are controls too: who takes text of several lines lets them pass.
#[must_use]
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            // Soft hyphen, and marks and controls of direction.
            '\u{ad}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
                // Separators, spaces without width, invisible operators, deprecated formats, the mark of byte order, annotations.
                | '\u{2028}' | '\u{2029}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
                | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
                // Tags, and what is reserved to be ignored beside them.
                | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}'
        )
}

/// Whether it may stand beside other letters and shows nothing by itself.
const fn is_blank(letter: char) -> bool {
    matches!(
        letter,
        // Joiners and selectors.
        '\u{34f}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{17b4}' | '\u{17b5}'
            | '\u{e0100}'..='\u{e01ef}'
            // Fillers of Hangul, the empty pattern of Braille.
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}'
    )
}

fn is_seen(letter: char) -> bool {
    !letter.is_whitespace() && !is_hidden(letter) && !is_blank(letter)
}

/// Whether a screen shows anything of the text.
#[must_use]
pub fn shows(text: &str) -> bool {
    text.chars().any(is_seen)
}

/// Whether the text says enough to be a reason: [`REASON_LETTERS_MIN`] different letters or digits of any script. "aaaa" and ". . . ."
/// say nothing; "분실" says enough.
#[must_use]
pub fn says(text: &str) -> bool {
    let letters: BTreeSet<char> =
        text.chars().filter(|c| is_seen(*c) && c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    letters.into_iter().map(|letter| if is_syllable(letter) { 2 } else { 1 }).sum::<usize>()
        >= REASON_LETTERS_MIN
}

/// Whether one letter is a syllable or a word: those of Hangul, and ideographs.
const fn is_syllable(letter: char) -> bool {
    matches!(letter, '\u{ac00}'..='\u{d7a3}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNSEEN: &[char] = &[
        '\u{200b}',
        '\u{200f}',
        '\u{2800}',
        '\u{fe0f}',
        '\u{e0041}',
        '\u{3164}',
        '\u{115f}',
        '\u{1160}',
        '\u{ffa0}',
        '\u{200d}',
        '\u{61c}',
        '\u{200e}',
        '\u{feff}',
        '\u{ad}',
        '\u{34f}',
        ' ',
        '\u{a0}',
        '\u{3000}',
        '\u{e0100}',
    ];

    #[test]
    fn what_is_a_reason_and_what_is_none() {
        for good in
            ["확인함", "분실", "분실함", "leaked", "call 7", "1204", "도난 신고", "漏洩", "حساب مسروق"]
        {
            assert!(says(good) && shows(good) && !good.chars().any(is_hidden), "{good}");
        }
        for bad in [
            "aaaaaaaaaa",
            "aAaAaAaA",
            ". . . .",
            "네",
            "ㅋㅋㅋㅋㅋㅋㅋㅋ",
            "ab",
            "--------",
            "가가가가",
            "🙂🙂🙂🙂",
            "",
        ] {
            assert!(!says(bad), "{bad}");
        }
    }

    #[test]
    fn scripts_and_emoji_keep_what_joins_them() {
        for good in ["👩\u{200d}💻 bot", "می\u{200c}خواهم", "葛\u{e0100}城", "❤\u{fe0f}", "क\u{94d}\u{200d}ष"]
        {
            assert!(shows(good) && !good.chars().any(is_hidden), "{good}");
        }
    }

    proptest! {
            #[test]
            fn nothing_unseen_shows_or_says(text in proptest::collection::vec(proptest::sample::select(UNSEEN), 0..40)) {
                let text: String = text.into_iter().collect();
                prop_assert!(!shows(&text) && !says(&text));
            }

            #[test]
            fn one_letter_is_no_reason_however_often(letter in any::<char>(), times in 1_usize..40, between in proptest::sample::select(UNSEEN)) {
    let text: String = [letter, between].iter().collect::<String>().repeat(times);
                // Few letters have a small one of several.
                prop_assert!(!says(&text) || letter.to_lowercase().count() > 1);
            }

            #[test]
            fn what_says_shows(text in any::<String>()) {
                prop_assert!(!says(&text) || shows(&text));
            }
        }
}
