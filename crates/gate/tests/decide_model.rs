//! `decide` against a naive model: plain sets and maps, written from the design's sentences and not from the code.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod support;

use http::Method;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use sumun_dialect::{Dialect, MacKey};
use sumun_gate::{Answer, Change, Gate, GatePolicy, KeySpec, KeyTable, ReplayMemory, Status};
use sumun_model::wire::Signature;
use sumun_model::{
    AccountId, Check, CheckOutcome, Effect, KeyId, KeyState, MarketId, Measure, Reason, Scope, ScopeSet,
};
use support::{Signed, at, secret, token};

const KEYS: [&str; 3] = ["K1", "K2", "K3"];
const ADDRESSES: [&str; 4] = ["203.0.113.7", "203.0.113.200", "198.51.100.9", "2001:db8::7"];
const NONCES: [&str; 4] = ["n1", "n2", "n3", "n4"];
const MARKETS: [&str; 2] = ["KRW-BTC", "KRW-ETH"];
const FAILURES_MAX: usize = 3;
const WINDOW_US: u64 = 1_000_000;
const PER_SECOND: u64 = 5;
const AGE_MAX_US: u64 = 2_000_000;
const GRACE_US: u64 = 3_000_000;

/// What a request tries, by its place in the exchange's documentation.
#[derive(Clone, Copy, Debug)]
enum Aim {
    Balances,
    Place,
    Cancel,
    Withdraw,
    KeyList,
    Stream,
    Public,
    Nowhere,
}

const AIMS: [Aim; 8] = [
    Aim::Balances,
    Aim::Place,
    Aim::Cancel,
    Aim::Withdraw,
    Aim::KeyList,
    Aim::Stream,
    Aim::Public,
    Aim::Nowhere,
];

