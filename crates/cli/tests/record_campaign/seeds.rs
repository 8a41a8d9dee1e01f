//! What the API campaign's operations are tried on: things in many states, made by the people and programs whose work they are.
//!
//! [`entered`] makes what staff and owners make, [`Suspects`] what suspicion brings about: holds with their cases and tasks, and
//! keys in a second hand, so that detection asks their owner, re-verifies them, and a control test runs to its last step.

use crate::house::Open;
use crate::rest;
use crate::stage::client::{Effect, Signed, once, once_from};
use crate::stage::wait_for;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_feed::{SigningKey, Typ, jws};

/// An operation, its parameters by name, their values in the same order, and its body.
pub(crate) type Seed = (&'static str, &'static str, String, Value);

/// The policy under which one sign is enough.
pub(crate) const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/record_campaign/seeds.toml");

/// An address that no key has.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 7);

/// Windows of a control test that outlast the campaign.
const CONTROL_TEST: [(&str, u32); 2] = [("code_s", 3_600), ("rotate_s", 86_400)];

static NEXT: AtomicU64 = AtomicU64::new(0);

fn next() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The venue's facts with those windows.
pub(crate) fn patient(venue: &str) -> String {
    let line = |line: &str| {
        let wider = CONTROL_TEST.iter().find(|(name, _)| line.starts_with(&format!("{name} = ")));
        wider.map_or_else(|| line.to_owned(), |(name, seconds)| format!("{name} = {seconds}")) + "\n"
    };
    let text: String = venue.lines().map(line).collect();
    for (name, seconds) in CONTROL_TEST {
        assert!(text.contains(&format!("{name} = {seconds}\n")), "the venue's file has no `{name}`");
    }
    text
}

fn token(open: &Open<'_>, who: &str) -> String {
    rest::token(&open.house.place.read(&format!("profiles/{who}.json")))
}

/// Sends what must go well.
pub(crate) fn post(open: &Open<'_>, who: &str, path: &str, body: &Value) -> Value {
    let idempotency = format!("made-up-seed-{}", next());
    let answer = rest::send(&open.server, &token(open, who), path, Some((&idempotency, body))).unwrap();
    assert!((200..300).contains(&answer.status), "{who} {path}: {answer:?}");
    answer.body
}

fn get(open: &Open<'_>, who: &str, path: &str) -> Value {
    let answer = rest::send(&open.server, &token(open, who), path, None).unwrap();
    assert_eq!(answer.status, 200, "{who} {path}: {answer:?}");
    answer.body
}

/// The field of the first item of a list that fits.
fn found(
    open: &Open<'_>,
    who: &str,
    path: &str,
    field: &str,
    fits: impl Fn(&Value) -> bool,
) -> Option<String> {
    let listed = get(open, who, path);
    listed["items"].as_array()?.iter().find(|item| fits(item))?[field].as_str().map(str::to_owned)
}

/// The same, waited for.
fn waited(open: &Open<'_>, who: &str, path: &str, field: &str, fits: impl Fn(&Value) -> bool) -> String {
    wait_for(|| found(open, who, path, field, &fits)).unwrap_or_else(|| {
        panic!("nothing that fits in {path}: {}", get(open, who, path));
    })
}

/// A key, and its secret if it lives.
struct Key {
    id: String,
    secret: String,
}

/// Signs a request for a key and takes it so far: `requested`, `granted`, `active`.
fn key(open: &Open<'_>, account: &str, name: &str, state: &str) -> Key {
    let request = json!({
        "account": account, "purpose": "own_bot", "application": name, "scopes": ["read", "trade"],
        "allowlist": ["127.0.0.1/32", "127.0.0.9/32"], "expires": "2027-06-01T00:00:00Z", "terms": "1",
    });
    let asked = post(open, "owner", "/v1/keys", &request);
    let id = asked["result"]["key"]["key"].as_str().unwrap().to_owned();
    let mut secret = String::new();
    if state != "requested" {
        let why = json!({ "reason": "address checked by phone" });
        post(open, "bob", &format!("/v1/keys/{id}/approve"), &why);
    }
    if state == "active" {
        let issued = post(open, "owner", &format!("/v1/keys/{id}/issue"), &json!({}));
        secret = issued["result"]["secret"].as_str().unwrap().to_owned();
    }
    Key { id, secret }
}

fn reason() -> Value {
    json!({ "reason": "made up for a test" })
}

