//! A name that somebody chose freely, as it stands in the exchange's own mail: short, in letters only, with nothing a mail program would link.
//!
//! Whoever asks for a key names it, and whoever holds one names his program: neither shall write the exchange's letters. On pages names stand
//! whole; nothing there becomes a link.

/// Longest name, in letters.
const LETTERS_MAX: usize = 30;
/// Stands where a mail program would see an address go on.
const BROKEN: char = '\u{b7}';
/// Numbers of a version: with four it could be an address.
const VERSION_NUMBERS_MAX: usize = 3;
/// Digits of each: with four it could be a telephone number.
const VERSION_DIGITS_MAX: usize = 3;

/// The name as mail shows it; empty if nothing of it can be shown.
#[must_use]
pub fn in_mail(name: &str) -> String {
    let visible: String =
        name.chars().filter(|letter| !is_quote(*letter) && !is_hidden(*letter)).map(spaced).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let letters: Vec<char> = words.join(" ").chars().collect();
    let room = if letters.len() > LETTERS_MAX { LETTERS_MAX - 1 } else { LETTERS_MAX };
    let mut shown = String::new();
    let mut before = ' ';
    for (index, letter) in letters.iter().copied().enumerate().take(room) {
        let after = letters.get(index.saturating_add(1)).copied().unwrap_or(' ');
        let stays = letter == '.' && is_version(&letters, index);
        shown.push(if joins(before, letter, after) && !stays { BROKEN } else { letter });
        before = letter;
    }
    if letters.len() > LETTERS_MAX {
        shown.push('\u{2026}');
    }
    shown
}

/// Whether an address would go on across this letter: `evil.example`, `a@b`, `https://`, `tel:1`.
fn joins(before: char, letter: char, after: char) -> bool {
    let word = |letter: char| letter.is_alphanumeric();
    match letter {
        // The dots that a browser takes for one in a host's name are among them.
        '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{fe52}' | '\u{2024}' | '@' | '\u{ff20}'
        | '\u{fe6b}' => word(before) && word(after),
        ':' | '\u{ff1a}' | '\u{fe55}' => word(before) && (word(after) || after == '/'),
        '/' => before == '/' || after == '/',
        _ => false,
    }
}

/// Whether this dot stands in a version, such as `4.12.0` or `v1.2`: two or three short numbers. No host's name ends in a number, and an address
/// has four of them; a telephone number's parts are longer. A word of letters anywhere between the dots is none of these.
fn is_version(letters: &[char], dot: usize) -> bool {
    let of_run = |letter: &&char| letter.is_alphanumeric() || **letter == '.';
    let before = letters.iter().take(dot).rev().take_while(of_run).count();
    let run: String = letters.iter().skip(dot.saturating_sub(before)).take_while(of_run).collect();
    let run = run.trim_end_matches('.');
    let numbers: Vec<&str> = run.strip_prefix(['v', 'V']).unwrap_or(run).split('.').collect();
    let short = |number: &&str| {
        (1..=VERSION_DIGITS_MAX).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit())
    };
    (2..=VERSION_NUMBERS_MAX).contains(&numbers.len()) && numbers.iter().all(short)
}

/// What would end the quotation in which the name stands.
fn is_quote(letter: char) -> bool {
    matches!(
        letter,
        '"' | '\'' | '`' | '\u{b4}' | '\u{2018}'..='\u{201f}' | '\u{2032}'..='\u{2036}' | '\u{ff02}' | '\u{ff07}' | '\u{ab}' | '\u{bb}'
    )
}

/// What is not seen, or turns the order of what is.
fn is_hidden(letter: char) -> bool {
    (letter.is_control() && !letter.is_whitespace())
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

fn spaced(letter: char) -> char {
    if letter.is_whitespace() { ' ' } else { letter }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_in_a_name_becomes_a_link_or_ends_its_quotation() {
        let table = [
            ("otter bot", "otter bot"),
            ("봇 v1.2", "봇 v1.2"),
            ("okhttp/4.12.0", "okhttp/4.12.0"),
            ("Python/3.12 aiohttp/3.12.15", "Python/3.12 aiohttp/3.12.15"),
            ("bot 4.12.", "bot 4.12."),
            ("evil.example.com", "evil\u{b7}example\u{b7}com"),
            ("evil.example.com/4.12.0", "evil\u{b7}example\u{b7}com/4.12.0"),
            ("4.12.evil.example", "4\u{b7}12\u{b7}evil\u{b7}example"),
            ("evil.example.1.2", "evil\u{b7}example\u{b7}1\u{b7}2"),
            ("v1.2.kr", "v1\u{b7}2\u{b7}kr"),
            ("http://4.12.0/", "http\u{b7}\u{b7}\u{b7}4.12.0/"),
            ("203.0.113.7", "203\u{b7}0\u{b7}113\u{b7}7"),
            ("010.1234.5678", "010\u{b7}1234\u{b7}5678"),
            ("a@4.12.0", "a\u{b7}4.12.0"),
            ("4\u{3002}12", "4\u{b7}12"),
            (
                "Sign in at https://evil.example/x",
                "Sign in at https\u{b7}\u{b7}\u{b7}evil\u{b7}examp\u{2026}",
            ),
            ("www.evil.example", "www\u{b7}evil\u{b7}example"),
            ("evil\u{3002}example", "evil\u{b7}example"),
            ("a@b.example", "a\u{b7}b\u{b7}example"),
            ("tel:0212345678", "tel\u{b7}0212345678"),
            ("bot’ …000000 ended. ‘", "bot …000000 ended."),
            ("evil.\u{200b}example", "evil\u{b7}example"),
            ("\u{202e}tob", "tob"),
            ("two\r\nlines", "two lines"),
            ("’\u{202e}", ""),
            (&"가".repeat(30), &"가".repeat(30)),
            (&"가".repeat(31), &("가".repeat(29) + "\u{2026}")),
        ];
        for (name, shown) in table {
            assert_eq!(in_mail(name), shown, "{name}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_name(name in "[a-z0-9.:/@ ‘’\u{202e}\u{200b}]{0,60}") {
            let shown = in_mail(&name);
            prop_assert!(shown.chars().count() <= LETTERS_MAX);
            let bad = shown.contains("//") || shown.contains(['‘', '’', '\u{202e}', '\u{200b}']);
            prop_assert!(!bad, "{}", shown);
            let letters: Vec<char> = shown.chars().collect();
            for three in letters.windows(3) {
                let joined = three[0].is_alphanumeric() && matches!(three[1], '.' | '@') && three[2].is_alphanumeric();
                // Of a version: a number on either side.
                let numbers = three[1] == '.' && three[0].is_ascii_digit() && three[2].is_ascii_digit();
                prop_assert!(!joined || numbers, "{}", shown);
            }
            // Whatever dots are left, nothing is an address of four numbers.
            prop_assert!(shown.split(|letter: char| !letter.is_alphanumeric() && letter != '.').all(|word| word.parse::<std::net::Ipv4Addr>().is_err()), "{}", shown);
        }
    }
}
