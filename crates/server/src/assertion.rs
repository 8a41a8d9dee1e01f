//! The exchange's assertion: "this person of this customer stands before us now", signed, short-lived, used once.
//!
//! Pure: keys, audience and the instant come in. That it is used once is the caller's to see to, with `jti` and `until`.

use serde::Deserialize;
use std::collections::BTreeMap;
use sumun_feed::{Compact, JwsError, PublicKey, Typ};
use sumun_govern::Role;
use sumun_govern::venue::PublicKeyText;
use sumun_model::{CustomerId, PersonId, Timestamp};

/// How far ahead of ours the exchange's clock may be, in seconds: the worst of two hosts with running NTP is far below.
const AHEAD_S_MAX: i64 = 5;

/// Longest `jti`, in bytes. A UUID has 36.
const JTI_BYTES_MAX: usize = 128;

/// What an assertion says, once everything about it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asserted {
    pub(crate) customer: CustomerId,
    pub(crate) person: PersonId,
    pub(crate) role: Role,
    /// Ways in which the person was recognised; `sms` among them counts for nothing.
    pub(crate) methods: Vec<String>,
    /// When the person was recognised in these ways: `auth_time`, and never in the future.
    pub(crate) recognised: Timestamp,
    /// Names it for ever.
    pub(crate) jti: String,
    /// After this instant it would be refused anyway.
    pub(crate) until: Timestamp,
}

/// Why an assertion is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AssertionError {
    #[error("it is not what the exchange signs: {0}")]
    Jws(#[from] JwsError),
    #[error("it is signed by none of the exchange's keys that `venue.toml` names")]
    Key,
    #[error("it is for another audience than `{0}`")]
    Audience(String),
    #[error("it was issued more than {0} seconds ago")]
    Old(u32),
    #[error(
        "it was issued {0} seconds in the future; more than {AHEAD_S_MAX} are not believed, set the clock"
    )]
    Ahead(i64),
    #[error("it says that the person was recognised {0} seconds in the future; set the clock")]
    RecognisedAhead(i64),
    #[error("it has expired")]
    Expired,
    #[error("it expires before it was issued")]
    Backwards,
    #[error("its `jti` is empty, too long or not printable ASCII")]
    Jti,
    #[error("`{}` is not a customer's role", .0.as_str())]
    Role(Role),
    #[error("it names no way in which the person was recognised (`amr`)")]
    Methods,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    iat: i64,
    exp: i64,
    auth_time: i64,
    jti: String,
    sub: CustomerId,
    person: PersonId,
    role: Role,
    amr: Vec<String>,
}

/// Checks an assertion: signature first, then each claim.
pub(crate) fn check(
    text: &str,
    keys: &BTreeMap<String, PublicKeyText>,
    audience: &str,
    age_s_max: u32,
    now: Timestamp,
) -> Result<Asserted, AssertionError> {
    let claims = claims(text, keys)?;
    if claims.aud != audience {
        return Err(AssertionError::Audience(audience.to_owned()));
    }
    let now_s = now.as_micros().div_euclid(1_000_000);
    if claims.iat.saturating_sub(now_s) > AHEAD_S_MAX {
        return Err(AssertionError::Ahead(claims.iat.saturating_sub(now_s)));
    }
    // A new assertion does not make an old second factor new.
    if claims.auth_time.saturating_sub(now_s) > AHEAD_S_MAX {
        return Err(AssertionError::RecognisedAhead(claims.auth_time.saturating_sub(now_s)));
    }
    if now_s.saturating_sub(claims.iat) > i64::from(age_s_max) {
        return Err(AssertionError::Old(age_s_max));
    }
    if claims.exp < claims.iat {
        return Err(AssertionError::Backwards);
    }
    if claims.exp <= now_s {
        return Err(AssertionError::Expired);
    }
    let printable = claims.jti.bytes().all(|byte| byte.is_ascii_graphic());
    if claims.jti.is_empty() || claims.jti.len() > JTI_BYTES_MAX || !printable {
        return Err(AssertionError::Jti);
    }
    if !claims.role.is_customer() {
        return Err(AssertionError::Role(claims.role));
    }
    if claims.amr.is_empty() {
        return Err(AssertionError::Methods);
    }
    let recognised = Timestamp::from_seconds(claims.auth_time).ok_or(AssertionError::Backwards)?.min(now);
    // Two seconds more than it can be accepted for, since its times are whole seconds.
    let issued = Timestamp::from_seconds(claims.iat).ok_or(AssertionError::Backwards)?;
    let until = issued.plus_micros((i64::from(age_s_max) + 2) * 1_000_000);
    Ok(Asserted {
        customer: claims.sub,
        person: claims.person,
        role: claims.role,
        methods: claims.amr,
        recognised,
        jti: claims.jti,
        until,
    })
}

