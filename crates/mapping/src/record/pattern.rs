//! A line of text by a pattern such as nginx's `log_format`: texts between `$names`.
//!
//! A line is taken apart from the left and from the right. Where the two differ, somebody wrote the pattern's own signs into a value
//! (a user agent with quotes), and the line is refused rather than misread.

use super::{Cell, Record, Slots};
use std::borrow::Cow;

/// nginx's own `combined`.
const COMBINED: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#;
/// What Envoy writes when it is told nothing else.
const ENVOY: &str = r#"[$start_time] "$method $path $protocol" $response_code $response_flags $bytes_received $bytes_sent $duration $upstream_service_time "$forwarded_for" "$user_agent" "$request_id" "$authority" "$upstream_host""#;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Sign(String),
    Name(String),
}

/// A pattern, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    parts: Vec<Part>,
    /// Whether `\xHH` in a value is a byte, as nginx writes it.
    nginx: bool,
}

impl Pattern {
    /// Reads a pattern, or one of the names `combined` and `envoy`.
    pub(crate) fn of(text: &str, nginx: Option<bool>) -> Result<Self, String> {
        let (text, usual) = match text {
            "combined" => (COMBINED, true),
            "envoy" => (ENVOY, false),
            own => (own, false),
        };
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (sign, behind) = rest.split_at(at);
            let behind = behind.strip_prefix('$').unwrap_or(behind);
            let (name, after) = match behind.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
                Some(both) => both,
                None => behind.split_at(
                    behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(behind.len()),
                ),
            };
            if name.is_empty() {
                return Err("a `$` has no name behind it".to_owned());
            }
            if !sign.is_empty() {
                parts.push(Part::Sign(sign.to_owned()));
            } else if let Some(Part::Name(before)) = parts.last() {
                return Err(format!(
                    "`${before}` and `${name}` have nothing between them that could tell them apart"
                ));
            }
            if parts.contains(&Part::Name(name.to_owned())) {
                return Err(format!("`${name}` is there twice; name each part once"));
            }
            parts.push(Part::Name(name.to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Sign(rest.to_owned()));
        }
        if !parts.iter().any(|part| matches!(part, Part::Name(_))) {
            return Err("there is no `$name` in the pattern".to_owned());
        }
        Ok(Self { parts, nginx: nginx.unwrap_or(usual) })
    }

    /// The names in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Sign(_) => None,
        })
    }

    /// Takes a line apart. `Err(true)`: it can be done in two ways; `Err(false)`: in none.
    pub(crate) fn read<'a>(&'a self, text: &'a str, slots: &Slots) -> Result<Record<'a>, bool> {
        let left = self.leftwards(text).ok_or(false)?;
        if self.rightwards(text).is_none_or(|right| right != left) {
            return Err(true);
        }
        let mut record = Record::of(slots);
        for (name, value) in self.names().zip(left) {
            let value = if self.nginx { unescape(value) } else { Cow::Borrowed(value) };
            if let Some(slot) = slots.find(name) {
                record.put(slot, Cell::Text(value));
            } else if !slots.is_ignored(name) {
                record.unknown.push((Cow::Borrowed(name), value));
            }
        }
        Ok(record)
    }

    fn leftwards<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let (mut rest, mut values) = (text, Vec::with_capacity(self.parts.len()));
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match (part, parts.peek()) {
                (Part::Sign(sign), _) => rest = rest.strip_prefix(sign.as_str())?,
                (Part::Name(_), Some(Part::Sign(sign))) => {
                    // The last sign ends the line: what it closes reaches to there.
                    let at = if parts.clone().count() == 1 {
                        rest.len().checked_sub(sign.len())?
                    } else {
                        rest.find(sign.as_str())?
                    };
                    let (value, behind) = rest.split_at_checked(at)?;
                    values.push(value);
                    rest = behind;
                }
                (Part::Name(_), _) => values.push(std::mem::take(&mut rest)),
            }
        }
        rest.is_empty().then_some(values)
    }

    fn rightwards<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let (mut rest, mut values) = (text, Vec::with_capacity(self.parts.len()));
        let mut parts = self.parts.iter().rev().peekable();
        while let Some(part) = parts.next() {
            match (part, parts.peek()) {
                (Part::Sign(sign), _) => rest = rest.strip_suffix(sign.as_str())?,
                (Part::Name(_), Some(Part::Sign(sign))) => {
                    let from = if parts.clone().count() == 1 {
                        sign.len()
                    } else {
                        rest.rfind(sign.as_str())? + sign.len()
                    };
                    let (before, value) = rest.split_at_checked(from)?;
                    values.push(value);
                    rest = before;
                }
                (Part::Name(_), _) => values.push(std::mem::take(&mut rest)),
            }
        }
        values.reverse();
        rest.is_empty().then_some(values)
    }
}

/// `\xHH` as the byte it stands for, where the bytes make a text.
fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains("\\x") {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        match behind
            .split_at_checked(2)
            .and_then(|(hex, after)| Some((u8::from_str_radix(hex, 16).ok()?, after)))
        {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => {
                bytes.extend_from_slice(b"\\x");
                rest = behind;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_or(Cow::Borrowed(value), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pattern: &str, text: &str) -> Result<Vec<String>, bool> {
        let pattern = Pattern::of(pattern, None).unwrap();
        let mut slots = Slots::default();
        let names: Vec<String> = pattern.names().map(str::to_owned).collect();
        for name in &names {
            slots.slot(name);
        }
        let record = pattern.read(text, &slots)?;
        Ok(record
            .cells
            .iter()
            .map(|cell| if let Cell::Text(text) = cell { text.to_string() } else { panic!("{cell:?}") })
            .collect())
    }

    #[test]
    fn nginx_combined() {
        let line = r#"203.0.113.7 - - [20/Nov/2026:09:00:05 +0900] "GET /v1/orders?a=\x22b HTTP/1.1" 200 12 "-" "ccxt \x22x\x22 \xED\x82\xA4""#;
        let cells = read("combined", line).unwrap();
        assert_eq!(cells[3], "GET /v1/orders?a=\"b HTTP/1.1");
        assert_eq!(cells[7], "ccxt \"x\" 키");
    }

    #[test]
    fn envoy_with_a_quote_in_the_agent_is_not_misread() {
        let line = |agent: &str| {
            format!(
                r#"[2026-11-20T00:00:05.123Z] "POST /v1/orders HTTP/1.1" 201 - 154 0 226 100 "203.0.113.7" "{agent}" "a1" "api" "10.0.0.9:80""#
            )
        };
        assert_eq!(read("envoy", &line("ccxt/4.5")).unwrap()[11], "ccxt/4.5");
        assert_eq!(read("envoy", &line(r#"x" "spoofed-id" "y"#)), Err(true), "two ways to read it");
        assert_eq!(read("envoy", "something else"), Err(false));
    }

    #[test]
    fn patterns_that_cannot_work_say_why() {
        for (bad, why) in [
            ("$a$b", "nothing between"),
            ("plain", "no `$name`"),
            ("$ x", "no name behind"),
            ("$a $a", "twice"),
        ] {
            let said = Pattern::of(bad, None).err().unwrap();
            assert!(said.contains(why), "{said}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back_or_refused(a in "[a\" ]{0,6}", b in "[a\" ]{0,6}", c in "[a\" ]{0,6}") {
            match read("[$a] \"$b\" $c", &format!("[{a}] \"{b}\" {c}")) {
                Ok(cells) => prop_assert_eq!(cells, vec![a, b, c]),
                Err(two_ways) => prop_assert!(two_ways, "a line of its own pattern is never foreign"),
            }
        }
    }
}
