//! A sample: a row as it came, and under it the wire's line it gave, without what is unknown.

use super::words;
use crate::hide;
use crate::run::Row;
use sumun_model::Lang;
use sumun_model::wire::to_json;

/// Longest raw line that is shown whole, in characters.
const RAW_CHARS: usize = 600;

/// One row and what came of it, each under the other.
#[must_use]
pub fn sample(row: &Row<'_>, lang: Lang) -> String {
    let mut out = format!("{}:{}\n    {}\n", row.input, row.number, hide::line(row.raw, RAW_CHARS));
    for line in row.lines {
        out.push_str(&format!("  → {}\n", known(&to_json(line).unwrap_or_default())));
    }
    for refusal in row.refusals {
        let field = if refusal.field.is_empty() { String::new() } else { format!("{}: ", refusal.field) };
        out.push_str(&format!("  ✗ {field}{}", words::code(refusal.code, lang)));
        out.push_str(&if refusal.detail.is_empty() {
            "\n".to_owned()
        } else {
            format!(" ({})\n", refusal.detail)
        });
    }
    if row.lines.is_empty() && row.refusals.is_empty() {
        let nothing = words::say(
            lang,
            "no line: a condition of the mapping is not met",
            "행 없음: 매핑의 조건에 맞지 않습니다",
        );
        out.push_str(&format!("  · {nothing}\n"));
    }
    out
}

/// A line of JSON without its nulls, fields in the wire's order.
fn known(json: &str) -> String {
    let mut out = json.to_owned();
    // Texts of the wire hold no raw quote, so `"name":null` stands nowhere but in the line itself.
    while let Some(at) = out.find(":null") {
        let Some(start) = out.get(..at).and_then(|before| before.rfind(",\"")) else { break };
        out.replace_range(start..at + ":null".len(), "");
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_unknown_is_not_shown() {
        assert_eq!(super::known(r#"{"type":"x","a":null,"b":1,"c":null}"#), r#"{"type":"x","b":1}"#);
    }
}
