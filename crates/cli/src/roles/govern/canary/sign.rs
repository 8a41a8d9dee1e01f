//! A client's request with a canary's key, as the venue's own documentation says to sign it.
//!
//! It lists the markets, which anybody may: nothing of any account is asked, and an exchange that does not know the key
//! answers all the same. Signed it is judged by a gate like every other request.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sumun_dialect::Dialect;
use sumun_model::{ApiSecret, KeyId};

/// What is asked for, with `GET`.
pub(super) const fn target(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Upbit => "/v1/market/all",
    }
}

/// The `Authorization` header for [`target`].
pub(super) fn authorization(
    dialect: Dialect,
    key: &KeyId,
    secret: &ApiSecret,
    nonce: &str,
) -> Option<String> {
    match dialect {
        Dialect::Upbit => upbit(key, secret, nonce).map(|token| format!("Bearer {token}")),
    }
}

/// A JWT with HS256. Without parameters nothing else is bound. `None` never comes: HMAC takes a key of any length.
fn upbit(key: &KeyId, secret: &ApiSecret, nonce: &str) -> Option<String> {
    let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = serde_json::json!({ "access_key": key, "nonce": nonce });
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose()).ok()?.chain_update(&signed).finalize();
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method, header};
    use sumun_dialect::{MacKey, RawRequest};
    use sumun_model::Scope;

    #[test]
    fn a_gate_takes_the_signature_and_only_this_keys() {
        let key = KeyId::new("K-made-up").unwrap();
        let secret = ApiSecret::new(b"made-up-secret".to_vec()).unwrap();
        let header = authorization(Dialect::Upbit, &key, &secret, "nonce-1").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, header.parse().unwrap());
        let path = target(Dialect::Upbit);
        let raw = RawRequest {
            method: &Method::GET,
            path,
            query: "",
            headers: &headers,
            body: b"",
            upgrade: false,
        };
        let credential = Dialect::Upbit.credential(&raw).unwrap().unwrap();
        assert_eq!((credential.key_id(), credential.nonce()), ("K-made-up", "nonce-1"));
        assert!(Dialect::Upbit.verify(&raw, &credential, &MacKey::new(&secret)).is_ok());
        let other = MacKey::new(&ApiSecret::new(b"made-up-other".to_vec()).unwrap());
        assert!(Dialect::Upbit.verify(&raw, &credential, &other).is_err());
        let route = Dialect::Upbit.route(&Method::GET, path, false).unwrap();
        assert_eq!((route.scope, route.public), (Some(Scope::MarketData), true));
    }
}
