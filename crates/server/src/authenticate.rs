//! Who asks: a session's token, a machine's API token, or a gate's signature of this very request.
//!
//! What a principal may do is looked up again with every request, so that whoever is disabled is out at once. Never logged,
//! never repeated in an answer: the credential.

use crate::metrics::SignInLabels;
use crate::problem::Problem;
use crate::server::Server;
use http::header;
use http::request::Parts;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sumun_feed::{GateProof, PublicKey};
use sumun_govern::govern::store_refusal;
use sumun_govern::staff::ticket::{SESSION_PREFIX, TOKEN_PREFIX};
use sumun_govern::{Actor, Role};
use sumun_store::Image;
use sumun_store::tables::GATES;
use zeroize::Zeroizing;

/// Whoever asks, established.
pub(crate) struct SignedIn {
    pub(crate) actor: Actor,
    /// The session's token, to end the session or step it up; machines and gates have none.
    pub(crate) session: Option<Zeroizing<String>>,
}

/// Establishes who asks.
pub(crate) async fn signed_in(server: &Server, parts: &Parts) -> Result<SignedIn, Problem> {
    let mut sent = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (first, more) = (sent.next(), sent.next());
    let Some(first) = first else {
        return Err(Problem::unauthenticated("the request has no `Authorization`"));
    };
    if more.is_some() {
        return Err(Problem::unauthenticated("the request has more than one `Authorization`"));
    }
    let token = first
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| Problem::unauthenticated("`Authorization` is not `Bearer` and a token"))?;
    let govern = &server.govern;
    let (kind, found) = if token.starts_with(SESSION_PREFIX) {
        ("session", govern.session(token).await?)
    } else if token.starts_with(TOKEN_PREFIX) {
        ("machine", govern.machine(token).await?)
    } else {
        ("gate", gate(server, parts, token).await?)
    };
    if kind != "session" || found.is_none() {
        let outcome = if found.is_some() { "accepted" } else { "refused" };
        server.metrics.sign_ins.get_or_create(&SignInLabels { kind, outcome }).inc();
    }
    let session = (kind == "session").then(|| Zeroizing::new(token.to_owned()));
    found.map(|actor| SignedIn { actor, session }).ok_or_else(|| {
        Problem::unauthenticated("the token is not known here, has ended, or was not meant for this request")
            .with_invalid_token()
    })
}

async fn gate(server: &Server, parts: &Parts, token: &str) -> Result<Option<Actor>, Problem> {
    let Ok(gate) = GateProof::gate_unverified(token) else { return Ok(None) };
    let row = server.govern.store.get(&GATES, gate.as_str()).await.map_err(store_refusal)?;
    let key = row
        .filter(|row| is(row, "state", "enrolled") || is(row, "state", "active"))
        .and_then(|row| text(&row, "public_key").parse::<PublicKey>().ok());
    let Some(key) = key else { return Ok(None) };
    let request = format!("{} {}", parts.method, parts.uri.path());
    let now = server.govern.world.now();
    let venue = server.govern.venue();
    let Ok(proof) = GateProof::verify(token, &key, &venue.venue, &request, now) else { return Ok(None) };
    // Once: whoever overhears it cannot say it again.
    let until = proof.at.plus_micros(2 * sumun_feed::AGE_US_MAX);
    let nonce = hex::encode(Sha256::digest(&proof.nonce));
    if !server.govern.store.use_once(&format!("gate:{gate}"), &nonce, until).await.map_err(store_refusal)? {
        return Ok(None);
    }
    Ok(Some(Actor {
        principal: format!("gate:{gate}"),
        roles: vec![Role::Gate],
        customer: None,
        session: None,
        second_factor: None,
    }))
}

fn is(row: &Image, column: &str, word: &str) -> bool {
    text(row, column) == word
}

fn text<'r>(row: &'r Image, column: &str) -> &'r str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}
