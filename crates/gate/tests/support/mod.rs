//! Signs requests the way a client does, for tests of the gate.
#![allow(unreachable_pub, reason = "shared by several test binaries")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, Method};
use sha2::{Digest, Sha256, Sha512};
use std::net::IpAddr;
use sumun_dialect::RawRequest;
use sumun_gate::{Now, Request};
use sumun_model::{ApiSecret, Timestamp};

/// A made-up secret for a key.
pub fn secret(key: &str) -> ApiSecret {
    ApiSecret::new(format!("made-up-secret-of-{key}").into_bytes()).unwrap()
}

/// A token of Upbit's, HS256.
pub fn token(key: &str, secret: &ApiSecret, nonce: &str, parameters: &str) -> String {
    let mut claims = serde_json::json!({ "access_key": key, "nonce": nonce });
    if !parameters.is_empty() {
        claims["query_hash"] = hex::encode(Sha512::digest(parameters.as_bytes())).into();
        claims["query_hash_alg"] = "SHA512".into();
    }
    let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose()).unwrap();
    mac.update(format!("{head}.{body}").as_bytes());
    format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// An owned request; [`Signed::as_request`] borrows it.
pub struct Signed {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub upgrade: bool,
    pub source: IpAddr,
    pub body_complete: bool,
    pub recordable: bool,
}

impl Signed {
    pub fn new(method: Method, path: &str, source: IpAddr) -> Self {
        Self {
            method,
            path: path.to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            upgrade: false,
            source,
            body_complete: true,
            recordable: true,
        }
    }

    pub fn authorization(mut self, token: &str) -> Self {
        self.headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
        self
    }

    pub fn as_request(&self) -> Request<'_> {
        Request {
            raw: RawRequest {
                method: &self.method,
                path: &self.path,
                query: &self.query,
                headers: &self.headers,
                body: &self.body,
                upgrade: self.upgrade,
            },
            source: self.source,
            body_complete: self.body_complete,
            recordable: self.recordable,
        }
    }
}

/// Both clocks `us` microseconds after a made-up start.
pub fn at(us: u64) -> Now {
    Now { wall: Timestamp::from_micros(1_795_000_000_000_000 + us as i64), monotonic_us: (1 << 40) + us }
}
