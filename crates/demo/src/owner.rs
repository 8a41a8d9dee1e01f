//! An owner at the venue: signed in by the exchange's word, anew whenever it grows old, so that what he does has a fresh second factor.

use crate::cast::Owner;
use crate::clock::Since;
use crate::rest::Rest;
use crate::vouch::Exchange;
use anyhow::{Context, Result};
use http::Method;
use serde_json::json;
use tokio::sync::Mutex;

/// A venue believes a second factor for five minutes.
const FRESH_S: f64 = 200.0;

/// An owner's session.
pub(crate) struct Session {
    customer: String,
    person: String,
    role: &'static str,
    open: Mutex<Option<(String, Since)>>,
}

impl Session {
    /// Of this owner, not open yet.
    pub(crate) fn of(owner: &Owner) -> Self {
        Self {
            customer: owner.customer(),
            person: owner.person(),
            role: owner.role(),
            open: Mutex::new(None),
        }
    }

    /// What the exchange says of him now.
    pub(crate) fn assertion(&self, exchange: &Exchange) -> Result<String> {
        exchange.assertion(&self.customer, &self.person, self.role)
    }

    /// A token with a fresh second factor.
    pub(crate) async fn token(&self, rest: &Rest, exchange: &Exchange) -> Result<String> {
        let mut open = self.open.lock().await;
        if let Some((token, since)) = open.as_ref()
            && since.seconds() < FRESH_S
        {
            return Ok(token.clone());
        }
        let body = json!({ "assertion": self.assertion(exchange)? });
        let opened = rest.must(None, Method::POST, "/v1/owner/sessions", Some(&body)).await?;
        let token = opened["token"].as_str().context("a session without a token")?.to_owned();
        *open = Some((token.clone(), Since::now()));
        Ok(token)
    }
}
