//! Canonical JSON (RFC 8785), the only form in which a payload is committed to.
//!
//! Stricter than the RFC: numbers are whole and within ±(2⁵³ − 1), so that every reader in every language sees the
//! same number. Repeated members are the parser's affair: a [`Value`] has none. Next: [`crate::leaf`].

use serde_json::Value;

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
    /// The serialiser refused.
    #[error("the value has no canonical form: {0}")]
    Unwritable(String),
}

impl Canonical {
    /// The canonical text of `value`.
    ///
    /// # Errors
    /// [`NotCanonical`], naming the member.
    pub fn of(value: &Value) -> Result<Self, NotCanonical> {
        check(value, &mut Vec::new())?;
        let text = serde_json_canonicalizer::to_string(value)
            .map_err(|e| NotCanonical::Unwritable(e.to_string()))?;
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

fn check(value: &Value, path: &mut Vec<String>) -> Result<(), NotCanonical> {
    let at = |path: &[String]| path.iter().map(|step| format!("/{step}")).collect::<String>();
    if path.len() > DEPTH_MAX {
        return Err(NotCanonical::TooDeep { at: at(path) });
    }
    match value {
        Value::Number(number) => {
            let within = match (number.as_i64(), number.as_u64()) {
                (Some(n), _) => (-NUMBER_MAX..=NUMBER_MAX).contains(&n),
                (None, Some(_)) => false,
                (None, None) => {
                    return Err(NotCanonical::Fraction { at: at(path), number: number.to_string() });
                }
            };
            if !within {
                return Err(NotCanonical::TooLarge { at: at(path), number: number.to_string() });
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                path.push(n.to_string());
                check(item, path)?;
                path.pop();
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                path.push(name.replace('~', "~0").replace('/', "~1"));
                check(member, path)?;
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