impl Aim {
    fn effect(self) -> Effect {
        match self {
            Self::Balances | Self::KeyList | Self::Stream | Self::Public => Effect::Read,
            Self::Place => Effect::Order,
            Self::Cancel => Effect::Cancel,
            Self::Withdraw | Self::Nowhere => Effect::Transfer,
        }
    }
    fn scope(self) -> Option<Scope> {
        match self {
            Self::Balances => Some(Scope::ReadBalances),
            Self::Place => Some(Scope::Trade),
            Self::Cancel => Some(Scope::Cancel),
            Self::Withdraw => Some(Scope::Withdraw),
            // Only asked of those who sign a public call.
            Self::Public => Some(Scope::MarketData),
            // The token of a stream names no scope: each message is asked.
            Self::KeyList | Self::Stream | Self::Nowhere => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Credential {
    Absent,
    Garbled,
    WrongSecret,
    TamperedParameters,
    Right,
}

#[derive(Clone, Debug)]
struct Attempt {
    aim: Aim,
    key: usize,
    known: bool,
    credential: Credential,
    nonce: usize,
    address: usize,
    market: usize,
    body_complete: bool,
    recordable: bool,
}

#[derive(Clone, Debug)]
struct Plan {
    state: KeyState,
    measure: Option<Measure>,
    registration_due: bool,
    scopes: ScopeSet,
    allowlist: BTreeSet<usize>,
    /// The /24 of the first two addresses is registered too.
    wide: bool,
    expires_us: u64,
    market: Option<usize>,
    orders_max: Option<u32>,
}

impl Plan {
    fn registers(&self, address: usize) -> bool {
        self.allowlist.contains(&address) || self.wide && address < 2
    }
}

#[derive(Clone, Debug)]
enum Step {
    Try(Attempt),
    Wait(u64),
    Refresh,
    Put(usize, Plan),
    Status(usize, KeyState, Option<Measure>, bool),
    Remove(usize),
}

fn attempts() -> impl Strategy<Value = Attempt> {
    let credential = prop_oneof![
        1 => Just(Credential::Absent),
        1 => Just(Credential::Garbled),
        2 => Just(Credential::WrongSecret),
        1 => Just(Credential::TamperedParameters),
        12 => Just(Credential::Right),
    ];
    (
        prop::sample::select(AIMS.to_vec()),
        0..KEYS.len(),
        prop::bool::weighted(0.95),
        credential,
        0..NONCES.len(),
        prop_oneof![4 => Just(0usize), 1 => 1..ADDRESSES.len()],
        0..MARKETS.len(),
        prop::bool::weighted(0.97),
        prop::bool::weighted(0.9),
    )
        .prop_map(|(aim, key, known, credential, nonce, address, market, body_complete, recordable)| {
            Attempt { aim, key, known, credential, nonce, address, market, body_complete, recordable }
        })
}

fn states() -> impl Strategy<Value = KeyState> {
    prop_oneof![12 => Just(KeyState::Active), 3 => Just(KeyState::Suspended), 1 => prop::sample::select(KeyState::ALL.to_vec())]
}

fn measures() -> impl Strategy<Value = Option<Measure>> {
    prop_oneof![8 => Just(None), 3 => prop::sample::select(vec![Measure::Monitor, Measure::Warn, Measure::Hold, Measure::Reverify]).prop_map(Some), 1 => Just(Some(Measure::Expire))]
}

fn plans() -> impl Strategy<Value = Plan> {
    let scopes = prop_oneof![
        4 => Just(Scope::ALL.iter().copied().collect::<ScopeSet>()),
        1 => prop::collection::vec(prop::sample::select(Scope::ALL.to_vec()), 0..6)
            .prop_map(|scopes| scopes.into_iter().collect()),
    ];
    let allowlist = prop_oneof![
        4 => Just(BTreeSet::from([0])),
        1 => prop::collection::btree_set(0..ADDRESSES.len(), 0..4),
    ];
    // Limits that divide a second, so that model and gate round alike.
    let orders_max = prop::option::weighted(0.3, prop::sample::select(vec![1u32, 2, 4, 8]));
    let market = prop::option::weighted(0.2, 0..MARKETS.len());
    let wide = prop::bool::weighted(0.2);
    let standing = (measures(), prop::bool::weighted(0.1));
    (states(), standing, scopes, (allowlist, wide), 2_000_000u64..40_000_000, market, orders_max).prop_map(
        |(state, (measure, registration_due), scopes, (allowlist, wide), expires_us, market, orders_max)| {
            Plan { state, measure, registration_due, scopes, allowlist, wide, expires_us, market, orders_max }
        },
    )
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => attempts().prop_map(Step::Try),
        3 => (1u64..400_000).prop_map(Step::Wait),
        1 => (400_000u64..4_000_000).prop_map(Step::Wait),
        2 => Just(Step::Refresh),
        2 => (0..KEYS.len(), plans()).prop_map(|(key, plan)| Step::Put(key, plan)),
        2 => (0..KEYS.len(), states(), measures(), any::<bool>()).prop_map(|(key, s, m, r)| Step::Status(key, s, m, r)),
        1 => (0..KEYS.len()).prop_map(Step::Remove),
    ]
}

/// The naive gate.
#[derive(Default)]
struct Model {
    keys: BTreeMap<usize, Plan>,
    dead: BTreeSet<usize>,
    nonces: BTreeSet<(usize, usize)>,
    /// (key, nonce, address) that opened a stream.
    opened: BTreeSet<(usize, usize, usize)>,
    /// When each failed verification happened, since the window began.
    failures: BTreeMap<(usize, usize), (u64, usize)>,
    /// Microseconds' worth of requests still to flow out, and since when.
    buckets: BTreeMap<(usize, bool), (u64, u64)>,
    refreshed_us: Option<u64>,
}

/// Addresses 0 and 1 share a /24.
fn neighbourhood(address: usize) -> usize {
    if address == 1 { 0 } else { address }
}

fn terminal(state: KeyState, measure: Option<Measure>) -> bool {
    matches!(state, KeyState::Expired | KeyState::Rejected) || measure == Some(Measure::Expire)
}

struct Expected {
    answer: Answer,
    signature: Signature,
    failing: BTreeSet<&'static str>,
    nonce_recorded: bool,
}

impl Model {
    fn status_reason(plan: &Plan, effect: Effect, now_us: u64) -> Option<Reason> {
        if matches!(plan.state, KeyState::Requested | KeyState::Rejected) {
            return Some(Reason::KeyNotActive);
        }
        if plan.state == KeyState::Expired
            || plan.measure == Some(Measure::Expire)
            || now_us >= plan.expires_us
        {
            return Some(Reason::KeyExpired);
        }
        if plan.state == KeyState::Suspended && effect != Effect::Cancel {
            return Some(Reason::KeySuspended);
        }
        let grave = matches!(effect, Effect::Order | Effect::Transfer);
        match plan.measure {
            Some(Measure::Hold) if grave => Some(Reason::KeyHeld),
            Some(Measure::Reverify) if grave => Some(Reason::ReverificationRequired),
            _ if grave && plan.registration_due => Some(Reason::RegistrationRequired),
            _ => None,
        }
    }

    fn tripped(&self, a: &Attempt, now_us: u64) -> bool {
        self.failures
            .get(&(neighbourhood(a.address), a.key))
            .is_some_and(|(since, count)| now_us - since < WINDOW_US && *count >= FAILURES_MAX)
    }

    fn fail_once(&mut self, a: &Attempt, now_us: u64) {
        let window = self.failures.entry((neighbourhood(a.address), a.key)).or_insert((now_us, 0));
        if now_us - window.0 >= WINDOW_US {
            *window = (now_us, 0);
        }
        window.1 += 1;
    }

    fn take_rate(&mut self, key: usize, order: bool, now_us: u64) -> bool {
        let mandate = self.keys[&key].orders_max.filter(|_| order).map_or(PER_SECOND, u64::from);
        let step = 1_000_000 / PER_SECOND.min(mandate);
        let (level, since) = self.buckets.get(&(key, order)).copied().unwrap_or((0, 0));
        let level = level.saturating_sub(now_us - since);
        let fits = level + step <= 1_000_000;
        self.buckets.insert((key, order), (if fits { level + step } else { level }, now_us));
        fits
    }

    fn decide(&mut self, a: &Attempt, now_us: u64) -> Expected {
        let mut reasons: Vec<Reason> = Vec::new();
        let mut failing = BTreeSet::new();
        let effect = a.aim.effect();
        let nowhere = matches!(a.aim, Aim::Nowhere);
        let mut signature = Signature::Unchecked;
        let mut nonce_recorded = false;
        match a.credential {
            Credential::Absent if matches!(a.aim, Aim::Public) => {
                let answer = Answer::Public;
                return Expected { answer, signature: Signature::Absent, failing, nonce_recorded };
            }
            Credential::Absent => {
                signature = Signature::Absent;
                reasons.push(Reason::MalformedCredentials);
            }
            Credential::Garbled => reasons.push(Reason::MalformedCredentials),
            _ => {
                if !a.body_complete {
                    reasons.push(Reason::BodyTooLarge);
                }
                let plan = a.known.then(|| self.keys.get(&a.key).cloned()).flatten();
                match plan {
                    None => reasons.push(Reason::UnknownKey),
                    Some(plan) => {
                        let registered = plan.registers(a.address);
                        let skip = (!registered && self.tripped(a, now_us)) || !a.body_complete;
                        if !registered && self.tripped(a, now_us) {
                            reasons.push(Reason::TooManyFailures);
                        }
                        // Routes without parameters have nothing to tamper with.
                        let bends = matches!(a.aim, Aim::Place | Aim::Withdraw | Aim::Cancel);
                        let valid = match a.credential {
                            Credential::WrongSecret => false,
                            Credential::TamperedParameters => !bends,
                            _ => true,
                        };
                        if !skip {
                            signature = if valid { Signature::Valid } else { Signature::Invalid };
                            if !valid {
                                reasons.push(Reason::SignatureInvalid);
                                failing.insert("signature");
                                if !registered {
                                    self.fail_once(a, now_us);
                                }
                            }
                        }
                        let proved = signature == Signature::Valid;
                        let status = Self::status_reason(&plan, effect, now_us);
                        if proved {
                            let used = self.nonces.contains(&(a.key, a.nonce));
                            let stream = matches!(a.aim, Aim::Stream);
                            let reopens = stream && self.opened.contains(&(a.key, a.nonce, a.address));
                            if used && !reopens {
                                reasons.push(Reason::Replayed);
                                failing.insert("replay");
                            }
                            if !used && status.is_none() && registered {
                                nonce_recorded = true;
                                self.nonces.insert((a.key, a.nonce));
                                if stream {
                                    self.opened.insert((a.key, a.nonce, a.address));
                                }
                            }
                        }
                        if let Some(reason) = status {
                            reasons.push(reason);
                            failing.insert("status");
                        }
                        if !registered {
                            reasons.push(Reason::AddressNotAllowed);
                            failing.insert("address");
                        }
                        if nowhere {
                            reasons.push(Reason::RouteUnknown);
                        }
                        if a.aim.scope().is_some_and(|scope| !plan.scopes.contains(scope)) {
                            reasons.push(Reason::ScopeMissing);
                            failing.insert("scope");
                        }
                        if proved && matches!(a.aim, Aim::Place) && plan.market.is_some_and(|m| m != a.market)
                        {
                            reasons.push(Reason::MarketNotAllowed);
                            failing.insert("market");
                        }
                        if reasons.is_empty()
                            && effect != Effect::Cancel
                            && !self.take_rate(a.key, effect == Effect::Order, now_us)
                        {
                            reasons.push(Reason::RateLimited);
                            failing.insert("rate");
                        }
                        let age = self.refreshed_us.map(|at| now_us - at);
                        let fresh = match effect {
                            Effect::Read | Effect::Cancel => true,
                            Effect::Order => age.is_some_and(|age| age <= AGE_MAX_US + GRACE_US),
                            Effect::Transfer => age.is_some_and(|age| age <= AGE_MAX_US),
                        };
                        if !fresh {
                            reasons.push(Reason::KeyTableStale);
                            failing.insert("table_age");
                        }
                        if !a.recordable && effect == Effect::Transfer {
                            reasons.push(Reason::RecordingUnavailable);
                        }
                    }
                }
            }
        }
        if nowhere {
            failing.insert("route");
            reasons.push(Reason::RouteUnknown);
        }
        let answer = reasons.first().map_or(Answer::Allow, |reason| Answer::Deny(*reason));
        Expected { answer, signature, failing, nonce_recorded }
    }
}

fn request(a: &Attempt) -> Signed {
    let source: IpAddr = ADDRESSES[a.address].parse().unwrap();
    let market = MARKETS[a.market];
    let (method, path, query, json) = match a.aim {
        Aim::Balances => (Method::GET, "/v1/accounts", String::new(), None),
        Aim::Place => (
            Method::POST,
            "/v1/orders",
            String::new(),
            Some(format!(
                r#"{{"market":"{market}","side":"bid","ord_type":"limit","price":"1000","volume":"1"}}"#
            )),
        ),
        Aim::Cancel => (Method::DELETE, "/v1/order", "uuid=0-made-up".to_owned(), None),
        Aim::Withdraw => (
            Method::POST,
            "/v1/withdraws/coin",
            String::new(),
            Some(r#"{"currency":"BTC","amount":"1","address":"made-up"}"#.to_owned()),
        ),
        Aim::KeyList => (Method::GET, "/v1/api_keys", String::new(), None),
        Aim::Stream => (Method::GET, "/websocket/v1/private", String::new(), None),
        Aim::Public => (Method::GET, "/v1/market/all", String::new(), None),
        Aim::Nowhere => (Method::GET, "/v1/nowhere", String::new(), None),
    };
    let hashed = json.as_ref().map_or_else(
        || query.clone(),
        |json| {
            let object: serde_json::Value = serde_json::from_str(json).unwrap();
            let order = ["market", "side", "ord_type", "price", "volume", "currency", "amount", "address"];
            let pairs: Vec<_> = order
                .iter()
                .filter_map(|n| object.get(n).map(|v| format!("{n}={}", v.as_str().unwrap())))
                .collect();
            pairs.join("&")
        },
    );
    let mut signed = Signed::new(method, path, source);
    signed.upgrade = matches!(a.aim, Aim::Stream);
    signed.query = query;
    if let Some(json) = json {
        signed.body = json.into_bytes();
        signed.headers.insert("content-type", "application/json".parse().unwrap());
    }
    signed.recordable = a.recordable;
    let key = if a.known { KEYS[a.key] } else { "K-unknown" };
    let right = secret(key);
    let wrong = secret("somebody-else");
    signed = match a.credential {
        Credential::Absent => signed,
        Credential::Garbled => signed.authorization("not.a-token"),
        Credential::WrongSecret => signed.authorization(&token(key, &wrong, NONCES[a.nonce], &hashed)),
        Credential::Right => signed.authorization(&token(key, &right, NONCES[a.nonce], &hashed)),
        Credential::TamperedParameters => {
            let tampered = if hashed.is_empty() { String::new() } else { format!("{hashed}9") };
            signed.authorization(&token(key, &right, NONCES[a.nonce], &tampered))
        }
    };
    if !a.body_complete {
        signed.body_complete = false;
        signed.body.clear();
    }
    signed
}

fn spec(key: usize, plan: &Plan) -> KeySpec {
    KeySpec {
        id: KeyId::new(KEYS[key]).unwrap(),
        account: AccountId::new("A1").unwrap(),
        segment: None,
        status: Status { state: plan.state, measure: plan.measure, registration_due: plan.registration_due },
        scopes: plan.scopes,
        allowlist: plan
            .allowlist
            .iter()
            .map(|a| ADDRESSES[*a])
            .chain(plan.wide.then_some("203.0.113.0/24"))
            .map(|prefix| prefix.parse().unwrap())
            .collect(),
        expires: at(plan.expires_us).wall,
        markets: plan.market.map(|m| vec![MarketId::new(MARKETS[m]).unwrap()]),
        orders_per_second_max: plan.orders_max,
        mac: Some(MacKey::new(&secret(KEYS[key]))),
    }
}

fn gate() -> Gate {
    let policy = GatePolicy {
        enforce: true,
        dialect: Dialect::Upbit,
        failures_max: FAILURES_MAX as u32,
        failures_window_us: WINDOW_US,
        default_per_second: PER_SECOND as u32,
        order_per_second: PER_SECOND as u32,
        table_age_us_max: AGE_MAX_US as i64,
        order_grace_us: GRACE_US as i64,
        nonces_max: 1 << 16,
    };
    Gate::new(policy, KeyTable::default(), ReplayMemory::new(1 << 16, [9; 16]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_naive_model(
        first in prop::collection::vec(plans(), KEYS.len()),
        steps in prop::collection::vec(steps(), 1..120),
    ) {
        let gate = gate();
        let mut model = Model::default();
        let mut now_us = 1_000_000_u64;
        let opening = first.into_iter().enumerate().map(|(key, plan)| Step::Put(key, plan)).chain([Step::Refresh]);
        for step in opening.chain(steps) {
            match step {
                Step::Wait(us) => now_us += us,
                Step::Refresh => {
                    gate.table.refreshed(at(now_us).wall);
                    model.refreshed_us = Some(now_us);
                }
                Step::Put(key, plan) => {
                    let revives = model.dead.contains(&key) && !terminal(plan.state, plan.measure);
                    prop_assert_eq!(gate.table.apply(Change::Put(Box::new(spec(key, &plan)))).is_err(), revives);
                    if !revives {
                        if terminal(plan.state, plan.measure) { model.dead.insert(key); }
                        model.keys.insert(key, plan);
                    }
                }
                Step::Status(key, state, measure, registration_due) => {
                    let id = KeyId::new(KEYS[key]).unwrap();
                    let revives = model.dead.contains(&key) && !terminal(state, measure);
                    let status = Status { state, measure, registration_due };
                    prop_assert_eq!(gate.table.apply(Change::Status(id, status)).is_err(), revives);
                    if !revives {
                        if terminal(state, measure) { model.dead.insert(key); }
                        if let Some(plan) = model.keys.get_mut(&key) {
                            (plan.state, plan.measure, plan.registration_due) = (state, measure, registration_due);
                        }
                    }
                }
                Step::Remove(key) => {
                    gate.table.apply(Change::Remove(KeyId::new(KEYS[key]).unwrap())).unwrap();
                    // Removed and put again, a key starts with full rates.
                    if model.keys.remove(&key).is_some() {
                        model.buckets.remove(&(key, false));
                        model.buckets.remove(&(key, true));
                    }
                }
                Step::Try(attempt) => {
                    let expected = model.decide(&attempt, now_us);
                    let signed = request(&attempt);
                    let decision = gate.decide(&signed.as_request(), at(now_us));
                    prop_assert_eq!(decision.answer(), expected.answer, "{:?}\n{:?}", attempt, decision);
                    prop_assert_eq!(decision.signature, expected.signature, "{:?}", attempt);
                    let failing: BTreeSet<&str> = decision.checks.iter()
                        .filter(|(_, outcome)| *outcome == CheckOutcome::Fail)
                        .map(|(check, _)| check.as_str())
                        .collect();
                    prop_assert_eq!(failing, expected.failing, "{:?}", attempt);
                    prop_assert_eq!(decision.recorded()[0].is_some(), expected.nonce_recorded, "{:?}", attempt);
                    let passes = decision.reason().is_none() && attempt.body_complete;
                    prop_assert_eq!(decision.permit().is_ok(), passes, "{:?}", attempt);
                    // What must never happen, said once more and directly.
                    if let (Answer::Allow, Some(entry)) = (decision.answer(), &decision.entry) {
                        prop_assert!(!model.dead.contains(&attempt.key));
                        prop_assert!(entry.allows(signed.source));
                        prop_assert_eq!(decision.checks.get(Check::Signature), Some(CheckOutcome::Pass));
                    }
                }
            }
        }
    }
}

/// DESIGN 11, 9: a cancel from a living key's registered address passes whatever ails this gate.
#[test]
fn a_cancel_is_never_refused_for_our_own_troubles() {
    for measure in
        [None, Some(Measure::Monitor), Some(Measure::Warn), Some(Measure::Hold), Some(Measure::Reverify)]
    {
        for state in [KeyState::Active, KeyState::Suspended] {
            let gate = gate();
            let plan = Plan {
                state,
                measure,
                registration_due: true,
                scopes: ScopeSet::TRADE,
                allowlist: BTreeSet::from([0]),
                wide: false,
                expires_us: u64::MAX / 4,
                market: Some(1),
                orders_max: Some(1),
            };
            gate.table.apply(Change::Put(Box::new(spec(0, &plan)))).unwrap();
            // The table was never refreshed, nothing can be recorded, and far more come than any rate allows.
            for n in 0..200 {
                let parameters = "uuid=0-made-up";
                let mut cancel = Signed::new(Method::DELETE, "/v1/order", ADDRESSES[0].parse().unwrap())
                    .authorization(&token("K1", &secret("K1"), &format!("n{n}"), parameters));
                cancel.query = parameters.to_owned();
                cancel.recordable = false;
                let mut decision = gate.decide(&cancel.as_request(), at(5));
                decision.recording_failed();
                assert_eq!(decision.answer(), Answer::Allow, "{state} {measure:?}");
            }
        }
    }
}

/// DESIGN 5: a foreign holder of the secret cannot burn the owner's nonces, nor lock the owner out.
#[test]
fn a_foreign_holder_neither_burns_nonces_nor_locks_the_owner_out() {
    let gate = gate();
    let plan = Plan {
        state: KeyState::Active,
        measure: None,
        registration_due: false,
        scopes: ScopeSet::READ,
        allowlist: BTreeSet::from([0]),
        wide: false,
        expires_us: u64::MAX / 4,
        market: None,
        orders_max: None,
    };
    gate.table.apply(Change::Put(Box::new(spec(0, &plan)))).unwrap();
    let ask =
        |address: usize, signer: &str, nonce: &str| {
            Signed::new(Method::GET, "/v1/accounts", ADDRESSES[address].parse().unwrap())
                .authorization(&token("K1", &secret(signer), nonce, ""))
        };
    let stolen = ask(2, "K1", "n-owner");
    assert_eq!(gate.decide(&stolen.as_request(), at(1)).answer(), Answer::Deny(Reason::AddressNotAllowed));
    // Garbage from the owner's own /24, far beyond the limiter's patience.
    for n in 0..50 {
        let garbage = ask(1, "nobody", &format!("g{n}"));
        assert!(gate.decide(&garbage.as_request(), at(2)).reason().is_some());
    }
    let tripped = gate.decide(&ask(1, "K1", "x").as_request(), at(3));
    assert_eq!(tripped.answer(), Answer::Deny(Reason::TooManyFailures));
    assert_eq!(tripped.signature, Signature::Unchecked);
    let owner = gate.decide(&ask(0, "K1", "n-owner").as_request(), at(4));
    assert_eq!(owner.answer(), Answer::Allow);
    assert_eq!(
        gate.decide(&ask(0, "K1", "n-owner").as_request(), at(5)).answer(),
        Answer::Deny(Reason::Replayed)
    );
}
