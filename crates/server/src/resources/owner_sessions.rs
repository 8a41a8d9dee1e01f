//! Customers' people sign in: the exchange's assertion is exchanged for a session, once.

use super::sessions::{Keep, OpenedView, may_keep, opened};
use crate::access;
use crate::answer::Answer;
use crate::api::Api;
use crate::asked::Asked;
use crate::assertion::{self, Asserted};
use crate::browsers::Front;
use crate::metrics::SignInLabels;
use crate::operation::operation;
use crate::problem::Problem;
use crate::server::Server;
use crate::text::Opaque;
use http::StatusCode;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use sumun_govern::actor::SecondFactor;
use sumun_govern::govern::store_refusal;
use sumun_govern::parties::person::customers_person;
use sumun_govern::staff::{OpenSession, Opened};
use sumun_store::tables::{CUSTOMERS, PERSONS};
use sumun_store::{Expect, RowRead};
use utoipa::ToSchema;

/// What the exchange hands its customer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerSessionRequest {
    /// A compact JWS, `EdDSA`, `typ` `JWT`: `aud` (the venue's), `iat` (at most 60 s ago), `exp`, `jti` (used once), `sub` (the
    /// customer), `person`, `role`, `amr`, `auth_time` (when he was recognised in these ways, seconds since 1970: from then on
    /// a second factor's age counts).
    pub assertion: Opaque,
    /// `cookie`: keep the token in a cookie that no script can read, instead of showing it. On the owner's listener only.
    #[serde(default)]
    pub keep: Option<Keep>,
}

pub(crate) fn add(api: &mut Api) {
    api.add(
        operation(
            &access::OWNER_SESSION_CREATE,
            "sessions",
            "Sign in by the exchange's assertion · 거래소 확인서로 로그인",
        )
        .about("A new assertion whose `amr` names a second factor is also how a customer's person steps up.")
        .takes::<OwnerSessionRequest>()
        .gives::<OpenedView>(StatusCode::CREATED, "Signed in."),
        sign_in,
    );
}

async fn sign_in(asked: Asked) -> Result<Answer, Problem> {
    let request: OwnerSessionRequest = asked.body()?;
    may_keep(&asked, request.keep, Front::Owner)?;
    let session = open(&asked.server, request.assertion.as_str(), asked.source).await?;
    opened(&asked, &session, request.keep)
}

/// Opens the session that an assertion stands for.
///
/// # Errors
/// `assertion_refused`, the store's.
pub(crate) async fn open(server: &Server, assertion: &str, from: Option<IpAddr>) -> Result<Opened, Problem> {
    let accepted = accept(server, assertion).await;
    let outcome = if accepted.is_ok() { "accepted" } else { "refused" };
    server.metrics.sign_ins.get_or_create(&SignInLabels { kind: "customer", outcome }).inc();
    let (asserted, reads) = accepted?;
    // The venue says which ways count; what it does not name, SMS above all, is as if it had not been shown.
    let venue = server.govern.venue();
    let factor = venue
        .second_factor
        .methods
        .iter()
        .find(|method| shows(&asserted.methods, method.as_str()))
        .map(|method| SecondFactor { method: method.as_str().to_owned(), at: asserted.recognised });
    let open = OpenSession {
        principal: customers_person(&asserted.customer, &asserted.person),
        customer: Some(asserted.customer.to_string()),
        roles: vec![asserted.role],
        second_factor: factor,
        from,
        reads,
    };
    Ok(server.govern.open_session(open).await?)
}

/// What the assertion says, if it holds, was not used before, its customer does business here, and its person is on record
/// as the customer's.
async fn accept(server: &Server, text: &str) -> Result<(Asserted, Vec<RowRead>), Problem> {
    let venue = server.govern.venue();
    let exchange = &venue.exchange;
    let refused = |detail: String| {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "assertion_refused",
            format!("the assertion is not accepted: {detail}"),
            "ask the exchange for a new one and send it at once",
        )
        .with(http::header::WWW_AUTHENTICATE, "Bearer realm=\"sumun\"")
        .at("/assertion")
    };
    let now = server.govern.world.now();
    let asserted = assertion::check(
        text,
        &exchange.assertion_keys,
        &exchange.audience,
        exchange.assertion_age_s_max.get(),
        now,
    )
    .map_err(|error| refused(error.to_string()))?;
    let store = &server.govern.store;
    if !store
        .use_once("assertion", &hex::encode(Sha256::digest(&asserted.jti)), asserted.until)
        .await
        .map_err(store_refusal)?
    {
        return Err(refused("it was used before".to_owned()));
    }
    let key = asserted.customer.to_string();
    let row = store.get(&CUSTOMERS, &key).await.map_err(store_refusal)?;
    let active = row.filter(|row| row.get("state").is_some_and(|state| state == "active"));
    let version = active.and_then(|row| row.get("version")?.as_i64());
    let version = version.ok_or_else(|| refused("its customer does no business here".to_owned()))?;
    let customer = RowRead { table: &CUSTOMERS, key, expect: Expect::Version(version) };
    // Who is not on record as this customer's person would be nobody to answer for what he does.
    let key = asserted.person.to_string();
    let row = store.get(&PERSONS, &key).await.map_err(store_refusal)?;
    let own = row.filter(|row| row.get("customer").is_some_and(|of| *of == asserted.customer.as_str()));
    let version = own.and_then(|row| row.get("version")?.as_i64());
    let version =
        version.ok_or_else(|| refused("its person is not on record as one of this customer's".to_owned()))?;
    let person = RowRead { table: &PERSONS, key, expect: Expect::Version(version) };
    Ok((asserted, vec![customer, person]))
}

/// Whether these ways of being recognised hold that second factor: by our word, or by that of RFC 8176.
fn shows(methods: &[String], factor: &str) -> bool {
    let by = |word: &str| methods.iter().any(|method| method == word);
    match factor {
        // A one-time code sent by SMS is none made by a device.
        "totp" => by("totp") || (by("otp") && !by("sms")),
        "passkey" => by("passkey") || by("hwk"),
        other => by(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_no_second_factor() {
        let shown = |words: &[&str], factor| {
            shows(&words.iter().map(ToString::to_string).collect::<Vec<_>>(), factor)
        };
        assert!(shown(&["pwd", "otp"], "totp") && shown(&["totp"], "totp") && shown(&["hwk"], "passkey"));
        assert!(shown(&["kr_two_channel"], "kr_two_channel"));
        for words in [&["sms"][..], &["pwd"], &["otp", "sms"], &["OTP"]] {
            assert!(!shown(words, "totp"), "{words:?}");
        }
    }
}
