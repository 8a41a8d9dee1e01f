//! D1 played: each rule, kept and broken.

use super::PolicyViolation;
use crate::keys::testing::{BEGIN_US, Bench};
use crate::seen::{DelegationView, VendorView};
use proptest::prelude::*;
use sumun_model::wire::state::VendorState;
use sumun_model::{Mandate, Purpose, Scope, ScopeSet, Segment};

fn bench() -> Bench<PolicyViolation> {
    Bench::new(&["203.0.113.7/32", "198.51.100.9/32"])
}

fn vendor(state: VendorState, networks: &[&str]) -> VendorView {
    VendorView {
        vendor: "V1".parse().unwrap(),
        state: Some(state),
        class: None,
        networks: networks.iter().map(|n| n.parse().unwrap()).collect(),
        scopes: None,
    }
}

fn delegation(active: bool, until: Option<&str>) -> DelegationView {
    DelegationView {
        operator: Some("desk-2".parse().unwrap()),
        networks: vec!["198.51.100.0/24".parse().unwrap()],
        scopes: Some(ScopeSet::READ),
        from: None,
        until: until.map(|at| at.parse().unwrap()),
        active,
    }
}

fn mandate() -> Mandate {
    Mandate {
        markets: Some(vec!["KRW-BTC".parse().unwrap()]),
        countries: Some(vec!["KR".to_owned()]),
        orders_per_second_max: Some(2),
    }
}

type Case = (&'static str, fn(&mut Bench<PolicyViolation>), &'static str);

