//! Texts with placeholders: `{key}`, `{version}`, `{secret.admin}`; `{{` and `}}` are braces. Placeholders only, no logic.
//!
//! Ours, not a library's: a mistake must be told by its character, which fact may stand where differs by place (a secret only in a
//! header), and what is filled in must never change the form of what it is filled into.

use std::fmt;

/// Longest text.
const CHARS_MAX: usize = 4_096;

macro_rules! facts {
    ($($(#[$meta:meta])* $id:ident = $word:literal),+ $(,)?) => {
        /// What a placeholder may stand for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fact { $($(#[$meta])* $id),+ }

        /// Every fact and its word.
        pub const FACTS: &[(Fact, &str)] = &[$((Fact::$id, $word)),+];
    };
}

facts! {
    /// The key's id.
    Key = "key",
    /// Its account's id.
    Account = "account",
    /// The venue's id.
    Venue = "venue",
    /// `restore`, `hold`, `suspend` or `expire`.
    Action = "action",
    /// `live`, `held`, `suspended` or `ended`.
    Target = "target",
    /// The measure in force; null, or empty in a longer text, where there is none.
    Measure = "measure",
    /// Why, as one word.
    Reason = "reason",
    /// The same for one intent for ever, another for every other.
    IdempotencyKey = "idempotency_key",
    /// A number that rises with every intent of the key.
    Version = "version",
    /// When it was intended, RFC 3339.
    IntendedAt = "intended_at",
}

impl Fact {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        FACTS.iter().find(|(fact, _)| *fact == self).map_or("", |(_, word)| word)
    }
}

/// Part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Itself.
    Text(String),
    /// A fact.
    Fact(Fact),
    /// A secret of this name.
    Secret(String),
}

/// A text with placeholders, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// Why a text is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// At which character, from 1.
    pub at: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {}: {}; {}", self.at, self.what, self.remedy)
    }
}

impl std::error::Error for TemplateError {}

fn error(at: usize, what: impl Into<String>, remedy: impl Into<String>) -> TemplateError {
    TemplateError { at: at + 1, what: what.into(), remedy: remedy.into() }
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// [`TemplateError`], with the character.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().enumerate().peekable();
        while let Some((at, c)) = chars.next() {
            if at >= CHARS_MAX {
                return Err(error(at, format!("longer than {CHARS_MAX} characters"), "shorten it"));
            }
            match c {
                '{' if chars.next_if(|(_, next)| *next == '{').is_some() => plain.push('{'),
                '}' if chars.next_if(|(_, next)| *next == '}').is_some() => plain.push('}'),
                '}' => return Err(error(at, "a `}` that closes nothing", "write `}}` for a brace")),
                '{' => {
                    let mut word = String::new();
                    loop {
                        match chars.next() {
                            Some((_, '}')) => break,
                            Some((_, c)) if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') => {
                                word.push(c);
                            }
                            Some((bad, c)) => {
                                let what = format!("`{}` has no place in a placeholder", c.escape_default());
                                return Err(error(bad, what, "close it with `}`; write `{{` for a brace"));
                            }
                            None => {
                                return Err(error(
                                    at,
                                    "a `{` that is never closed",
                                    "add its `}`; write `{{` for a brace",
                                ));
                            }
                        }
                    }
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(placeholder(at, &word)?);
                }
                c => plain.push(c),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// Its parts, in order; no two texts stand beside one another.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// The names of the secrets in it.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Secret(name) => Some(name.as_str()),
            Piece::Text(_) | Piece::Fact(_) => None,
        })
    }

    /// The one fact that it is wholly.
    #[must_use]
    pub fn only(&self) -> Option<Fact> {
        match self.0.as_slice() {
            [Piece::Fact(fact)] => Some(*fact),
            _ => None,
        }
    }
}

/// As it may be read again.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}"))?,
                Piece::Fact(fact) => write!(f, "{{{}}}", fact.as_str())?,
                Piece::Secret(name) => write!(f, "{{secret.{name}}}")?,
            }
        }
        Ok(())
    }
}

fn placeholder(at: usize, word: &str) -> Result<Piece, TemplateError> {
    if let Some(name) = word.strip_prefix("secret.") {
        if name.is_empty() || name.contains('.') {
            return Err(error(
                at,
                format!("`{word}` names no secret"),
                "write `{secret.NAME}`, with NAME from `[secrets]`",
            ));
        }
        return Ok(Piece::Secret(name.to_owned()));
    }
    if let Some((fact, _)) = FACTS.iter().find(|(_, known)| *known == word) {
        return Ok(Piece::Fact(*fact));
    }
    let known: Vec<&str> = FACTS.iter().map(|(_, word)| *word).collect();
    Err(error(
        at,
        format!("`{word}` is no placeholder"),
        format!("those are {}, and secret.NAME", known.join(", ")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_by_their_character() {
        let told = |text: &str| Template::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(
            ["/keys/{key", "/keys/{kee}", "a}b", "{", "{key name}", "{secret.}", "{}", "{secret.a.b}"].map(told).join("\n"), @r"
        character 7: a `{` that is never closed; add its `}`; write `{{` for a brace
        character 7: `kee` is no placeholder; those are key, account, venue, action, target, measure, reason, idempotency_key, version, intended_at, and secret.NAME
        character 2: a `}` that closes nothing; write `}}` for a brace
        character 1: a `{` that is never closed; add its `}`; write `{{` for a brace
        character 5: ` ` has no place in a placeholder; close it with `}`; write `{{` for a brace
        character 1: `secret.` names no secret; write `{secret.NAME}`, with NAME from `[secrets]`
        character 1: `` is no placeholder; those are key, account, venue, action, target, measure, reason, idempotency_key, version, intended_at, and secret.NAME
        character 1: `secret.a.b` names no secret; write `{secret.NAME}`, with NAME from `[secrets]`
        ");
    }

    proptest::proptest! {
        /// What was read and written again reads the same.
        #[test]
        fn a_template_written_again_is_itself(text in "([a-z{}.]|\\{key\\}|\\{secret\\.a\\}){0,40}") {
            if let Ok(read) = Template::parse(&text) {
                proptest::prop_assert_eq!(Template::parse(&read.to_string()).unwrap(), read);
            }
        }
    }
}
