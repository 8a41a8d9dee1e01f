//! A bench for one detector: plays a short table of what happened and tells what was said.
//!
//! A row is `at verb where program effect`, columns apart by spaces, `#` begins a remark; what the verbs are stands in [`rows`].
//! Networks are the fixed, made-up ones of [`network`]. Output has a line per signal; facts are asked for by name.

mod framing;
mod rows;

use super::{Around, KeyDetector};
use crate::emit::{Emit, Raw};
use crate::mark::Mark;
use crate::network::Network;
use crate::seen::{AccountView, Client, DelegationView, KeyView, Population, Seen, VendorView};
use std::collections::BTreeMap;
use std::net::IpAddr;
use sumun_model::wire::AccessLine;
use sumun_model::wire::state::NetworkClass;
use sumun_model::{Fact, Measure, Segment, Timestamp, Value};

/// 2026-06-01T00:00:00Z: where every table begins.
pub(super) const BEGIN_US: i64 = 1_780_272_000_000_000;

/// One detector, one key, and what is around it.
pub(super) struct Bench<D: KeyDetector> {
    pub(super) params: D::Params,
    pub(super) state: D::State,
    pub(super) key: KeyView,
    pub(super) account: AccountView,
    pub(super) vendor: Option<VendorView>,
    pub(super) egress_of: Option<VendorView>,
    pub(super) delegations: Vec<DelegationView>,
    pub(super) population: Population,
    pub(super) measure: Option<Measure>,
    pub(super) now: i64,
    pub(super) signals: Vec<(i64, Raw)>,
    pub(super) facts: BTreeMap<&'static str, Fact>,
    wake: Option<Timestamp>,
    events: u64,
    /// Skip what every step checks besides: for floods.
    fast: bool,
}

impl<D: KeyDetector> Bench<D> {
    /// A retail key with these addresses on its allowlist.
    pub(super) fn new(allow: &[&str]) -> Self {
        Self {
            params: D::Params::default(),
            state: D::State::default(),
            key: KeyView {
                key: "K1".parse().unwrap(),
                state: Some(sumun_model::KeyState::Active),
                scopes: None,
                allowlist: allow.iter().map(|entry| rows::allow(entry)).collect(),
                told: true,
                purpose: None,
                operator: None,
                vendor: None,
                created: None,
                expires: None,
                replaces: None,
                mandate: None,
            },
            account: AccountView {
                account: "A1".parse().unwrap(),
                customer: None,
                person: None,
                segment: Some(Segment::Retail),
                country: Some("KR".to_owned()),
                owner: None,
            },
            vendor: None,
            egress_of: None,
            delegations: Vec::new(),
            population: Population::default(),
            measure: None,
            now: 0,
            signals: Vec::new(),
            facts: BTreeMap::new(),
            wake: None,
            events: 0,
            fast: false,
        }
    }

    /// The same with other parameters.
    pub(super) fn with(mut self, change: impl FnOnce(&mut D::Params)) -> Self {
        change(&mut self.params);
        self
    }

    /// Plays a table; the signals of this table, one a line.
    pub(super) fn play(&mut self, table: &str) -> String {
        let before = self.signals.len();
        for row in table.lines() {
            let row = row.split('#').next().unwrap_or_default();
            let words: Vec<&str> = row.split_whitespace().collect();
            if let [at, verb, rest @ ..] = words.as_slice() {
                self.row(rows::micros(at), verb, rest);
            }
        }
        self.signals[before..].iter().map(|(at, raw)| told(*at, raw)).collect::<Vec<_>>().join("\n")
    }

    /// A fact as last told.
    pub(super) fn fact(&self, name: &str) -> Option<i64> {
        match self.facts.get(name) {
            Some(Fact::Int(n)) => Some(*n),
            _ => None,
        }
    }

    /// Time passes: what is due wakes, on whole seconds.
    pub(super) fn pass(&mut self, to: i64) {
        while let Some(due) = self.wake.filter(|at| second_from(*at) <= BEGIN_US + to) {
            self.wake = None;
            let now = Timestamp::from_micros(second_from(due));
            self.now = now.as_micros() - BEGIN_US;
            let mut emit = Emit::default();
            D::wake(&self.params, &mut self.state, &self.key, now, &mut emit);
            self.take(emit);
        }
        self.now = to;
    }

    /// A request.
    pub(super) fn access(&mut self, line: &AccessLine, valid: bool, client: &str) {
        let address: IpAddr = line.ip.unwrap().to_canonical();
        let network = if self.fast { Network::unknown(address) } else { network(address) };
        let (family, major) = client.split_once('/').unwrap_or((client, ""));
        let client_view = Client {
            family: family.to_owned(),
            major: major.split('+').next().and_then(|major| major.parse().ok()),
        };
        let allowed = line.verdict == Some(sumun_model::wire::Verdict::Allow);
        let seen = Seen {
            now: Timestamp::from_micros(BEGIN_US + self.now),
            line,
            valid,
            passed: allowed || line.enforced == Some(false),
            address_ok: match line.checks.and_then(|checks| checks.get(sumun_model::Check::Address)) {
                Some(sumun_model::CheckOutcome::Pass) => Some(true),
                Some(sumun_model::CheckOutcome::Fail) => Some(false),
                _ => None,
            },
            address,
            network: &network,
            client: &client_view,
            client_mark: Mark::of(client),
            key: &self.key,
            account: &self.account,
            vendor: self.vendor.as_ref(),
            egress_of: self.egress_of.as_ref(),
            delegations: &self.delegations,
            measure: self.measure,
            population: &self.population,
        };
        let mut emit = Emit::default();
        D::access(&self.params, &mut self.state, &seen, &mut emit);
        self.take(emit);
    }