#[test]
fn every_rule_broken() {
    let cases: &[Case] = &[
        (
            "vendor suspended",
            |b| b.vendor = Some(vendor(VendorState::Suspended, &[])),
            "1s use 203.0.113.7 ccxt/4 read",
        ),
        (
            "vendor elsewhere",
            |b| b.vendor = Some(vendor(VendorState::Approved, &["198.51.100.0/24"])),
            "1s use 203.0.113.7 ccxt/4 read",
        ),
        (
            "vendor unnamed",
            |b| b.egress_of = Some(vendor(VendorState::Approved, &["198.51.100.0/24"])),
            "1s use 198.51.100.9 ccxt/4 read",
        ),
        ("purpose", |b| b.key.purpose = Some(Purpose::Portfolio), "1s use 203.0.113.7 ccxt/4 order"),
        (
            "purpose, refused",
            |b| b.key.purpose = Some(Purpose::Portfolio),
            "1s refused:scope_missing 203.0.113.7 ccxt/4 order",
        ),
        ("scope", |b| b.key.scopes = Some(ScopeSet::READ), "1s use 203.0.113.7 ccxt/4 order scope=trade"),
        ("market", |b| b.key.mandate = Some(mandate()), "1s use 203.0.113.7 ccxt/4 order:KRW-DOGE"),
        ("country", |b| b.key.mandate = Some(mandate()), "1s use 198.51.100.9 ccxt/4 read"),
        (
            "rate",
            |b| b.key.mandate = Some(mandate()),
            "1s use 203.0.113.7 ccxt/4 order \n 1s1ms use 203.0.113.7 ccxt/4 order \n 1s2ms use 203.0.113.7 ccxt/4 order",
        ),
        ("allowlist", |b| b.key.allowlist.clear(), "1s use 203.0.113.7 ccxt/4 read"),
        (
            "expired",
            |b| b.key.expires = Some("2026-06-01T00:00:01Z".parse().unwrap()),
            "1s use 203.0.113.7 ccxt/4 read",
        ),
        (
            "delegation ended",
            |b| b.delegations = vec![delegation(false, None)],
            "1s use 198.51.100.9 ccxt/4 read",
        ),
        (
            "delegation run out",
            |b| b.delegations = vec![delegation(true, Some("2026-06-01T00:00:01Z"))],
            "1s use 198.51.100.9 ccxt/4 read",
        ),
        (
            "delegation exceeded",
            |b| b.delegations = vec![delegation(true, None)],
            "1s use 198.51.100.9 ccxt/4 order scope=trade",
        ),
        (
            "delegation used",
            |b| b.delegations = vec![delegation(true, None)],
            "1s use 198.51.100.9 ccxt/4 read scope=read_orders",
        ),
    ];
    let mut lines = Vec::new();
    for (what, set, rows) in cases {
        let mut bench = bench();
        set(&mut bench);
        lines.push(format!("{what:<22}{}", bench.play(rows)));
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    vendor suspended      1s        vendor_not_in_force       1000 unknown  vendor=V1 state=suspended refused=0
    vendor elsewhere      1s        vendor_egress_left         500 unknown  address=203.0.113.7 network=Home vendor=V1 refused=0
    vendor unnamed        1s        vendor_unnamed            1500 unknown  address=198.51.100.9 network=Cloud vendor=V1 refused=0
    purpose               1s        purpose_exceeded          1000 unknown  purpose=portfolio effect=order refused=0
    purpose, refused      1s        purpose_exceeded           500 unknown  purpose=portfolio effect=order refused=1
    scope                 1s        scope_exceeded             800 unknown  scope=trade refused=0
    market                1s        market_outside_mandate     800 unknown  market=KRW-DOGE refused=0
    country               1s        country_outside_mandate    800 unknown  address=198.51.100.9 network=Cloud country=US refused=0
    rate                  1s2ms     rate_outside_mandate       300 unknown  orders=3 most=2 refused=0
    allowlist             1s        allowlist_missing          200 unknown  address=203.0.113.7 network=Home refused=0
    expired               1s        expired_key_used           500 unknown  expires=2026-06-01T00:00:01.000000Z refused=0
    delegation ended      1s        delegation_ended          1000 over_delegated  address=198.51.100.9 network=Cloud operator=desk-2 refused=0
    delegation run out    1s        delegation_ended          1000 over_delegated  address=198.51.100.9 network=Cloud operator=desk-2 refused=0
    delegation exceeded   1s        delegation_exceeded       1500 over_delegated  address=198.51.100.9 network=Cloud operator=desk-2 scope=trade refused=0
    delegation used       1s        delegation_in_use            0 documented_delegation  address=198.51.100.9 network=Cloud operator=desk-2 refused=0
    ");
}

#[test]
fn every_rule_kept_or_unknown() {
    let cases: &[Case] = &[
        ("nothing recorded", |_| {}, "1s use 198.51.100.9 ccxt/4 order:KRW-DOGE scope=withdraw"),
        (
            "vendor approved, in place",
            |b| b.vendor = Some(vendor(VendorState::Approved, &["198.51.100.0/24"])),
            "1s use 198.51.100.9 ccxt/4 read",
        ),
        (
            "vendor without networks",
            |b| b.vendor = Some(vendor(VendorState::Approved, &[])),
            "1s use 203.0.113.7 ccxt/4 read",
        ),
        (
            "vendor named",
            |b| {
                b.key.vendor = Some("V1".parse().unwrap());
                b.egress_of = Some(vendor(VendorState::Approved, &["198.51.100.0/24"]));
            },
            "1s use 198.51.100.9 ccxt/4 read",
        ),
        ("portfolio watched", |b| b.key.purpose = Some(Purpose::Portfolio), "1s use 203.0.113.7 ccxt/4 read"),
        (
            "scope had",
            |b| b.key.scopes = Some(ScopeSet::EMPTY.with(Scope::Trade)),
            "1s use 203.0.113.7 ccxt/4 order scope=trade",
        ),
        (
            "mandate kept",
            |b| b.key.mandate = Some(mandate()),
            "1s use 203.0.113.7 ccxt/4 order:KRW-BTC \n 1s1ms use 203.0.113.7 ccxt/4 order:KRW-BTC \n 2s use 203.0.113.7 ccxt/4 order:KRW-BTC",
        ),
        ("country unknown", |b| b.key.mandate = Some(mandate()), "1s use 172.16.0.1 ccxt/4 read"),
        (
            "key never told",
            |b| {
                b.key.allowlist.clear();
                b.key.told = false;
            },
            "1s use 203.0.113.7 ccxt/4 read",
        ),
        (
            "segment unknown",
            |b| {
                b.key.allowlist.clear();
                b.account.segment = None;
            },
            "1s use 203.0.113.7 ccxt/4 read",
        ),
        (
            "segment exempt",
            |b| {
                b.key.allowlist.clear();
                b.params.allowlist_mandatory = vec![Segment::Broker];
            },
            "1s use 203.0.113.7 ccxt/4 read",
        ),
        (
            "knocking after the end",
            |b| b.key.expires = Some("2026-06-01T00:00:01Z".parse().unwrap()),
            "1s refused:key_expired 203.0.113.7 ccxt/4 read",
        ),
        (
            "the owner in the desk's office",
            |b| b.delegations = vec![delegation(false, None)],
            "0s owner 198.51.100.9 \n 1s use 198.51.100.9 ccxt/4 read",
        ),
        (
            "a foreigner at the desk",
            |b| b.delegations = vec![delegation(false, None)],
            "1s foreign 198.51.100.9 ccxt/4 order",
        ),
        ("a forger", |b| b.key.purpose = Some(Purpose::Portfolio), "1s forged 203.0.113.7 ccxt/4 order"),
    ];
    for (what, set, rows) in cases {
        let mut bench = bench();
        set(&mut bench);
        assert_eq!(bench.play(rows), "", "{what}");
    }
}

#[test]
fn a_failed_sign_in_is_nobodys_presence() {
    let mut bench = bench();
    bench.delegations = vec![delegation(false, None)];
    assert_ne!(bench.play("0s stranger 198.51.100.9 \n 1s use 198.51.100.9 ccxt/4 read"), "");
}

#[test]
fn once_a_day_and_rule() {
    let mut bench = bench();
    bench.key.purpose = Some(Purpose::Portfolio);
    let rows: String = (0..72).map(|hour| format!("{hour}h use 203.0.113.7 ccxt/4 order\n")).collect();
    assert_eq!(bench.play(&rows).lines().count(), 3);
}

#[test]
fn a_million_addresses_take_no_more_room() {
    let mut bench = bench();
    let most = bench.flood(true);
    assert!(most <= 256, "{most}");
}

proptest! {
    /// Its two windows: orders let through within one second, and one telling within one day.
    #[test]
    fn seconds_and_days_are_those_of_the_whole_list(
        steps in prop::collection::vec((0i64..700, 0u8..8), 1..120), most in 1u32..4, day_s in 1u32..20,
    ) {
        let mut bench = bench().with(|params| params.day_s = day_s);
        bench.key.mandate = Some(Mandate { orders_per_second_max: Some(most), ..mandate() });
        let (mut at_ms, mut orders, mut told) = (0, Vec::<i64>::new(), Vec::<i64>::new());
        for (gap_ms, what) in steps {
            at_ms += gap_ms;
            let (verb, effect) = match what {
                0 => ("use", "read"),
                1 => ("refused:rate_limited", "order"),
                2 => ("foreign", "order"),
                _ => ("use", "order"),
            };
            bench.play(&format!("{at_ms}ms {verb} 203.0.113.7 ccxt/4 {effect}"));
            if what < 3 {
                continue;
            }
            orders.push(at_ms);
            let in_second = orders.iter().filter(|other| **other / 1_000 == at_ms / 1_000).count();
            let day = |ms: &i64| (BEGIN_US / 1_000 + ms) / (i64::from(day_s) * 1_000);
            let is_new = !told.iter().any(|other| day(other) == day(&at_ms));
            if in_second > usize::try_from(most).unwrap() && is_new {
                told.push(at_ms);
            }
        }
        let rates = bench.signals.iter().filter(|(_, raw)| raw.code == "rate_outside_mandate");
        prop_assert_eq!(rates.map(|(at_us, _)| at_us / 1_000).collect::<Vec<_>>(), told);
    }
}
