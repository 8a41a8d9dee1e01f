//! What a front of the exchange's own asks before it passes a request on: whose it is. On the control listener.
//!
//! `GET /_mock/whose` with the client's `Authorization` answers 204, and names key and account in [`KEY`] and [`ACCOUNT`] if the key's
//! secret signed the token. It names them whatever the key may do: a front logs who came, and the exchange itself says no. Parameters
//! and nonces are not looked at: whoever asks by `auth_request` shows no body.

use super::{Shared, auth};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// The key that signed.
pub const KEY: HeaderName = HeaderName::from_static("x-exchange-key");
/// The account it trades from.
pub const ACCOUNT: HeaderName = HeaderName::from_static("x-exchange-account");

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().route("/_mock/whose", get(whose)).with_state(shared)
}

async fn whose(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    match signer(&shared, &headers) {
        Some((key, account)) => (StatusCode::NO_CONTENT, [(KEY, key), (ACCOUNT, account)]).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Key and account of whoever signed the token, if it is a key known from the start.
fn signer(shared: &Shared, headers: &HeaderMap) -> Option<(String, String)> {
    let token = auth::bearer(headers).ok()?;
    let key = token.claims.access_key.clone();
    let (account, secret) = shared.keys.get(&key)?;
    let account = shared.accounts.accounts.get(account.0)?;
    auth::is_genuine(&token, secret.as_deref()?).then(|| (key, account.name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Accounts;
    use axum::http::{HeaderValue, header};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, KeyInit, Mac};

    fn signed(key: &str, secret: &str) -> HeaderMap {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let claims = format!(r#"{{"access_key":"{key}","nonce":"1"}}"#);
        let text = format!("{}.{}", part(r#"{"alg":"HS256"}"#), part(&claims));
        let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&text);
        let token = format!("Bearer {text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(&token).unwrap())])
    }

    #[test]
    fn a_token_is_its_signer_s_and_a_claim_alone_is_nobody_s() {
        let shared = Shared::new(Accounts::made_up(), true, None).unwrap();
        let (key, secret) = ("MOCKxACCESSxKEYxA1xK1", "MOCKxSECRETxKEYxA1xK1x0000000000000000");
        let named = signer(&shared, &signed(key, secret));
        assert_eq!(named, Some((key.to_owned(), "A1".to_owned())));
        assert_eq!(signer(&shared, &signed(key, "guess")), None);
        assert_eq!(signer(&shared, &signed("nobody", secret)), None);
        assert_eq!(signer(&shared, &HeaderMap::new()), None);
    }
}
