//! A request signed as the exchange's own documentation says to: a JWT over key, nonce and the hash of the parameters.

use crate::cast::Signs;
use crate::enter::Issued;
use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

/// The `Authorization` header for parameters in the form in which they are hashed; none, if there are none.
pub(super) fn authorization(key: &Issued, signs: Signs, params: &str, nonce: &str) -> Result<String> {
    let (head, secret) = match signs {
        Signs::Hs512 => (r#"{"alg":"HS512","typ":"JWT"}"#, key.secret.as_bytes()),
        Signs::Hs256 => (r#"{"alg":"HS256","typ":"JWT"}"#, key.secret.as_bytes()),
    };
    let mut claims = serde_json::json!({ "access_key": key.id, "nonce": nonce });
    if !params.is_empty() {
        claims["query_hash"] = hex::encode(Sha512::digest(params.as_bytes())).into();
        claims["query_hash_alg"] = "SHA512".into();
    }
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mac = match signs {
        Signs::Hs512 => {
            let mac = Hmac::<Sha512>::new_from_slice(secret).context("HMAC takes any key")?;
            mac.chain_update(&input).finalize().into_bytes().to_vec()
        }
        Signs::Hs256 => {
            let mac = Hmac::<Sha256>::new_from_slice(secret).context("HMAC takes any key")?;
            mac.chain_update(&input).finalize().into_bytes().to_vec()
        }
    };
    Ok(format!("Bearer {input}.{}", URL_SAFE_NO_PAD.encode(mac)))
}

/// A nonce as libraries make them: a version 4 UUID.
pub(super) fn nonce() -> Result<String> {
    let id = crate::rest::fresh_id()?;
    let part = |from: usize, until: usize| id.get(from..until).unwrap_or_default().to_owned();
    Ok(format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method, header};
    use sumun_dialect::{Dialect, MacKey, RawRequest};
    use sumun_model::ApiSecret;

    #[test]
    fn a_gate_takes_both_ways_of_signing() {
        let key = Issued { id: "K-made-up".to_owned(), secret: "made-up-secret".to_owned() };
        let secret = MacKey::new(&ApiSecret::new(b"made-up-secret".to_vec()).unwrap());
        for signs in [Signs::Hs256, Signs::Hs512] {
            let nonce = nonce().unwrap();
            let header = authorization(&key, signs, "market=KRW-BTC", &nonce).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, header.parse().unwrap());
            let raw = RawRequest {
                method: &Method::GET,
                path: "/v1/orders/chance",
                query: "market=KRW-BTC",
                headers: &headers,
                body: b"",
                upgrade: false,
            };
            let credential = Dialect::Upbit.credential(&raw).unwrap().unwrap();
            assert_eq!((credential.nonce(), nonce.len()), (nonce.as_str(), 36));
            assert!(Dialect::Upbit.verify(&raw, &credential, &secret).is_ok());
        }
    }
}
