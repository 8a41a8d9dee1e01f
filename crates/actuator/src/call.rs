//! One call, made of an action and the facts of an intent. What is filled in never changes the form of what it is filled into: a value in
//! an address is one segment or one parameter, one in a body is one JSON string or number.

use crate::file::{Action, Actuator, Body, Method};
use crate::secret::Secrets;
use crate::target::{ActionName, Target};
use crate::template::{Fact, Piece, Template};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::fmt;
use sumun_model::Timestamp;
use zeroize::Zeroizing;

/// What stands in an address as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What is known of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Which key.
    pub key: String,
    /// Whose.
    pub account: String,
    /// At which venue.
    pub venue: String,
    /// What should be true.
    pub target: Target,
    /// The measure in force.
    pub measure: Option<String>,
    /// Why.
    pub reason: String,
    /// The same for this intent for ever.
    pub idempotency_key: String,
    /// Rises with every intent of the key.
    pub version: i64,
    /// When it was intended.
    pub intended_at: Timestamp,
}

impl Facts {
    /// A made-up intent, for showing what a file says.
    #[must_use]
    pub fn sample(target: Target) -> Self {
        Self {
            key: "K1".to_owned(),
            account: "A1".to_owned(),
            venue: "example".to_owned(),
            target,
            measure: matches!(target, Target::Held).then(|| "hold".to_owned()),
            reason: crate::target::reason(target, None, None),
            idempotency_key: "0123456789abcdef0123456789abcdef".to_owned(),
            version: 7,
            // 2026-11-02T00:20:00Z
            intended_at: Timestamp::from_micros(1_793_578_800_000_000),
        }
    }

    fn text(&self, fact: Fact) -> String {
        match fact {
            Fact::Key => self.key.clone(),
            Fact::Account => self.account.clone(),
            Fact::Venue => self.venue.clone(),
            Fact::Action => self.target.action().as_str().to_owned(),
            Fact::Target => self.target.as_str().to_owned(),
            Fact::Measure => self.measure.clone().unwrap_or_default(),
            Fact::Reason => self.reason.clone(),
            Fact::IdempotencyKey => self.idempotency_key.clone(),
            Fact::Version => self.version.to_string(),
            Fact::IntendedAt => self.intended_at.to_string(),
        }
    }

    /// As a value of its own in JSON.
    fn value(&self, fact: Fact) -> Value {
        match fact {
            Fact::Version => self.version.into(),
            Fact::Measure => self.measure.clone().into(),
            other => self.text(other).into(),
        }
    }
}

/// A header's text, which may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderText {
    /// The text itself.
    pub text: Zeroizing<String>,
    /// As it may be shown: the name of a secret in its place.
    pub shown: String,
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// How.
    pub method: Method,
    /// Where to. Holds no secret.
    pub url: String,
    /// Names in lower case, and texts.
    pub headers: Vec<(String, HeaderText)>,
    /// JSON. Holds no secret.
    pub body: Option<String>,
}

/// Why a call cannot be made of these facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError(pub String);

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RenderError {}

impl Actuator {
    /// The call that brings a key to its target; none where the file has no such action.
    ///
    /// # Errors
    /// [`RenderError`]: a value that can stand in no address or header, or a secret that is not there.
    pub fn call(&self, facts: &Facts, secrets: &Secrets) -> Option<Result<Call, RenderError>> {
        let action = self.action(facts.target.action())?;
        Some(self.call_of(action, facts, secrets))
    }

    fn call_of(&self, action: &Action, facts: &Facts, secrets: &Secrets) -> Result<Call, RenderError> {
        let mut headers = Vec::new();
        let own = |name: &str| action.headers.iter().any(|(known, _)| known == name);
        let shared = self.headers.iter().filter(|(name, _)| !own(name));
        for (name, template) in shared.chain(&action.headers) {
            headers.push((name.clone(), header(name, template, facts, secrets)?));
        }
        let body = action.body.as_ref().map(|body| json(body, facts).to_string());
        if body.is_some() && !headers.iter().any(|(name, _)| name == "content-type") {
            let text = "application/json".to_owned();
            headers.push(("content-type".to_owned(), HeaderText { text: text.clone().into(), shown: text }));
        }
        Ok(Call { method: action.method, url: url(&action.url, facts)?, headers, body })
    }

    /// Made-up calls of every action, in order, for people to look at.
    #[must_use]
    pub fn samples(&self) -> Vec<(ActionName, Result<Call, RenderError>)> {
        let mut secrets = Secrets::default();
        for name in self.secrets.keys() {
            secrets.insert(name, Zeroizing::new("sample".to_owned()));
        }
        let made = |action: ActionName| {
            let found = self.action(action)?;
            Some((action, self.call_of(found, &Facts::sample(action.target()), &secrets)))
        };
        ActionName::ALL.into_iter().filter_map(made).collect()
    }
}

