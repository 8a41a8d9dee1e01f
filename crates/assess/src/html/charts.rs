//! Charts as inline SVG: no script, nothing fetched. Each says in words what it shows, for those who do not see it.

use super::write::{esc, percent};
use std::fmt::Write as _;
use sumun_mapping::told::number;

const WIDTH: u64 = 720;
const HEIGHT: u64 = 150;
/// Least room for the figures of the axis, and what each of their characters takes.
const LEFT_MIN: u64 = 56;
const CHARACTER: u64 = 7;
const TOP: u64 = 12;
const FOOT: u64 = 22;

/// A column: its name, the lower part, the upper part.
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) value: u64,
    pub(crate) upper: u64,
}

/// Columns beside each other; `line` is drawn across.
pub(crate) fn columns(out: &mut String, title: &str, all: &[Column], line: Option<(u64, &str)>) {
    if all.is_empty() {
        return;
    }
    let most = all.iter().map(|column| column.value + column.upper).max().unwrap_or(0);
    // A budget far above what there is would flatten everything: then it is only told.
    let drawn = line.filter(|(at, _)| *at <= most.saturating_mul(4).max(4));
    let top = most.max(drawn.map_or(0, |(at, _)| at)).max(1);
    let left = LEFT_MIN.max(number(top).len() as u64 * CHARACTER + 12);
    let scale = |n: u64| n.saturating_mul(HEIGHT) / top;
    let slot = ((WIDTH - left) * 10 / all.len() as u64).min(1200);
    let bar = (slot * 7 / 10).clamp(5, 520);
    let tall = TOP + HEIGHT + FOOT;
    let title = esc(title);
    let _ = write!(
        out,
        "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 {WIDTH} {tall}\" role=\"img\" aria-label=\"{title}\">"
    );
    let ground = TOP + HEIGHT;
    for (n, at) in [(top, TOP), (top / 2, ground - scale(top / 2)), (0, ground)] {
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{left}\" x2=\"{WIDTH}\" y1=\"{at}\" y2=\"{at}\"/><text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            left - 6,
            at + 4,
            number(n)
        );
    }
    // As many names as fit beside each other.
    let every = (all.len() as u64 * 70).div_ceil(WIDTH - left).max(1);
    for (place, column) in all.iter().enumerate() {
        let tenths = left * 10 + slot * place as u64 + (slot - bar) / 2;
        let (low, up) = (scale(column.value), scale(column.upper));
        let told = number(column.value + column.upper);
        let _ = write!(out, "<g><title>{} {told}</title>", esc(&column.name));
        for (class, y, height) in [("bar", ground - low, low), ("bar2", ground - low - up, up)] {
            if height > 0 {
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{height}\"/>",
                    tenth(tenths),
                    tenth(bar)
                );
            }
        }
        out.push_str("</g>");
        if (place as u64).is_multiple_of(every) {
            let _ = write!(
                out,
                "<text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                tenth(tenths + bar / 2),
                ground + 15,
                esc(&column.name)
            );
        }
    }
    if let Some((at, name)) = drawn {
        let y = ground - scale(at);
        let _ = write!(
            out,
            "<line class=\"mark\" x1=\"{left}\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/><text class=\"axis\" x=\"{WIDTH}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            y.saturating_sub(3).max(10),
            esc(name)
        );
    }
    out.push_str("</svg></figure>\n");
}

fn tenth(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A share as a short bar with its number.
pub(crate) fn share(n: u64, of: u64) -> String {
    let width = n.saturating_mul(100).checked_div(of).unwrap_or(0).max(u64::from(n > 0));
    format!(
        "<span class=\"sh\"><svg class=\"share\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rail\" width=\"100\" height=\"10\"/><rect class=\"bar\" width=\"{width}\" height=\"10\"/></svg> {}</span>",
        percent(n, of)
    )
}

/// Parts of a whole beside each other, with classes `p0`, `p1`, ….
pub(crate) fn parts(parts: &[u64], of: u64) -> String {
    let mut out =
        "<svg class=\"parts\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rail\" width=\"1000\" height=\"10\"/>"
            .to_owned();
    let mut at = 0;
    for (place, part) in parts.iter().enumerate() {
        let width = part.saturating_mul(1000).checked_div(of).unwrap_or(0).max(u64::from(*part > 0) * 4);
        let _ = write!(out, "<rect class=\"p{place}\" x=\"{at}\" width=\"{width}\" height=\"10\"/>");
        at += width;
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_the_axis_have_room() {
        let drawn = |value: u64| {
            let mut out = String::new();
            columns(&mut out, "requests", &[Column { name: "03-02".to_owned(), value, upper: 0 }], None);
            out
        };
        assert!(drawn(999).contains("x=\"50\""), "{}", drawn(999));
        assert!(drawn(50_000_000).contains("x=\"76\""), "{}", drawn(50_000_000));
    }
}