fn review() -> Value {
    json!({ "reason": "orders from two countries", "lesser": "a warning would leave it open", "review_by": "user:alice" })
}

fn one(text: &str) -> String {
    text.to_owned()
}

/// What staff and owners make.
pub(crate) fn entered(open: &Open<'_>) -> Vec<Seed> {
    let vendor = ["vendors", "put", "V1", "--name", "Made-up Bots", "--class", "tool"];
    let vendor = [&vendor[..], &["--networks", "198.51.100.0/24", "--scopes", "read,trade"]].concat();
    open.must("alice", &vendor);
    open.must("alice", &["operators", "put", "desk-2", "--kind", "desk", "--customer", "C1"]);
    for account in ["A2", "A3"] {
        account_of(open, account);
    }
    for delegation in ["D1", "D2"] {
        let put = ["delegations", "put", delegation, "--account", "A1", "--operator", "desk-2"];
        open.must("alice", &[&put[..], &["--scopes", "trade", "--until", "2027-01-01T00:00:00Z"]].concat());
    }
    let invite = |user: &str| {
        let body = json!({ "user": user, "name": "Made Up", "roles": ["viewer", "support"] });
        let invited = post(open, "alice", "/v1/users", &body);
        invited["result"]["approval"].as_str().unwrap().to_owned()
    };
    let (approval, _) = (invite("carol"), invite("dave"));
    let token = json!({ "name": "old", "roles": ["exchange_backend"], "expires": "2027-03-01T00:00:00Z" });
    let token = post(open, "alice", "/v1/tokens", &token)["result"]["token"]["token"].clone();
    let token = token.as_str().unwrap().to_owned();
    post(open, "alice", "/v1/gates", &json!({ "gate": "gate-2" }));

    let [asked, unwanted] = ["asked", "unwanted"].map(|name| key(open, "A1", name, "requested").id);
    let granted = key(open, "A1", "granted", "granted").id;
    let names =
        ["kept", "narrowed", "rescoped", "rotated", "revoked", "cut", "lifted", "held", "released", "ended"];
    let [kept, narrowed, rescoped, rotated, revoked, cut, lifted, held, released, ended] =
        names.map(|name| key(open, if name.len() > 5 { "A2" } else { "A3" }, name, "active").id);
    post(open, "alice", &format!("/v1/keys/{lifted}/suspend"), &reason());
    post(open, "alice", &format!("/v1/keys/{released}/hold"), &review());
    let none = Value::Null;
    let another = json!({
        "account": "A1", "purpose": "own_bot", "application": "another", "scopes": ["read"],
        "allowlist": ["127.0.0.1/32"], "expires": "2027-06-01T00:00:00Z", "terms": "1",
    });
    vec![
        ("account_get", "account", one("A1"), none.clone()),
        ("customer_get", "customer", one("C1"), none.clone()),
        ("person_get", "person", one("P1"), none.clone()),
        ("operator_get", "operator", one("O1"), none.clone()),
        ("vendor_get", "vendor", one("V1"), none.clone()),
        ("vendor_state", "vendor", one("V1"), json!({ "state": "removed", "reason": "never answered" })),
        ("delegation_get", "delegation", one("D1"), none.clone()),
        ("delegation_end", "delegation", one("D2"), reason()),
        ("user_get", "user", one("carol"), none.clone()),
        ("user_disable", "user", one("dave"), reason()),
        ("user_roles", "user", one("carol"), json!({ "roles": ["viewer"], "reason": "new duty" })),
        ("token_revoke", "token", token, reason()),
        ("gate_invite", "", one(""), json!({ "gate": "gate-3" })),
        ("gate_get", "gate", one("gate-1"), none.clone()),
        ("gate_receipts", "gate", one("gate-1"), none.clone()),
        ("gate_revoke", "gate", one("gate-2"), reason()),
        ("approval_get", "approval", approval.clone(), none.clone()),
        (
            "approval_decide",
            "approval",
            approval,
            json!({ "decision": "approve", "reason": "she starts today" }),
        ),
        ("policy_get", "policy", one("seeds@1"), none.clone()),
        ("policy_dry_run", "", one(""), json!({ "policy": "seeds@1" })),
        ("key_request", "", one(""), another),
        ("key_get", "key", kept.clone(), none.clone()),
        ("key_timeline", "key", kept.clone(), none.clone()),
        ("key_capability", "key", kept.clone(), none.clone()),
        ("key_standing", "key", kept.clone(), none.clone()),
        ("address_list", "key", kept.clone(), none.clone()),
        ("address_register", "key", kept.clone(), json!({ "prefix": "127.0.0.33/32" })),
        ("address_remove", "key", kept, json!({ "prefix": "127.0.0.9/32" })),
        ("key_approve", "key", asked.clone(), reason()),
        ("key_reject", "key", unwanted, reason()),
        ("key_issue", "key", granted, none.clone()),
        (
            "key_allowlist",
            "key",
            narrowed,
            json!({ "allowlist": ["127.0.0.1/32"], "reason": "one is enough" }),
        ),
        ("key_scopes", "key", rescoped, json!({ "scopes": ["read"], "reason": "it only reads" })),
        ("key_rotate", "key", rotated, json!({ "reason": "every year" })),
        ("key_revoke", "key", revoked, reason()),
        ("key_suspend", "key", cut, reason()),
        ("key_lift", "key", lifted, reason()),
        ("key_hold", "key", held, review()),
        ("key_release", "key", released, reason()),
        (
            "key_expire",
            "key",
            ended,
            json!({ "reason": "made up for a test", "lesser": "nothing else would end it" }),
        ),
        ("exposure_report", "", one(""), json!({ "key": asked, "seen_at": "https://code.example/made-up" })),
        ("ledger_entry", "index", one("3"), none.clone()),
        ("ledger_proof", "index", one("3"), none),
    ]
}

