//! The made-up staff: each enrols as anybody does, and keeps password and second factor as a phone and a head would.

use crate::clock;
use crate::rest::{Answer, Rest};
use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};
use std::sync::Mutex;
use totp_rs::Totp;

/// Seconds of one code.
pub(crate) const STEP_S: u64 = 30;

/// Somebody of the exchange.
pub(crate) struct Person {
    /// For signing in.
    pub(crate) user: &'static str,
    /// The browser's host for him.
    pub(crate) host: &'static str,
    /// What he does, in Korean and English.
    pub(crate) does: [&'static str; 2],
    /// His password.
    pub(crate) password: String,
    /// His authenticator's secret, base32.
    pub(crate) totp_secret: String,
    totp: Totp,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The session of the demo's own acts in his name.
    token: String,
    /// The last step whose code was used here.
    used: u64,
}

/// Who there is: name, host, what he does.
pub(crate) const STAFF: [(&str, &str, [&str; 2]); 5] = [
    ("mina", "analyst.localhost", ["분석 담당", "analyst"]),
    ("joon", "approver.localhost", ["승인 담당", "approver"]),
    // An end by force takes two who agree.
    ("yuna", "deputy.localhost", ["승인 담당(대행)", "deputy approver"]),
    ("sora", "admin.localhost", ["보안 관리자 겸 준법 책임자", "security administrator and compliance lead"]),
    (
        "hana",
        "second.localhost",
        ["보안 관리자 겸 준법 책임자(두 번째)", "second security administrator and compliance lead"],
    ),
];

impl Person {
    /// Accepts an invite with a password of his own, and is signed in by that.
    pub(crate) async fn enrol(
        rest: &Rest,
        (user, host, does): (&'static str, &'static str, [&'static str; 2]),
        invite: &str,
    ) -> Result<Self> {
        let animals = match user {
            "mina" => "otters",
            "joon" => "herons",
            "yuna" => "plovers",
            "sora" => "badgers",
            _ => "magpies",
        };
        let password = format!("seven made-up {animals} by the river");
        let body = json!({ "invite": invite, "password": password });
        let begun = rest.must(None, Method::POST, "/v1/enrolments", Some(&body)).await?;
        let address = begun["otpauth"].as_str().context("no authenticator was given")?;
        let totp = Totp::from_url(address).ok().context("an address that no authenticator reads")?;
        let secret = address.split(['?', '&']).find_map(|part| part.strip_prefix("secret="));
        let now = clock::seconds();
        let body = json!({ "invite": invite, "totp": totp.generate(now).to_string() });
        let enrolled = rest.must(None, Method::POST, "/v1/enrolments/confirm", Some(&body)).await?;
        let token = enrolled["session"]["token"].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            user,
            host,
            does,
            password,
            totp_secret: secret.unwrap_or_default().to_owned(),
            totp,
            state: Mutex::new(State { token, used: now / STEP_S }),
        })
    }

    /// The token of the demo's own acts in his name.
    pub(crate) fn token(&self) -> String {
        self.state().token.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What his authenticator shows now, what it shows next, and for how many seconds still.
    pub(crate) fn codes(&self) -> (String, String, u64) {
        let now = clock::seconds();
        let code = |at| self.totp.generate(at).to_string();
        (code(now), code(now + STEP_S), STEP_S - now % STEP_S)
    }

    /// Signs in with password and code. A code works once and the next one is taken early: none, if both were used here.
    pub(crate) async fn sign_in(&self, rest: &Rest, cookie: bool) -> Result<Option<Answer>> {
        let step = {
            let mut state = self.state();
            let now = clock::seconds() / STEP_S;
            let step = now.max(state.used + 1);
            if step > now + 1 {
                return Ok(None);
            }
            state.used = step;
            step
        };
        let code = self.totp.generate(step * STEP_S).to_string();
        let mut body = json!({ "user": self.user, "password": self.password, "totp": code });
        if cookie {
            body["keep"] = json!("cookie");
        }
        Ok(Some(rest.ask(None, Method::POST, "/v1/sessions", Some(&body)).await?))
    }

    /// Signs in anew for the demo's own acts, when the session has ended.
    pub(crate) async fn renew(&self, rest: &Rest) -> Result<()> {
        if let Some(answer) = self.sign_in(rest, false).await?
            && let Some(token) = answer.body["token"].as_str()
        {
            self.state().token = token.to_owned();
        }
        Ok(())
    }
}

/// Everybody of the exchange.
pub(crate) struct Staff {
    pub(crate) people: Vec<Person>,
}

impl Staff {
    /// Somebody by name.
    pub(crate) fn of(&self, user: &str) -> Result<&Person> {
        self.people.iter().find(|person| person.user == user).with_context(|| format!("there is no {user}"))
    }

    /// The two founders enrol, invite analyst and approvers, and agree on their roles.
    pub(crate) async fn enrol(rest: &Rest, house: &crate::house::House) -> Result<Self> {
        let [mina, joon, yuna, sora, hana] = STAFF;
        let sora = Person::enrol(rest, sora, house.invite("sora")?).await?;
        let hana = Person::enrol(rest, hana, house.invite("hana")?).await?;
        let mut people = Vec::new();
        for (who, name, role) in [
            (mina, "미나 (가상 인물)", "analyst"),
            (joon, "준 (가상 인물)", "approver"),
            (yuna, "유나 (가상 인물)", "approver"),
        ] {
            let body = json!({ "user": who.0, "name": name, "roles": [role] });
            let invited = rest.post(&sora.token(), "/v1/users", &body).await?;
            let invite = invited["result"]["invite"].as_str().context("no invite was shown")?;
            people.push(Person::enrol(rest, who, invite).await?);
            agree(
                rest,
                &hana.token(),
                &invited["result"]["approval"],
                "인사 발령을 확인했습니다. 맡을 역할과 일치합니다.",
            )
            .await?;
        }
        people.extend([sora, hana]);
        Ok(Self { people })
    }
}

/// Somebody entitled agrees to what waits.
pub(crate) async fn agree(rest: &Rest, token: &str, approval: &Value, reason: &str) -> Result<()> {
    let Some(approval) = approval.as_str() else { return Ok(()) };
    let body = json!({ "decision": "approve", "reason": reason });
    rest.post(token, &format!("/v1/approvals/{approval}/decide"), &body).await?;
    Ok(())
}