    /// A million requests, one a millisecond, each from another address and neighbourhood. Most bytes of state seen.
    pub(super) fn flood(&mut self, allowed: bool) -> usize {
        let row =
            if allowed { "use 10.0.0.0 flood/1 order:KRW-BTC" } else { "foreign 10.0.0.0 flood/1 order" };
        let mut line = self.request_line(row);
        self.fast = true;
        let mut most = 0;
        for n in 0..1_000_000_u32 {
            let [_, a, b, c] = n.to_be_bytes();
            line.ip = Some(IpAddr::from([10, b, c, a]));
            self.now += 1_000;
            self.pass(self.now);
            self.access(&line, true, "flood/1");
            if n % 100_000 < 3 {
                most = most.max(postcard::to_stdvec(&self.state).unwrap().len());
            }
        }
        self.fast = false;
        most
    }

    /// Something that is no request.
    pub(super) fn around(&mut self, show: impl FnOnce(&D::Params, &mut D::State, Around<'_>, &mut Emit)) {
        let event = self.next_id("e");
        let mut emit = Emit::default();
        let now = Timestamp::from_micros(BEGIN_US + self.now);
        show(&self.params, &mut self.state, Around { now, key: &self.key, event: &event }, &mut emit);
        self.take(emit);
    }

    fn next_id(&mut self, kind: &str) -> sumun_model::EventId {
        self.events += 1;
        format!("{kind}{}", self.events).parse().unwrap()
    }

    fn take(&mut self, emit: Emit) {
        assert!(emit.linked().is_empty(), "links are the engine's");
        for raw in emit.said() {
            assert!(sumun_model::because::text(&raw.code).is_some(), "`{}` has no words", raw.code);
            let values: BTreeMap<_, _> = raw.values.iter().cloned().collect();
            assert_eq!(values.len(), raw.values.len(), "`{}` names a value twice", raw.code);
            for lang in [sumun_model::Lang::En, sumun_model::Lang::Ko] {
                let because = sumun_model::because::because(&raw.code, &values, lang);
                let owner = sumun_model::because::for_owner(&raw.code, &values, lang);
                assert!(!because.contains('{') && !owner.contains('{'), "{because} / {owner}");
            }
            self.signals.push((self.now, raw.clone()));
        }
        for (name, value) in emit.facts() {
            assert!(super::facts::ALL.iter().any(|fact| fact.name == *name), "`{name}` is in no list");
            self.facts.insert(*name, value.clone());
        }
        for at in &emit.wakes {
            self.wake = Some(self.wake.map_or(*at, |wake| wake.min(*at)));
        }
        if self.fast {
            return;
        }
        // A snapshot at any moment goes on as if nothing had happened, and is bounded.
        let bytes = postcard::to_stdvec(&self.state).unwrap();
        assert!(bytes.len() <= 4_096, "{} bytes of state", bytes.len());
        self.state = postcard::from_bytes(&bytes).unwrap();
    }
}

/// The first whole second at or after an instant.
fn second_from(at: Timestamp) -> i64 {
    -(-at.as_micros()).div_euclid(1_000_000) * 1_000_000
}

/// A signal on one line.
fn told(at: i64, raw: &Raw) -> String {
    let hard = raw.hard.map_or(String::new(), |hard| format!(" hard:{hard}"));
    let values: Vec<_> = raw
        .values
        .iter()
        .map(|(name, value)| match value {
            Value::List(words) => format!("{name}={}", words.join(",")),
            value => format!("{name}={value}"),
        })
        .collect();
    let at = rows::span(at);
    format!("{at:<9} {:<24} {:>5} {}{hard}  {}", raw.code, raw.llr_milli, raw.cause, values.join(" "))
}

/// The networks of every table.
pub(super) fn network(address: IpAddr) -> Network {
    const KNOWN: &[(&str, u32, &str, &str, NetworkClass)] = &[
        ("203.0.113.0/24", 64500, "Home", "KR", NetworkClass::Residential),
        ("2001:db8:1::/48", 64500, "Home", "KR", NetworkClass::Residential),
        ("198.18.0.0/16", 64503, "OtherHome", "KR", NetworkClass::Residential),
        ("192.0.2.0/24", 64502, "Mobile", "KR", NetworkClass::Mobile),
        ("100.64.0.0/10", 64502, "Mobile", "KR", NetworkClass::Mobile),
        ("198.51.100.0/24", 64501, "Cloud", "US", NetworkClass::Hosting),
        ("198.19.0.0/16", 64504, "KrCloud", "KR", NetworkClass::Hosting),
    ];
    KNOWN
        .iter()
        .map(|(prefix, asn, org, country, class)| Network {
            prefix: prefix.parse().unwrap(),
            asn: Some(*asn),
            org: Some((*org).to_owned()),
            country: Some((*country).to_owned()),
            class: *class,
        })
        .find(|network| network.prefix.contains(address))
        .unwrap_or_else(|| Network::unknown(address))
}
