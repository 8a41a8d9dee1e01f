//! A table of what may be asked for, and what is said where it may not.

use super::*;
use crate::keys::row::{Grant, Step};
use crate::keys::steps::{self, without_ended};
use crate::keys::write::tests::{DAY, NOW};
use crate::venue::EXAMPLE;

fn venue() -> Venue {
    Venue::parse("venue.toml", EXAMPLE).unwrap()
}

fn vendor(state: &str) -> VendorFacts {
    VendorFacts {
        vendor: "V1".into(),
        state: state.into(),
        scopes: ScopeSet::READ.with(Scope::Trade),
        networks: vec!["198.51.100.0/24".parse().unwrap()],
    }
}

/// One row: purpose, scopes, addresses, days, vendor's state.
fn said(segment: Segment, purpose: &str, scopes: &str, addresses: &str, days: i64, state: &str) -> String {
    let mut set = ScopeSet::EMPTY;
    scopes.split_whitespace().for_each(|word| set.insert_word(word).unwrap());
    let allowlist: Vec<AllowlistEntry> =
        addresses.split_whitespace().map(|text| AllowlistEntry::Plain(text.parse().unwrap())).collect();
    let vendor = (state != "-").then(|| vendor(state));
    let wanted = Wanted {
        purpose: purpose.parse().unwrap(),
        scopes: set,
        allowlist: &allowlist,
        expires: NOW.plus_micros(days * DAY),
        vendor: vendor.as_ref(),
    };
    match check(&venue(), segment, &wanted, NOW) {
        Ok(warnings) if warnings.is_empty() => "ok".to_owned(),
        Ok(warnings) => format!("ok, but {}", warnings.join("; ")),
        Err(refusal) => {
            format!("{}: {} → {}", refusal.code, refusal.message, refusal.pointer.unwrap_or_default())
        }
    }
}

#[test]
fn what_may_be_asked_for() {
    use Segment::{Corporate, Retail};
    let rows = [
        (Retail, "portfolio", "read", "203.0.113.7", 90, "-"),
        (Retail, "portfolio", "read trade", "203.0.113.7", 90, "-"),
        (Retail, "portfolio", "read withdraw", "203.0.113.7", 90, "-"),
        (Retail, "own_bot", "", "203.0.113.7", 90, "-"),
        (Retail, "own_bot", "read trade", "", 90, "-"),
        (Retail, "own_bot", "market_data", "", 90, "-"),
        (Retail, "own_bot", "read trade", "203.0.113.0/24", 90, "-"),
        (Corporate, "own_bot", "read trade", "203.0.113.0/28", 90, "-"),
        (Retail, "own_bot", "read trade", "2001:db8::/48", 90, "-"),
        (Retail, "own_bot", "read trade", "203.0.113.7", 366, "-"),
        (Retail, "own_bot", "read trade", "203.0.113.7", 0, "-"),
        (Retail, "own_bot", "read", "203.0.113.7", 90, "-"),
        (Retail, "third_party_tool", "read", "198.51.100.7", 90, "-"),
        (Retail, "third_party_tool", "read", "198.51.100.7", 90, "applied"),
        (Retail, "third_party_tool", "read withdraw", "198.51.100.7", 90, "approved"),
        (Retail, "third_party_tool", "read trade", "198.51.100.7", 90, "approved"),
        (Retail, "third_party_tool", "read", "203.0.113.7", 90, "approved"),
        (Retail, "own_bot", "trade_only", "203.0.113.7", 90, "-"),
    ];
    let lines: Vec<String> = rows
        .iter()
        .map(|(segment, purpose, scopes, addresses, days, state)| {
            let scopes_words = if *scopes == "trade_only" { "read" } else { scopes };
            let said = said(*segment, purpose, scopes_words, addresses, *days, state);
            format!("{segment} {purpose} [{scopes_words}] [{addresses}] {days} d {state}\n    {said}")
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_address_within_a_network_is_none_of_a_keys() {
    let asked = |address| said(Segment::Retail, "own_bot", "read", address, 90, "-");
    for within in [
        "192.168.0.1",
        "10.1.2.3",
        "172.31.0.1",
        "100.64.0.1",
        "169.254.1.1",
        "239.1.1.1",
        "fd00::1",
        "fe80::1",
    ] {
        assert!(asked(within).starts_with("address_not_public: "), "{within}: {}", asked(within));
        let institution = said(Segment::MarketMaker, "own_bot", "read", within, 90, "-");
        assert!(!institution.starts_with("address_not_public"), "{within}: {institution}");
    }
    for public in ["192.169.0.1", "172.32.0.1", "100.128.0.1", "203.0.113.7", "127.0.0.1", "2001:db8::1"] {
        assert_eq!(asked(public), "ok", "{public}");
    }
}

#[test]
fn a_signing_key_of_ones_own_is_refused_where_no_gate_could_check_it() {
    let refusal = scheme_served(&venue(), Scheme::Ed25519).unwrap_err();
    insta::assert_snapshot!(format!("{}\n{}\n{}", refusal.code, refusal.message, refusal.remedy), @r"
    scheme_not_served
    the dialect `upbit` of this venue signs by a shared secret only; its gates could not check `ed25519`
    choose `hs256`; an owner-held signing key needs a venue whose dialect has one
    ");
    assert!(scheme_served(&venue(), Scheme::Hs256).is_ok());
}

#[test]
fn steps_apart() {
    let read_trade = ScopeSet::READ.union(ScopeSet::TRADE);
    assert_eq!(steps::of(ScopeSet::READ), [Step::Read]);
    assert_eq!(steps::of(read_trade), [Step::Trade]);
    assert_eq!(steps::of(read_trade.with(Scope::Withdraw)), [Step::Trade, Step::Transfer]);
    assert_eq!(steps::of(ScopeSet::READ.with(Scope::Deposit)), [Step::Transfer]);
}

#[test]
fn rights_that_end_by_themselves_leave_cancelling() {
    let grants =
        [Grant { step: Step::Trade, approval: None, granted: true, until_us: Some(NOW.as_micros()) }];
    let scopes = ScopeSet::READ.union(ScopeSet::TRADE);
    assert_eq!(without_ended(scopes, &grants, NOW.plus_micros(-1)), scopes);
    assert_eq!(without_ended(scopes, &grants, NOW), ScopeSet::READ.with(Scope::Cancel));
}

#[test]
fn what_narrows_and_what_does_not() {
    let list = |text: &str| -> Vec<AllowlistEntry> {
        text.split_whitespace().map(|one| AllowlistEntry::Plain(one.parse().unwrap())).collect()
    };
    for (old, new, expected) in [
        ("203.0.113.0/24", "203.0.113.7", true),
        ("203.0.113.0/24 198.51.100.1", "198.51.100.1", true),
        ("203.0.113.7", "203.0.113.0/24", false),
        ("203.0.113.7", "203.0.113.7 198.51.100.1", false),
        ("203.0.113.7", "", false),
        ("", "203.0.113.7", true),
        ("203.0.113.0/24", "2001:db8::1", false),
    ] {
        assert_eq!(narrows(&list(old), &list(new)), expected, "{old} to {new}");
    }
    let registered: Vec<AllowlistEntry> =
        serde_json::from_str(r#"[{"prefix":"203.0.113.7/32","since":null,"proved":null}]"#).unwrap();
    assert!(!narrows(&registered, &list("203.0.113.7")), "an address that was never proved covers nothing");
}
