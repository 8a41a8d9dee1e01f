//! Canonical JSON (RFC 8785), the only form in which a payload is committed to.
//!
//! Stricter than the RFC: numbers are whole and within ±(2⁵³ − 1), so that every reader in every language sees the
//! same number. Repeated members are the parser's affair: a [`Value`] has none. Next: [`crate::leaf`].

use serde_json::Value;
use std::fmt::Write as _;

/// Largest whole number that every JSON reader keeps exactly: 2⁵³ − 1.
pub const NUMBER_MAX: i64 = (1 << 53) - 1;

/// Deepest nesting taken; parsers commonly stop at 128.
pub const DEPTH_MAX: usize = 96;

/// Longest canonical text, in bytes: 16 MiB. Whoever verifies a published log holds one payload at a time in memory.
pub const LENGTH_MAX: usize = 16 * 1024 * 1024;

/// Canonical text of one JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical(String);

/// Why a value has no canonical text here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    /// A number with a fraction or an exponent.
    #[error("`{at}` is `{number}`: write amounts as text, since numbers in the ledger are whole")]
    Fraction {
        /// JSON pointer.
        at: String,
        /// The number.
        number: String,
    },
    /// A number that some readers would round.
    #[error("`{at}` is `{number}`, beyond ±(2^53 - 1): write it as text")]
    TooLarge {
        /// JSON pointer.
        at: String,
        /// The number.
        number: String,
    },
    /// Nested too deeply.
    #[error("`{at}` is nested more than {DEPTH_MAX} deep")]
    TooDeep {
        /// JSON pointer.
        at: String,
    },
    /// Longer than anybody reads at once.
    #[error("the canonical text has {0} bytes; {LENGTH_MAX} is the most")]
    TooLong(usize),
}

impl Canonical {
    /// The canonical text of `value`.
    ///
    /// # Errors
    /// [`NotCanonical`], naming the member.
    pub fn of(value: &Value) -> Result<Self, NotCanonical> {
        let mut text = String::with_capacity(256);
        spell(value, &Place { above: None, step: Step::Top, depth: 0 }, &mut text)?;
        if text.len() > LENGTH_MAX { Err(NotCanonical::TooLong(text.len())) } else { Ok(Self(text)) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, without a copy.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Where in a value something is; spelt out only for errors.
struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
    depth: usize,
}

enum Step<'a> {
    Top,
    Item(usize),
    Member(&'a str),
}

impl<'a> Place<'a> {
    fn below(&'a self, step: Step<'a>) -> Self {
        Self { above: Some(self), step, depth: self.depth + 1 }
    }

    /// As a JSON pointer.
    fn pointer(&self) -> String {
        let mut pointer = self.above.map_or_else(String::new, Self::pointer);
        match self.step {
            Step::Top => {}
            Step::Item(n) => pointer.extend(["/", &n.to_string()]),
            Step::Member(name) => pointer.extend(["/", &name.replace('~', "~0").replace('/', "~1")]),
        }
        pointer
    }
}

/// Writes a value. Checked on the way, in one walk: every change's payload comes through here.
fn spell(value: &Value, place: &Place<'_>, out: &mut String) -> Result<(), NotCanonical> {
    if place.depth > DEPTH_MAX {
        return Err(NotCanonical::TooDeep { at: place.pointer() });
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(n), _) if (-NUMBER_MAX..=NUMBER_MAX).contains(&n) => {
                let _ = write!(out, "{n}");
            }
            (None, None) => {
                return Err(NotCanonical::Fraction { at: place.pointer(), number: number.to_string() });
            }
            _ => return Err(NotCanonical::TooLarge { at: place.pointer(), number: number.to_string() }),
        },
        Value::String(text) => quote(text, out),
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                spell(item, &place.below(Step::Item(n)), out)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (n, (name, member)) in members.into_iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                quote(name, out);
                out.push(':');
                spell(member, &place.below(Step::Member(name)), out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Writes a text in quotes, with those escapes that the RFC wants and no others.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = text;
    while let Some(at) = plain.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (before, rest) = plain.split_at(at);
        out.push_str(before);
        let mut rest = rest.chars();
        match rest.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\t') => out.push_str("\\t"),
            Some('\n') => out.push_str("\\n"),
            Some('\u{c}') => out.push_str("\\f"),
            Some('\r') => out.push_str("\\r"),
            Some(other) => {
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
            None => {}
        }
        plain = rest.as_str();
    }
    out.push_str(plain);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Any value that has a canonical text.
    fn values() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "[ -~]{0,8}",
            any::<String>(),
            "[\u{0}-\u{1f}\u{7f}-\u{a0}\"\\\\]{0,4}",
            "[\u{d7ff}-\u{e010}\u{fff0}-\u{10010}]{0,3}"
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-NUMBER_MAX..=NUMBER_MAX).prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((text.clone(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_text_is_what_another_implementation_writes(value in values()) {
            let other = serde_json_canonicalizer::to_string(&value).unwrap();
            prop_assert_eq!(Canonical::of(&value).unwrap().into_string(), other);
        }
    }

    #[test]
    fn members_are_sorted_by_utf16_and_text_is_escaped_as_the_rfc_says() {
        let value: Value =
            serde_json::from_str(r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew","1":"One","\ud83d\ude00":"Smiley","\u0080":"Control","\u00f6":"O","z":"\u000f\n\"\\/<"}"#)
                .unwrap();
        assert_eq!(
            Canonical::of(&value).unwrap().as_str(),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"z\":\"\\u000f\\n\\\"\\\\/<\",\"\u{80}\":\"Control\",\"ö\":\"O\",\"€\":\"Euro Sign\",\"😀\":\"Smiley\",\"\u{fb33}\":\"Hebrew\"}"
        );
    }

    #[test]
    fn numbers_that_readers_disagree_on_are_refused_with_their_place() {
        for (value, said) in [
            (
                json!({"a": {"b/c": [0, 1.5]}}),
                "`/a/b~1c/1` is `1.5`: write amounts as text, since numbers in the ledger are whole",
            ),
            (
                json!({"a": 1e2}),
                "`/a` is `100.0`: write amounts as text, since numbers in the ledger are whole",
            ),
            (
                json!(9_007_199_254_740_992_i64),
                "`` is `9007199254740992`, beyond ±(2^53 - 1): write it as text",
            ),
            (json!(i64::MIN), "`` is `-9223372036854775808`, beyond ±(2^53 - 1): write it as text"),
            (json!(u64::MAX), "`` is `18446744073709551615`, beyond ±(2^53 - 1): write it as text"),
        ] {
            assert_eq!(Canonical::of(&value).unwrap_err().to_string(), said);
        }
        assert_eq!(
            Canonical::of(&json!([NUMBER_MAX, -NUMBER_MAX, 0])).unwrap().as_str(),
            "[9007199254740991,-9007199254740991,0]"
        );
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
        assert!(matches!(Canonical::of(&deep), Err(NotCanonical::TooDeep { .. })));
    }
}
