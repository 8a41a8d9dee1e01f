//! Made-up signed requests, as the exchange's clients send them: a fresh nonce each.

use crate::keys;
use crate::random::Random;
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use sha2::{Digest, Sha256, Sha512};
use sumun_dialect::RawRequest;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `GET /v1/accounts`, HS256, nothing bound.
    ReadHs256,
    /// `POST /v1/orders` with a JSON body, HS256, its SHA-512 bound.
    OrderHs256,
    /// The same with HS512.
    OrderHs512,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::ReadHs256, Self::OrderHs256, Self::OrderHs512];

    /// As printed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadHs256 => "HS256, no query hash",
            Self::OrderHs256 => "HS256, JSON body, query hash",
            Self::OrderHs512 => "HS512, JSON body, query hash",
        }
    }

    /// Whether the token binds parameters.
    #[must_use]
    pub const fn binds(self) -> bool {
        !matches!(self, Self::ReadHs256)
    }
}

/// A signed request.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Number of the key that signed it.
    pub key: u64,
    /// Method.
    pub method: Method,
    /// Path.
    pub path: &'static str,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Signed {
    /// As the gate sees it.
    #[must_use]
    pub fn raw(&self) -> RawRequest<'_> {
        RawRequest {
            method: &self.method,
            path: self.path,
            query: "",
            headers: &self.headers,
            body: &self.body,
            upgrade: false,
        }
    }

    /// The bytes of it in HTTP/1.1.
    #[must_use]
    pub fn http_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.path).into_bytes();
        for (name, value) in &self.headers {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                bytes.extend_from_slice(part);
            }
        }
        if !self.body.is_empty() {
            bytes.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Signs requests for random keys.
#[derive(Debug)]
pub struct Signer {
    random: Random,
    keys: u64,
}

impl Signer {
    /// For keys numbered below `keys`. `stream` keeps one signer's nonces apart from another's.
    #[must_use]
    pub const fn new(keys: u64, stream: u64) -> Self {
        Self { random: Random::new(stream), keys }
    }

    /// A fresh request of one key at random.
    ///
    /// # Errors
    /// None for made-up requests; the type says it all the same.
    pub fn sign(&mut self, kind: Kind) -> Result<Signed> {
        let key = self.random.below(self.keys);
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(HOST, HeaderValue::from_static("api.example"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static("made-up-bot/1.0"));
        let (a, b) = (self.random.next(), self.random.next());
        let nonce = format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xffff,
            b >> 48,
            b & 0xffff_ffff_ffff
        );
        let mut claims = format!(r#"{{"access_key":"{}","nonce":"{nonce}""#, keys::id(key));
        let mut body = Vec::new();
        let (method, path) = if kind.binds() {
            let price = 50_000_000 + self.random.below(1_000_000);
            body = format!(
                r#"{{"market":"KRW-BTC","side":"bid","volume":"0.01","price":"{price}","ord_type":"limit"}}"#
            )
            .into_bytes();
            let bound = format!("market=KRW-BTC&side=bid&volume=0.01&price={price}&ord_type=limit");
            let hash = hex::encode(Sha512::digest(bound.as_bytes()));
            claims.push_str(&format!(r#","query_hash":"{hash}","query_hash_alg":"SHA512""#));
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
            (Method::POST, "/v1/orders")
        } else {
            (Method::GET, "/v1/accounts")
        };
        claims.push('}');
        let head = if kind == Kind::OrderHs512 {
            r#"{"alg":"HS512","typ":"JWT"}"#
        } else {
            r#"{"alg":"HS256","typ":"JWT"}"#
        };
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
        let secret = keys::secret(key);
        let mac = if kind == Kind::OrderHs512 {
            Hmac::<Sha512>::new_from_slice(secret.as_bytes())?
                .chain_update(&input)
                .finalize()
                .into_bytes()
                .to_vec()
        } else {
            Hmac::<Sha256>::new_from_slice(secret.as_bytes())?
                .chain_update(&input)
                .finalize()
                .into_bytes()
                .to_vec()
        };
        let bearer = format!("Bearer {input}.{}", URL_SAFE_NO_PAD.encode(mac));
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&bearer)?);
        Ok(Signed { key, method, path, headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bare::Bare;

    /// Both sides of the comparison accept what the signer makes, and neither what was altered.
    #[test]
    fn what_is_signed_verifies_on_both_sides() {
        let bare = Bare::new().unwrap();
        let mut signer = Signer::new(1_000, 1);
        for kind in Kind::ALL {
            let mut signed = signer.sign(kind).unwrap();
            let mac = sumun_dialect::MacKey::new(&keys::api_secret(signed.key).unwrap());
            let verifies = |signed: &Signed| {
                let raw = signed.raw();
                let credential = sumun_dialect::Dialect::Upbit.credential(&raw).unwrap().unwrap();
                sumun_dialect::Dialect::Upbit.verify(&raw, &credential, &mac).is_ok()
            };
            assert!(bare.check(&signed) && verifies(&signed), "{kind:?}");
            if kind.binds() {
                let other = String::from_utf8(signed.body.clone()).unwrap().replace("0.01", "9.01");
                signed.body = other.into_bytes();
                assert!(!bare.check(&signed) && !verifies(&signed), "{kind:?}, another body");
            }
            signed.key += 1;
            assert!(!bare.check(&signed), "{kind:?}, another key's secret");
        }
    }
}