/// An address: what is filled in is escaped, and is never empty nor a step up.
fn url(template: &Template, facts: &Facts) -> Result<String, RenderError> {
    let mut url = String::new();
    for piece in template.pieces() {
        match piece {
            Piece::Text(text) => url.push_str(text),
            Piece::Fact(fact) => {
                let value = facts.text(*fact);
                if value.is_empty() || value.chars().all(|c| c == '.') {
                    let what = format!("`{}` is `{value}`, which can stand in no address", fact.as_str());
                    return Err(RenderError(what));
                }
                url.extend(utf8_percent_encode(&value, PLAIN));
            }
            // The file's reader refuses it there.
            Piece::Secret(name) => {
                return Err(RenderError(format!("secret `{name}` would stand in an address")));
            }
        }
    }
    Ok(url)
}

fn header(
    name: &str,
    template: &Template,
    facts: &Facts,
    secrets: &Secrets,
) -> Result<HeaderText, RenderError> {
    let (mut text, mut shown) = (Zeroizing::new(String::new()), String::new());
    for piece in template.pieces() {
        match piece {
            Piece::Text(plain) => {
                text.push_str(plain);
                shown.push_str(plain);
            }
            Piece::Fact(fact) => {
                let value = facts.text(*fact);
                text.push_str(&value);
                shown.push_str(&value);
            }
            Piece::Secret(of) => {
                let secret =
                    secrets.get(of).ok_or_else(|| RenderError(format!("secret `{of}` is not there")))?;
                text.push_str(secret);
                shown.push_str(&format!("<secret {of}>"));
            }
        }
    }
    if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        Ok(HeaderText { text, shown })
    } else {
        Err(RenderError(format!("header `{name}` would hold characters that no header can")))
    }
}

fn json(body: &Body, facts: &Facts) -> Value {
    match body {
        Body::Constant(value) => value.clone(),
        Body::Text(template) => match template.only() {
            Some(fact) => facts.value(fact),
            None => {
                let part = |piece: &Piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Fact(fact) => facts.text(*fact),
                    // The file's reader refuses it there.
                    Piece::Secret(_) => String::new(),
                };
                Value::String(template.pieces().iter().map(part).collect())
            }
        },
        Body::List(items) => Value::Array(items.iter().map(|item| json(item, facts)).collect()),
        Body::Object(members) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), json(member, facts))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::tests::FILE;

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.insert("admin", Zeroizing::new("made-up-token".to_owned()));
        secrets
    }

    #[test]
    fn a_value_stays_one_value() {
        let actuator = Actuator::parse(FILE).unwrap();
        let facts = Facts {
            key: "K/../1?a=b#c\" {key}".to_owned(),
            reason: "a\"},{".to_owned(),
            ..Facts::sample(Target::Suspended)
        };
        let call = actuator.call(&facts, &secrets()).unwrap().unwrap();
        assert_eq!(
            call.url,
            "https://keys.exchange.example/admin/keys/K%2F..%2F1%3Fa%3Db%23c%22%20%7Bkey%7D/disable"
        );
        let body: Value = serde_json::from_str(call.body.as_deref().unwrap()).unwrap();
        assert_eq!(body["reason"], "a\"},{");
        assert_eq!(body["version"], 7);
        for key in ["", ".", ".."] {
            let facts = Facts { key: key.to_owned(), ..Facts::sample(Target::Suspended) };
            assert!(actuator.call(&facts, &secrets()).unwrap().is_err(), "{key:?}");
        }
        let facts = Facts { idempotency_key: "a\r\nx: y".to_owned(), ..Facts::sample(Target::Suspended) };
        assert!(actuator.call(&facts, &secrets()).unwrap().is_err());
    }

    #[test]
    fn a_secret_goes_into_its_header_and_prints_nowhere() {
        let actuator = Actuator::parse(FILE).unwrap();
        let call = actuator.call(&Facts::sample(Target::Ended), &secrets()).unwrap().unwrap();
        let (_, text) = call.headers.iter().find(|(name, _)| name == "authorization").unwrap();
        assert_eq!(text.text.as_str(), "Bearer made-up-token");
        assert!(!format!("{call:?} {:?}", secrets()).contains("made-up-token"));
        let missing = actuator.call(&Facts::sample(Target::Ended), &Secrets::default()).unwrap();
        assert_eq!(missing.unwrap_err().0, "secret `admin` is not there");
    }

    proptest::proptest! {
        /// Whatever the key's name: the address goes to the same host, at the same depth.
        #[test]
        fn no_key_leads_elsewhere(key in ".{1,40}") {
            let actuator = Actuator::parse(FILE).unwrap();
            let facts = Facts { key, ..Facts::sample(Target::Suspended) };
            if let Ok(call) = actuator.call(&facts, &secrets()).unwrap() {
                proptest::prop_assert!(call.url.starts_with("https://keys.exchange.example/admin/keys/"));
                proptest::prop_assert!(call.url.ends_with("/disable"));
                proptest::prop_assert_eq!(call.url.matches('/').count(), 6);
                proptest::prop_assert!(!call.url.contains(['?', '#', ' ']));
            }
        }
    }
}
