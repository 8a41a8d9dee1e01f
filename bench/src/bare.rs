//! The baseline of a decision: the signature check alone, the libraries called directly.
//!
//! What a careful programmer would write for one exchange and one key: decode the token with `base64` and `serde_json`,
//! verify it with `hmac` and its cached key state, and compare the body's hash in the one form that our clients use.
//! No key table, no replay memory, no address, no scope, no second spelling of the parameters, no refusal of
//! repeated claims. The key's state is handed over, so nothing is looked up.

use crate::keys;
use crate::requests::Signed;
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};

#[derive(Deserialize)]
struct Header<'a> {
    alg: &'a str,
}

#[derive(Deserialize)]
struct Claims<'a> {
    access_key: &'a str,
    nonce: &'a str,
    query_hash: Option<&'a str>,
}

#[derive(Deserialize)]
struct Order<'a> {
    market: &'a str,
    side: &'a str,
    volume: &'a str,
    price: &'a str,
    ord_type: &'a str,
}

/// The HMAC states of the made-up secrets.
pub struct Bare {
    states: Vec<(Hmac<Sha256>, Hmac<Sha512>)>,
}

impl Bare {
    /// Computes the states.
    ///
    /// # Errors
    /// None: HMAC takes a key of any length.
    pub fn new() -> Result<Self> {
        let states = (0..keys::SECRETS)
            .map(|n| {
                let secret = keys::secret(n);
                Ok((Hmac::new_from_slice(secret.as_bytes())?, Hmac::new_from_slice(secret.as_bytes())?))
            })
            .collect::<Result<_>>()?;
        Ok(Self { states })
    }

    /// Whether the signature holds for the request.
    #[must_use]
    pub fn check(&self, signed: &Signed) -> bool {
        self.checked(signed).unwrap_or(false)
    }

    fn checked(&self, signed: &Signed) -> Option<bool> {
        let (sha256, sha512) = self.states.get((signed.key % keys::SECRETS) as usize)?;
        let header = signed.headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
        let (input, mac) = header.strip_prefix("Bearer ")?.rsplit_once('.')?;
        let (head, claims) = input.split_once('.')?;
        let head = URL_SAFE_NO_PAD.decode(head).ok()?;
        let head: Header<'_> = serde_json::from_slice(&head).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        let held = match head.alg {
            "HS256" => sha256.clone().chain_update(input).verify_slice(&mac).is_ok(),
            "HS512" => sha512.clone().chain_update(input).verify_slice(&mac).is_ok(),
            _ => false,
        };
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: Claims<'_> = serde_json::from_slice(&claims).ok()?;
        let named = !claims.access_key.is_empty() && !claims.nonce.is_empty();
        let bound = match claims.query_hash {
            None => signed.body.is_empty(),
            Some(claimed) => {
                let Order { market, side, volume, price, ord_type } =
                    serde_json::from_slice(&signed.body).ok()?;
                let text =
                    format!("market={market}&side={side}&volume={volume}&price={price}&ord_type={ord_type}");
                let mut hash = [0; 64];
                hex::decode_to_slice(claimed, &mut hash).ok()?;
                Sha512::digest(text.as_bytes()).as_slice() == hash
            }
        };
        Some(held && named && bound)
    }
}