/// The claims, once one of the exchange's keys is found to have signed them. There are two while one replaces the other.
fn claims(text: &str, keys: &BTreeMap<String, PublicKeyText>) -> Result<Claims, AssertionError> {
    let compact = Compact::parse(text, Typ::Assertion)?;
    for key in keys.values() {
        let Ok(key) = PublicKey::from_bytes(key.bytes()) else { continue };
        match compact.verify(&key) {
            Err(JwsError::Signature) => {}
            read => return Ok(read?),
        }
    }
    Err(AssertionError::Key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use sumun_feed::{SigningKey, jws};

    const NOW_S: i64 = 1_800_000_000;

    fn sign(claims: &Value, key: &SigningKey) -> String {
        jws::sign(key, Typ::Assertion, claims).unwrap()
    }

    fn claims() -> Value {
        json!({ "aud": "sumun.example/demo", "iat": NOW_S, "exp": NOW_S + 60, "auth_time": NOW_S - 30, "jti": "j1", "sub": "C1", "person": "P1",
            "role": "owner", "amr": ["otp"], "iss": "exchange" })
    }

    fn judged(text: &str) -> Result<Asserted, String> {
        let key = SigningKey::from_seed(&[7; 32]).public();
        let public = PublicKeyText::parse(&URL_SAFE_NO_PAD.encode(key.to_bytes())).unwrap();
        let keys = BTreeMap::from([("k1".to_owned(), public)]);
        let now = Timestamp::from_seconds(NOW_S).unwrap();
        check(text, &keys, "sumun.example/demo", 60, now).map_err(|no| no.to_string())
    }

    #[test]
    fn a_good_one_says_who() {
        let key = SigningKey::from_seed(&[7; 32]);
        let good = judged(&sign(&claims(), &key)).unwrap();
        assert_eq!((good.customer.as_str(), good.person.as_str(), good.role), ("C1", "P1", Role::Owner));
        assert_eq!(good.until, Timestamp::from_seconds(NOW_S + 62).unwrap());
        assert_eq!(good.recognised, Timestamp::from_seconds(NOW_S - 30).unwrap());
    }

    #[test]
    fn what_does_not_hold_is_refused_with_its_reason() {
        let key = SigningKey::from_seed(&[7; 32]);
        let with = |field: &str, value: Value| {
            let mut claims = claims();
            claims[field] = value;
            sign(&claims, &key)
        };
        let cases = [
            ("other key", sign(&claims(), &SigningKey::from_seed(&[8; 32]))),
            ("other typ", jws::sign(&key, Typ::Gate, &claims()).unwrap()),
            ("audience", with("aud", json!("other"))),
            ("audiences", with("aud", json!(["sumun.example/demo"]))),
            ("61 s old", with("iat", json!(NOW_S - 61))),
            ("6 s ahead", with("iat", json!(NOW_S + 6))),
            ("recognised ahead", with("auth_time", json!(NOW_S + 6))),
            ("recognised at no time", with("auth_time", Value::Null)),
            ("least auth_time", with("auth_time", json!(i64::MIN))),
            ("expired", {
                let mut c = claims();
                c["iat"] = json!(NOW_S - 10);
                c["exp"] = json!(NOW_S);
                sign(&c, &key)
            }),
            ("backwards", with("exp", json!(NOW_S - 1))),
            ("no jti", with("jti", json!(""))),
            ("long jti", with("jti", json!("j".repeat(129)))),
            ("staff role", with("role", json!("security_admin"))),
            ("gate role", with("role", json!("gate"))),
            ("unknown role", with("role", json!("root"))),
            ("no amr", with("amr", json!([]))),
            ("number as sub", with("sub", json!(1))),
            ("huge iat", with("iat", json!(i64::MAX))),
            ("least iat", with("iat", json!(i64::MIN))),
            ("two parts", "a.b".to_owned()),
            ("four parts", format!("{}.x", with("sub", json!("C1")))),
            ("empty", String::new()),
        ];
        let told: Vec<_> =
            cases.iter().map(|(name, text)| format!("{name}: {}", judged(text).unwrap_err())).collect();
        insta::assert_snapshot!(told.join("\n"));
        for fine in [with("iat", json!(NOW_S - 60)), with("iat", json!(NOW_S + 5))] {
            assert!(judged(&fine).is_ok());
        }
    }

    #[test]
    fn a_changed_byte_anywhere_is_refused() {
        let key = SigningKey::from_seed(&[7; 32]);
        let good = sign(&claims(), &key);
        for at in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
            assert!(judged(std::str::from_utf8(&bad).unwrap()).is_err(), "byte {at}");
        }
    }
}
