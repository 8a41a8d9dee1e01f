//! The key that a request asks for, if its plain fields are in order. Pure: who asks and what is loaded is looked at elsewhere.

use super::request::KeyRequest;
use super::row::{Grant, KeyRow, Scheme, Step};
use super::{rules, steps};
use crate::actor::Actor;
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::{PublicKeyText, Venue};
use sumun_model::key::AllowlistEntry;
use sumun_model::{KeyState, Mandate, MarketId, Timestamp, visible};

/// Longest name of an application, in characters.
const APPLICATION_CHARS_MAX: usize = 120;
/// Most markets or countries of one mandate: more than there are countries, and a key for more markets needs no list.
const MANDATE_ENTRIES_MAX: usize = 256;
/// Longest name of a market in a mandate, in bytes: a list of such names goes to every gate.
const MARKET_BYTES_MAX: usize = 64;

pub(crate) fn invalid(code: &'static str, pointer: &str, message: String, remedy: &str) -> Refusal {
    Refusal::new(RefusalKind::Invalid, code, message, remedy).at(pointer)
}

/// The key that is asked for, if its plain fields are in order; who asks and what is loaded is looked at elsewhere.
///
/// # Errors
/// `purpose_missing`, `terms_not_current`, `application_missing`, `expires_missing`, `public_key_bad`, `mandate_bad`,
/// `grant_until_bad`, `scheme_not_served`.
pub fn asked(
    venue: &Venue,
    request: &KeyRequest,
    operator: String,
    session: &str,
    actor: &Actor,
    (key, now): (String, Timestamp),
) -> Result<KeyRow, Refusal> {
    let Some(purpose) = request.purpose else {
        let words: Vec<&str> = venue.purposes.keys().map(|purpose| purpose.as_str()).collect();
        return Err(invalid(
            "purpose_missing",
            "/purpose",
            "every key has a declared purpose".to_owned(),
            &format!("name one of {}", words.join(", ")),
        ));
    };
    if request.terms != venue.terms.version {
        let shown: String = request.terms.chars().take(40).collect();
        return Err(invalid(
            "terms_not_current",
            "/terms",
            format!("the terms in force are version `{}`, accepted was `{shown}`", venue.terms.version),
            "read the terms in force, which the venue's facts hold, and name their version",
        ));
    }
    let application = request.application.trim();
    let printable = visible::shows(application) && !application.chars().any(visible::is_hidden);
    if !printable || application.chars().count() > APPLICATION_CHARS_MAX {
        return Err(invalid(
            "application_missing",
            "/application",
            format!(
                "a key is for one application, named in at most {APPLICATION_CHARS_MAX} printable characters"
            ),
            "name the one programme it is for; another one gets a key of its own",
        ));
    }
    let Some(expires) = request.expires else {
        return Err(invalid(
            "expires_missing",
            "/expires",
            "every key has an end".to_owned(),
            "give a time in UTC, such as 2027-06-01T00:00:00Z",
        ));
    };
    if request.mandate.orders_per_second_max == Some(0) {
        return Err(invalid(
            "mandate_bad",
            "/mandate/orders_per_second_max",
            "0 orders a second would refuse every order".to_owned(),
            "leave the scope `trade` out instead, or leave the limit out",
        ));
    }
    bounds(&request.mandate)?;
    rules::scheme_served(venue, request.scheme)?;
    rules::history_is_ours(&[], &request.allowlist)?;
    Ok(KeyRow {
        key,
        account: request.account.clone(),
        state: KeyState::Requested,
        measure: None,
        before_hold: None,
        cause: None,
        scopes: request.scopes,
        // In effect from the start: its first request proves it.
        allowlist: request.allowlist.iter().map(|entry| AllowlistEntry::Plain(entry.prefix())).collect(),
        purpose,
        application: application.to_owned(),
        operator,
        vendor: request.vendor.clone(),
        scheme: request.scheme,
        secret: None,
        exposure: None,
        public_key: public_key(request)?,
        created_us: now.as_micros(),
        expires_us: expires.as_micros(),
        rotate_by_us: None,
        ends_us: None,
        replaces: request.replaces.clone(),
        mandate: request.mandate.clone(),
        terms: request.terms.clone(),
        terms_accepted_us: now.as_micros(),
        requested_by: actor.principal.clone(),
        session: session.to_owned(),
        approvals: grants(request, expires, now)?,
        canary: 0,
        reason: None,
        review_by: None,
        review_due_us: None,
        next_due_us: None,
        campaign: None,
        version: 1,
    })
}

/// A mandate is kept in every gate's memory, and compared with what the gate sees.
fn bounds(mandate: &Mandate) -> Result<(), Refusal> {
    let country = |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let countries = mandate.countries.as_deref().unwrap_or_default();
    let markets = mandate.markets.as_deref().unwrap_or_default().len();
    let long = |market: &MarketId| market.as_str().len() > MARKET_BYTES_MAX;
    let markets_long = mandate.markets.as_deref().unwrap_or_default().iter().any(long);
    if countries.iter().all(country) && !markets_long && countries.len().max(markets) <= MANDATE_ENTRIES_MAX {
        return Ok(());
    }
    Err(invalid(
        "mandate_bad",
        "/mandate",
        format!(
            "a country is two capital letters (ISO 3166), a market's name has at most {MARKET_BYTES_MAX} bytes, and no list \
             holds more than {MANDATE_ENTRIES_MAX}"
        ),
        "correct the list; leave it out if any will do",
    ))
}

fn public_key(request: &KeyRequest) -> Result<Option<String>, Refusal> {
    match (request.scheme, &request.public_key) {
        (Scheme::Hs256, None) => Ok(None),
        (Scheme::Hs256, Some(_)) => Err(invalid(
            "public_key_bad",
            "/public_key",
            "a key of scheme `hs256` has a secret of ours and no public key".to_owned(),
            "leave `public_key` out, or ask for the scheme `ed25519`",
        )),
        (Scheme::Ed25519, text) => text
            .as_deref()
            .and_then(PublicKeyText::parse)
            .map(|key| Some(hex::encode(key.bytes())))
            .ok_or_else(|| {
                invalid(
                    "public_key_bad",
                    "/public_key",
                    "an owner-held signing key needs its Ed25519 public key".to_owned(),
                    "give its 32 bytes as base64url without padding (43 characters)",
                )
            }),
    }
}

fn grants(request: &KeyRequest, expires: Timestamp, now: Timestamp) -> Result<Vec<Grant>, Refusal> {
    let until = |step| match step {
        Step::Read => (None, "/expires"),
        Step::Trade => (request.trade_until, "/trade_until"),
        Step::Transfer => (request.transfer_until, "/transfer_until"),
    };
    let present = steps::of(request.scopes);
    for step in [Step::Trade, Step::Transfer] {
        let (Some(at), pointer) = until(step) else { continue };
        if !present.contains(&step) || at <= now || at > expires {
            return Err(invalid(
                "grant_until_bad",
                pointer,
                format!(
                    "{at} ends no right of this key: it has passed, lies behind the key's end, or there is no such right"
                ),
                "give a time between now and the key's end, for rights that are asked for",
            ));
        }
    }
    let grant = |step| Grant {
        step,
        approval: None,
        granted: true,
        until_us: until(step).0.map(Timestamp::as_micros),
    };
    Ok(present.into_iter().map(grant).collect())
}
