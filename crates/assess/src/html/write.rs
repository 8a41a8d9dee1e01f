//! Text into HTML: everything that is not this crate's own markup goes through [`esc`].

use std::fmt::Write as _;
use sumun_model::Lang;

/// Text as it may stand between tags and in quoted attributes. Control signs and signs that turn the writing direction are shown by
/// their numbers: an id must not dress up as another.
pub(crate) fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(out, "[U+{:04X}]", u32::from(c));
            }
            c if c.is_control() && c != '\n' => {
                let _ = write!(out, "[U+{:04X}]", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// Longer ids, such as hashes in hex, are shown by their beginning.
const ID_CHARS_MAX: usize = 40;
/// As much of those: 80 bits of a hash.
const ID_CHARS: usize = 20;

/// An id, short enough to stand in a row; the JSON has it whole.
pub(crate) fn id(text: &str) -> String {
    if text.chars().count() <= ID_CHARS_MAX {
        return format!("<code>{}</code>", esc(text));
    }
    let start: String = text.chars().take(ID_CHARS).collect();
    format!("<code title=\"{}\">{}…</code>", esc(text), esc(&start))
}

/// Tenths of a hundredth as people write them: `12.3%`. Nothing that is there is called 0.0%.
pub(crate) fn percent(n: u64, of: u64) -> String {
    if of == 0 {
        return "–".to_owned();
    }
    let tenths = n.saturating_mul(1000) / of;
    match tenths {
        0 if n > 0 => "&lt;0.1%".to_owned(),
        _ => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}

/// A table. Cells are markup already.
pub(crate) fn table(out: &mut String, head: &[&str], numbers: &[usize], rows: &[Vec<String>]) {
    let class = |place: usize| if numbers.contains(&place) { " class=\"n\"" } else { "" };
    out.push_str("<table><thead><tr>");
    for (place, cell) in head.iter().enumerate() {
        let _ = write!(out, "<th{} scope=\"col\">{cell}</th>", class(place));
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows {
        out.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let _ = write!(out, "<td{}>{cell}</td>", class(place));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>\n");
}

/// That a list is only its beginning.
pub(crate) fn more(out: &mut String, shown: usize, all: u64, lang: Lang) {
    if all <= shown as u64 {
        return;
    }
    let text = match lang {
        Lang::En => {
            format!("The {shown} largest are shown; report.json has as many as <code>--first</code> says.")
        }
        Lang::Ko => format!(
            "가장 큰 {shown}개만 적었습니다. report.json에는 <code>--first</code>로 정한 수만큼 있습니다."
        ),
    };
    para(out, "sub", &format!("<small>{text}</small>"));
}

/// A paragraph of a class. The text is markup already.
pub(crate) fn para(out: &mut String, class: &str, text: &str) {
    let _ = writeln!(out, "<p class=\"{class}\">{text}</p>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumun_mapping::told::number;

    #[test]
    fn nothing_of_a_text_becomes_markup() {
        assert_eq!(esc("<b a='1' b=\"2\">&"), "&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;");
        assert_eq!(esc("K\u{202e}1\u{7}"), "K[U+202E]1[U+0007]");
    }

    #[test]
    fn shares_are_readable() {
        assert_eq!(
            [percent(1, 3), percent(1, 100_000), percent(0, 5), percent(1, 0), number(1_234_567)],
            ["33.3%", "&lt;0.1%", "0.0%", "–", "1,234,567"]
        );
    }
}