/// Keys that suspicion will fall on. Issued before anything else is: a measure follows its customer to every new key.
pub(crate) struct Suspects {
    held: [Key; 4],
    lent: [Key; 3],
}

impl Suspects {
    /// Issues them.
    pub(crate) fn issued(open: &Open<'_>) -> Self {
        for account in ["A4", "A5"] {
            account_of(open, account);
        }
        Self {
            held: ["worked", "waived", "decided", "closed"].map(|name| key(open, "A4", name, "active")),
            lent: ["tested", "stepped", "turned"].map(|name| key(open, "A5", name, "active")),
        }
    }

    /// What suspicion brings about, by detection and by staff.
    pub(crate) fn suspected(&self, open: &Open<'_>) -> Vec<Seed> {
        let mut seeds = second_hands(open, &self.lent);
        seeds.extend(cases(open, &self.held));
        seeds
    }
}

/// An account has only so many keys.
fn account_of(open: &Open<'_>, account: &str) {
    let put = ["accounts", "put", account, "--customer", "C1", "--person", "P1"];
    open.must("alice", &[&put[..], &["--segment", "retail", "--owner", "O1"]].concat());
}

/// Keys that staff hold: each has a case with its steps, a task and a notice.
fn cases(open: &Open<'_>, held: &[Key; 4]) -> Vec<Seed> {
    let held = held.each_ref().map(|key| key.id.clone());
    let case = |key: &String| {
        post(open, "alice", &format!("/v1/keys/{key}/hold"), &review());
        let subject = format!("key:{key}");
        waited(open, "bob", "/v1/cases?limit=200", "case_id", |case| case["subject"] == subject.as_str())
    };
    let [worked, waived, decided, closed] = held.each_ref().map(case);
    let asked = json!({ "reason": "there are no related accounts" });
    post(open, "alice", &format!("/v1/cases/{waived}/steps/review_related_accounts/ask-waiver"), &asked);
    for step in get(open, "alice", &format!("/v1/cases/{closed}"))["missing"].as_array().unwrap() {
        let path = format!("/v1/cases/{closed}/steps/{}/done", step.as_str().unwrap());
        post(open, "alice", &path, &json!({ "result": "made up for a test" }));
    }
    let tasks = "/v1/tasks?state=open&limit=200";
    let task = waited(open, "bob", tasks, "task", |task| task["case_id"] == worked.as_str());
    let measures = format!("/v1/measures?key={}", held[0]);
    let measure = waited(open, "bob", &measures, "measure_id", |_| true);
    let notices = format!("/v1/notices?key={}&limit=200", held[0]);
    let notice = waited(open, "owner", &notices, "notice", |notice| notice["kind"] == "key.held");
    let objection = json!({ "notice": notice, "text": "It was me; I was travelling." });
    let made = post(open, "owner", "/v1/objections", &objection)["result"]["objection"].clone();
    let none = Value::Null;
    let step = |case: &str, step: &str| format!("{case} {step}");
    let decision = json!({ "key": held[2], "choice": "keep", "reason": "made up for a test" });
    vec![
        ("case_get", "case", worked.clone(), none.clone()),
        ("case_plan", "case", worked.clone(), none.clone()),
        ("case_assign", "case", worked.clone(), json!({ "assignee": "user:bob" })),
        ("case_comment", "case", worked.clone(), json!({ "text": "made up for a test" })),
        ("case_step", "case step", step(&worked, "hear_owner"), json!({ "result": "he answered by phone" })),
        ("case_ask_waiver", "case step", step(&worked, "review_related_accounts"), asked),
        ("case_waive", "case step", step(&waived, "review_related_accounts"), reason()),
        ("case_decide", "case", decided, json!({ "decisions": [decision] })),
        ("case_close", "case", closed, json!({ "outcome": "confirmed", "reason": "made up for a test" })),
        ("measure_get", "measure", measure, none.clone()),
        ("task_get", "task", task.clone(), none.clone()),
        ("task_finish", "task", task, json!({ "result": "looked at; it stays" })),
        ("notice_get", "notice", notice.clone(), none.clone()),
        (
            "notice_confirm",
            "notice",
            notice.clone(),
            json!({ "delivered": true, "proof": "made-up receipt" }),
        ),
        ("notice_acknowledge", "notice", notice.clone(), none.clone()),
        ("objection_make", "", one(""), json!({ "notice": notice, "text": "I object again." })),
        ("objection_get", "objection", made.as_str().unwrap().to_owned(), none),
    ]
}

