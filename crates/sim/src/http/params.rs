//! A request's parameters, wherever the client put them: query, JSON body or form body, on any method.
//!
//! Real clients send forms on GET and JSON on DELETE. Query parameters come first; the mock does not mind both, a gate does.

use super::auth;
use super::error::ApiError;
use super::{Shared, locked};
use crate::venue::AccountIndex;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use percent_encoding::percent_decode_str;
use rust_decimal::Decimal;
use serde_json::Value;
use std::str::FromStr;
use std::sync::Arc;

/// Parameters in the order they came; a name may repeat. `name[]` is `name`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Parameters of a query string or a form body.
    pub(crate) fn of_form(text: &str) -> Self {
        let decode =
            |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (plain_name(&decode(name)), decode(value))
        });
        Self(pairs.collect())
    }

    /// Parameters of a JSON object.
    fn of_json(text: &[u8]) -> Result<Self, ApiError> {
        let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(text) else {
            return Err(ApiError::validation("the body is not a JSON object"));
        };
        let mut params = Vec::new();
        for (name, value) in members {
            let values = if let Value::Array(values) = value { values } else { vec![value] };
            for value in values {
                let text = match value {
                    Value::String(text) => text,
                    Value::Null => continue,
                    Value::Bool(_) | Value::Number(_) => value.to_string(),
                    Value::Array(_) | Value::Object(_) => {
                        return Err(ApiError::validation(format!("`{name}` is not a plain value")));
                    }
                };
                params.push((plain_name(&name), text));
            }
        }
        Ok(Self(params))
    }

    fn of_body(body: &[u8], content_type: &str) -> Result<Self, ApiError> {
        if body.is_empty() {
            Ok(Self::default())
        } else if content_type.contains("json") || body.first() == Some(&b'{') {
            Self::of_json(body)
        } else {
            Ok(Self::of_form(&String::from_utf8_lossy(body)))
        }
    }

    /// The same parameters, with one replaced.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(given, _)| given != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// First value of a parameter; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// All values of a parameter.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A list given as repeated parameters, with commas, or both.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.all(name).flat_map(|value| value.split(',')).filter(|value| !value.is_empty()).collect()
    }

    pub(crate) fn need(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| {
            ApiError::validation(format!("{name} is missing, {name} does not have a valid value"))
        })
    }

    /// A decimal number; also as JSON and Python write small ones, `1e-05`.
    pub(crate) fn decimal(&self, name: &str) -> Result<Decimal, ApiError> {
        let text = self.need(name)?;
        Decimal::from_str(text)
            .or_else(|_| Decimal::from_scientific(text))
            .map_err(|_| ApiError::validation(format!("{name} is not a number")))
    }

    /// A count, with a default and a largest value.
    pub(crate) fn count(&self, name: &str, default: usize, max: usize) -> Result<usize, ApiError> {
        match self.get(name) {
            None => Ok(default),
            Some(text) => text
                .parse::<usize>()
                .map(|count| count.min(max))
                .map_err(|_| ApiError::validation(format!("{name} is not a count"))),
        }
    }
}

fn plain_name(name: &str) -> String {
    name.strip_suffix("[]").unwrap_or(name).to_owned()
}

/// A request of the public endpoints: just parameters.
pub(crate) struct Public(pub(crate) Params);

impl FromRequest<Arc<Shared>> for Public {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Arc<Shared>) -> Result<Self, ApiError> {
        let (params, ..) = read(request, state).await?;
        Ok(Self(params))
    }
}

/// A request of the private endpoints: who asks, and what.
pub(crate) struct Private {
    pub(crate) account: AccountIndex,
    pub(crate) params: Params,
}

impl FromRequest<Arc<Shared>> for Private {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Arc<Shared>) -> Result<Self, ApiError> {
        let (headers, method) = (request.headers().clone(), request.method().clone());
        let (params, query, body, content_type) = read(request, state).await?;
        let token = auth::bearer(&headers)?;
        let (account, secret) = auth::account(state, &token)?;
        locked(&state.key_api).admits(&token.claims.access_key, &method)?;
        if state.verify {
            auth::verify(&token, secret, &query, &body, &content_type)?;
            locked(&state.nonces).first_use(&token)?;
        }
        Ok(Self { account, params })
    }
}

async fn read(request: Request, state: &Arc<Shared>) -> Result<(Params, String, Bytes, String), ApiError> {
    let query = request.uri().query().unwrap_or("").to_owned();
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .to_ascii_lowercase();
    let body = Bytes::from_request(request, state)
        .await
        .map_err(|_| ApiError::validation("the body could not be read"))?;
    let mut params = Params::of_form(&query);
    params.0.extend(Params::of_body(&body, &content_type)?.0);
    Ok((params, query, body, content_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded_and_brackets_are_dropped() {
        let params = Params::of_form("uuids%5B%5D=a&uuids[]=b&memo=desk+A%2F1&empty=");
        assert_eq!(params.all("uuids").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(params.get("memo"), Some("desk A/1"));
        assert_eq!(params.get("empty"), None);
    }

    #[test]
    fn json_values_become_the_text_the_client_wrote() {
        let body = br#"{"amount":1e-05,"price":"50000000","on":true,"none":null,"uuids":["a","b"]}"#;
        let params = Params::of_body(body, "application/json").unwrap();
        assert_eq!(params.decimal("amount").unwrap(), Decimal::new(1, 5));
        assert_eq!(params.decimal("price").unwrap(), Decimal::from(50_000_000));
        assert_eq!(params.get("on"), Some("true"));
        assert_eq!(params.get("none"), None);
        assert_eq!(params.list("uuids"), ["a", "b"]);
    }

    #[test]
    fn what_is_not_a_flat_object_is_refused() {
        for body in [&b"[1]"[..], b"{", br#"{"a":{"b":1}}"#] {
            assert_eq!(Params::of_body(body, "application/json").unwrap_err().name, "validation_error");
        }
    }
}
