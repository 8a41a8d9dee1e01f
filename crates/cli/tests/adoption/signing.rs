//! What a customer's program sends: signed as Upbit's documentation says, apart from the product's own code.

use crate::bots::Client;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

/// One request.
pub(crate) struct Asked {
    head: String,
    body: String,
}

impl Asked {
    /// A read, an order, or the cancellation of the order before, by the turn; signed as Upbit's documentation says.
    pub(crate) fn new(client: &Client, number: u64, turn: u64) -> Self {
        let named = format!("{}-{}", client.key, turn - turn % 3);
        let (method, path, parameters) = match turn % 3 {
            1 => {
                let order =
                    format!("identifier={named}&market=KRW-XRP&ord_type=limit&price=700&side=bid&volume=10");
                ("POST", "/v1/orders", order)
            }
            2 => ("DELETE", "/v1/order", format!("identifier={named}")),
            _ => ("GET", "/v1/accounts", String::new()),
        };
        let in_body = method == "POST";
        let target =
            if in_body || parameters.is_empty() { path.to_owned() } else { format!("{path}?{parameters}") };
        let body = if in_body { json_of(&parameters) } else { String::new() };
        let token = token(client, &format!("made-up-{}-{number}", client.key), &parameters);
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nHost: exchange.example\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
        );
        if in_body {
            head += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        Self { head, body }
    }

    pub(crate) fn wire(&self, agent: &str) -> String {
        format!("{}User-Agent: {agent}\r\n\r\n{}", self.head, self.body)
    }
}

fn json_of(parameters: &str) -> String {
    let pairs = parameters.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        format!("\"{name}\":\"{value}\"")
    });
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

fn token(client: &Client, nonce: &str, parameters: &str) -> String {
    let mut claims = serde_json::json!({ "access_key": client.key, "nonce": nonce });
    if !parameters.is_empty() {
        claims["query_hash"] = hex::encode(Sha512::digest(parameters.as_bytes())).into();
        claims["query_hash_alg"] = "SHA512".into();
    }
    let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(client.secret().as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