/// A request with this key's secret.
fn request(key: &Key) -> Signed {
    Signed::with_secret(Effect::Read, &key.id, &key.secret, &format!("made-up-{}", next()))
}

/// Keys that take turns at home and elsewhere: their owner is asked, detection speaks, they are re-verified.
fn second_hands(open: &Open<'_>, keys: &[Key; 3]) -> Vec<Seed> {
    let verifications = keys.each_ref().map(|key| {
        wait_for(|| (once(open.gate(), &request(key)).status == 200).then_some(()))
            .expect("the gate to know the key");
        for _ in 0..3 {
            once_from(ELSEWHERE, open.gate(), &request(key));
            once(open.gate(), &request(key));
        }
        let path = format!("/v1/verifications?key={}", key.id);
        waited(open, "owner", &path, "verification", |_| true)
    });
    let path = format!("/v1/questions?key={}&state=open", keys[0].id);
    let question = waited(open, "owner", &path, "question", |_| true);
    let [tested, stepped, turned] = verifications;
    let test = |verification: &str, what: &str| {
        post(open, "owner", &format!("/v1/verifications/{verification}/{what}"), &json!({}))
    };
    test(&stepped, "tests");
    test(&turned, "tests");
    // What does not run cannot be stopped: two codes, then the rotation.
    for step in 0..2 {
        let opened = test(&turned, "steps");
        let drawn = &opened["result"]["tests"][0]["steps"][step];
        let code = drawn["draw"]["code"].as_str().unwrap_or_else(|| panic!("no code in {drawn}"));
        let key = &keys[2];
        let nonce = format!("made-up-{}", next());
        once(open.gate(), &Signed::with_code(&key.id, &key.secret, &nonce, code));
        let passed = || get(open, "owner", &format!("/v1/verifications/{turned}"));
        wait_for(|| (passed()["tests"][0]["steps"][step]["state"] == "passed").then_some(()))
            .unwrap_or_else(|| panic!("the code did not pass: {}", passed()));
    }
    assert_eq!(test(&turned, "steps")["result"]["tests"][0]["steps"][2]["kind"], "rotate_and_watch");
    let claims = json!({ "aud": "example", "iat": sumun_sim::assertion::now_s(), "jti": "made-up-callback", "sub": "C1",
        "method": "video_call", "result": "passed" });
    let callback = jws::sign(&SigningKey::from_seed(&[7; 32]), Typ::Identity, &claims).unwrap();
    let none = Value::Null;
    vec![
        ("question_get", "question", question.clone(), none.clone()),
        ("question_answer", "question", question, json!({ "answer": "me" })),
        ("verification_get", "verification", tested.clone(), none.clone()),
        ("verification_test", "verification", tested, none.clone()),
        ("verification_step", "verification", stepped, none),
        ("verification_rotate", "verification", turned, json!({})),
        ("identity_callback", "", one(""), json!({ "callback": callback })),
    ]
}
