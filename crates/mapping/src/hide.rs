//! What may be shown of a foreign line: cut to a length, credentials taken out.
//!
//! A log may hold what should never have been logged. A report that is mailed around must not spread it.

/// Names of fields whose values are never shown.
const SECRET_NAMES: [&str; 9] =
    ["authorization", "cookie", "signature", "secret", "password", "passphrase", "token", "api-sign", "otp"];

/// What stands in the place of what is hidden.
const HIDDEN: &str = "(hidden)";

/// Longest run of letters and figures that is shown whole: an id hashed to 64 hex digits is, a signed token is not.
const RUN_MAX: usize = 80;

/// A value of a field, for an example.
#[must_use]
pub(crate) fn value(name: &str, text: &str, chars: usize) -> String {
    if is_secret(name) { HIDDEN.to_owned() } else { line(text, chars) }
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|secret| lower.contains(secret))
}

/// Whether a value is a credential itself, which no field of the wire takes.
#[must_use]
pub(crate) fn is_credential(text: &str) -> bool {
    let scheme = text.split_once(' ').map(|(scheme, _)| scheme);
    let signed = text.starts_with("eyJ") && text.matches('.').count() == 2;
    signed
        || scheme.is_some_and(|scheme| {
            scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("basic")
        })
}

/// A line, for a sample: long tokens hidden, control characters made visible.
#[must_use]
pub fn line(text: &str, chars: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() && out.chars().count() <= chars {
        let secret = rest.starts_with(is_run) && follows_secret(&out);
        // A quoted value is hidden to its quote, whatever it is made of.
        let end = if secret && out.ends_with('"') { rest.find('"') } else { rest.find(|c: char| !is_run(c)) };
        let (run, behind) = rest.split_at(end.unwrap_or(rest.len()));
        let jwt = run.starts_with("eyJ") && run.contains('.');
        let scheme = run.eq_ignore_ascii_case("bearer") || run.eq_ignore_ascii_case("basic");
        let (named, value) = run.split_once('=').unwrap_or((run, ""));
        if !value.is_empty() && is_secret(named) {
            // `signature=…` in a query.
            out.push_str(named);
            out.push('=');
            out.push_str(HIDDEN);
        } else {
            out.push_str(if run.len() > RUN_MAX || jwt || (secret && !scheme) { HIDDEN } else { run });
        }
        let mut chars_behind = behind.chars();
        match chars_behind.next() {
            Some(c) if c.is_control() => out.extend(c.escape_default()),
            Some(c) => out.push(c),
            None => {}
        }
        rest = chars_behind.as_str();
    }
    if out.chars().count() > chars {
        out = out.chars().take(chars.saturating_sub(1)).collect();
        out.push('…');
    }
    out
}

const fn is_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '=')
}

/// Whether what came so far announces a secret: `Bearer `, `signature=`, `"authorization":"`.
fn follows_secret(before: &str) -> bool {
    let trimmed = before.trim_end_matches([' ', '"', ':', '\\', '\'']);
    if trimmed.len() == before.len() {
        return false;
    }
    let word =
        trimmed.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).next().unwrap_or("");
    let word = word.to_ascii_lowercase();
    word == "bearer"
        || word == "basic"
        || SECRET_NAMES.iter().any(|secret| word.ends_with(secret) && *secret != "token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        for (text, shown) in [
            (r#"{"a":"x","authorization":"Bearer abc.def"}"#, r#"{"a":"x","authorization":"(hidden)"}"#),
            (r#"{"cookie":"a=b; c=d","x":1}"#, r#"{"cookie":"(hidden)","x":1}"#),
            ("authorization: Bearer abcdef ok", "authorization: Bearer (hidden) ok"),
            ("Bearer abcdef ok", "Bearer (hidden) ok"),
            ("t eyJhbGciOi.eyJhY2Nl.c2ln z", "t (hidden) z"),
            ("plain 203.0.113.7", "plain 203.0.113.7"),
            ("/v2/orders?a=1&signature=233c9fb7541b", "/v2/orders?a=1&signature=(hidden)"),
            ("a\tb", "a\\tb"),
        ] {
            assert_eq!(line(text, 200), shown);
        }
        assert_eq!(line(&"x".repeat(100), 200), "(hidden)");
        assert_eq!(line("가나다라마", 3), "가나…");
        assert_eq!(value("http_cookie", "a=b", 20), "(hidden)");
        assert_eq!(value("bytes_sent", "12", 20), "12");
    }
}
