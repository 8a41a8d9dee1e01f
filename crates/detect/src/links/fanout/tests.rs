//! Fan-out: windows against naive recomputation, who is explained, what a stranger can make it say, and its bounds.

use super::origin::EXACT_MAX;
use super::*;
use crate::network::Network;
use proptest::prelude::*;
use std::collections::BTreeMap;
use sumun_model::{AccountId, Cause, CustomerId, EventId, VendorId};

const T0: i64 = 1_790_000_000;
const ADDRESS: &str = "198.51.100.7";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(T0 + seconds).unwrap()
}

fn network(class: NetworkClass) -> Network {
    Network {
        prefix: "198.51.100.0/24".parse().unwrap(),
        asn: Some(64_500),
        org: Some("Example Hosting".to_owned()),
        country: Some("KR".to_owned()),
        class,
    }
}

fn message(customer: u32, seconds: i64, class: NetworkClass, link: Link) -> LinkMessage {
    LinkMessage {
        now: at(seconds),
        event: Some(EventId::new(&format!("a{seconds}")).unwrap()),
        key: KeyId::new(&format!("K{customer:04}")).unwrap(),
        account: AccountId::new(&format!("A{customer:04}")).unwrap(),
        customer: Some(CustomerId::new(&format!("C{customer:04}")).unwrap()),
        segment: Some(Segment::Retail),
        purpose: None,
        operator: None,
        vendor: None,
        declared: false,
        network: Some(network(class)),
        link,
    }
}

fn usage(customer: u32, seconds: i64, class: NetworkClass) -> LinkMessage {
    let link = Link::Use { origin: ADDRESS.parse().unwrap(), client: Mark::of("ccxt/4") };
    message(customer, seconds, class, link)
}

fn registration(customer: u32, seconds: i64) -> LinkMessage {
    let link = Link::Registration { prefix: ADDRESS.parse().unwrap() };
    message(customer, seconds, NetworkClass::Hosting, link)
}

fn session(customer: u32, seconds: i64, class: NetworkClass) -> LinkMessage {
    message(customer, seconds, class, Link::OwnerSession { origin: ADDRESS.parse().unwrap() })
}

/// Gives the messages in order and hands back everything said.
fn say(state: &mut State, messages: &[LinkMessage]) -> Vec<LinkSignal> {
    let (params, mut out) = (Params::default(), Vec::new());
    for message in messages {
        Fanout::message(&params, state, message, &mut out);
    }
    out
}

/// Registrations, then one use each, a minute apart.
fn together(customers: std::ops::Range<u32>, class: NetworkClass) -> Vec<LinkMessage> {
    let registered = customers.clone().map(|c| registration(c, 0));
    registered.chain(customers.map(|c| usage(c, 60 * i64::from(c) + 60, class))).collect()
}

fn named(signal: &LinkSignal) -> Vec<&str> {
    signal.members.iter().map(KeyId::as_str).collect()
}

#[test]
fn the_fifth_customer_of_a_data_centre_address_is_told_of() {
    let mut state = State::default();
    let said = say(&mut state, &together(0..6, NetworkClass::Hosting));
    assert_eq!(said.len(), 2, "the fifth, and the sixth as a newcomer");
    assert_eq!(named(&said[0]), ["K0000", "K0001", "K0002", "K0003", "K0004"]);
    assert_eq!((said[0].raw.cause, said[0].raw.llr_milli), (Cause::Lent, 3_500));
    assert_eq!(said[0].raw.evidence.len(), 5);
    assert_eq!(said[1].members.len(), 6);
    let lines: Vec<_> = said[0].raw.values.iter().map(|(name, value)| format!("{name} {value}")).collect();
    insta::assert_snapshot!(lines.join(", "), @"address 198.51.100.7, class hosting, customers 5, customers_short 5, expected 1.2, network Example Hosting, unexplained 5");
}

#[test]
fn thresholds_by_class() {
    for (class, least) in [
        (NetworkClass::Hosting, Some(5)),
        (NetworkClass::Business, Some(5)),
        (NetworkClass::Residential, Some(8)),
        (NetworkClass::Unknown, Some(8)),
        (NetworkClass::Vpn, Some(8)),
    ] {
        let mut state = State::default();
        let said = say(&mut state, &together(0..12, class));
        assert_eq!(said.first().map(|signal| signal.members.len()), least, "{class}");
    }
}

#[test]
fn on_a_mobile_gateway_only_one_client_and_registration_count_and_little() {
    let mixed: Vec<_> = together(0..30, NetworkClass::Mobile)
        .into_iter()
        .enumerate()
        .map(|(n, mut message)| {
            if let Link::Use { client, .. } = &mut message.link {
                *client = Mark::of(&format!("client {}", n % 5));
            }
            message
        })
        .collect();
    assert_eq!(say(&mut State::default(), &mixed), []);
    let same = say(&mut State::default(), &together(0..30, NetworkClass::Mobile));
    assert!(same.iter().all(|signal| signal.raw.llr_milli <= 1_500));
    assert!(same.iter().all(|signal| signal.raw.code == "same_client_at_shared_address"));
}

#[test]
fn a_household_and_one_customers_many_accounts_are_nobodys_business() {
    assert_eq!(say(&mut State::default(), &together(0..3, NetworkClass::Residential)), []);
    let one: Vec<_> = together(0..20, NetworkClass::Hosting)
        .into_iter()
        .map(|message| LinkMessage { customer: Some(CustomerId::new("C1").unwrap()), ..message })
        .collect();
    assert_eq!(say(&mut State::default(), &one), []);
}

#[test]
fn an_office_is_explained_by_its_own_people_member_by_member() {
    let class = NetworkClass::Business;
    let mut messages: Vec<_> = (0..7).map(|c| session(c, -(T0 % 86_400) + 3_600, class)).collect();
    messages.extend(together(0..12, class));
    let said = say(&mut State::default(), &messages);
    let accused: Vec<_> = said.iter().filter(|signal| signal.raw.llr_milli > 0).collect();
    assert_eq!(named(accused[0]), ["K0007", "K0008", "K0009", "K0010", "K0011"]);
    assert!(said.iter().filter(|signal| signal.raw.llr_milli <= 0).all(|signal| signal.members.len() == 1));
    // At night, an office explains nobody; in a data centre, nothing does.
    for (hour, class) in [(15, NetworkClass::Business), (1, NetworkClass::Hosting)] {
        let mut messages: Vec<_> = (0..7).map(|c| session(c, -(T0 % 86_400) + hour * 3_600, class)).collect();
        messages.extend(together(0..7, class));
        assert!(say(&mut State::default(), &messages).iter().any(|signal| signal.members.len() >= 5));
    }
}

#[test]
fn who_turns_out_to_be_at_home_is_taken_back() {
    let class = NetworkClass::Residential;
    let mut state = State::default();
    say(&mut state, &together(0..9, class));
    let said = say(&mut state, &[session(2, 3_600, class), usage(2, 3_700, class)]);
    let lines: Vec<_> = said.iter().map(|s| (s.raw.code.as_str(), s.raw.llr_milli, named(s))).collect();
    assert_eq!(
        lines,
        [
            ("customers_at_one_address", 0, vec!["K0002"]),
            ("own_sessions_at_shared_address", 0, vec!["K0002"])
        ]
    );
    assert_eq!(say(&mut state, &[usage(2, 4_500, class)]), [], "said once");
}

#[test]
fn an_approved_vendors_egress_is_documented_and_a_suspended_ones_is_not() {
    let of = |state: VendorState, declared: bool| {
        let messages: Vec<_> = together(0..8, NetworkClass::Hosting)
            .into_iter()
            .map(|message| LinkMessage {
                vendor: Some((VendorId::new("V1").unwrap(), Some(state))),
                declared,
                ..message
            })
            .collect();
        say(&mut State::default(), &messages)
    };
    let said = of(VendorState::Approved, true);
    assert_eq!(said.len(), 4, "each once, from the fifth on");
    for signal in &said {
        assert_eq!(signal.members.len(), 1);
        assert_eq!((signal.raw.cause, signal.raw.llr_milli), (Cause::DocumentedDelegation, -2_000));
    }
    assert!(of(VendorState::Suspended, false).iter().any(|signal| signal.raw.llr_milli > 0));
    assert!(of(VendorState::Approved, false).iter().any(|signal| signal.raw.llr_milli > 0));
    let delegated = of(VendorState::Removed, true);
    assert!(delegated.iter().all(|s| s.raw.llr_milli == 0 && s.raw.code == "delegation_at_shared_address"));
}

#[test]
fn while_it_lasts_it_is_said_once_a_day() {
    let mut state = State::default();
    let hosting = NetworkClass::Hosting;
    say(&mut state, &together(0..5, hosting));
    let hours: Vec<_> = (1..=72).map(|hour| usage(hour % 5, i64::from(hour) * 3_600, hosting)).collect();
    assert_eq!(say(&mut state, &hours).len(), 2);
}

#[test]
fn nothing_a_stranger_registers_or_probes_says_anything_about_anybody() {
    let hosting = NetworkClass::Hosting;
    let mut state = State::default();
    say(&mut state, &[registration(0, 0), usage(0, 10, hosting)]);
    // Nineteen strangers register the victim's address: without a use, and so without proof of being there.
    let strangers: Vec<_> = (1..20).map(|c| registration(c, 20)).collect();
    assert_eq!(say(&mut state, &strangers), []);
    // Uses from an address that the key never proved (its allowlist is not enforced) count for nobody.
    let unproved: Vec<_> = (20..40).map(|c| usage(c, 30, hosting)).collect();
    assert_eq!(say(&mut state, &unproved), []);
    assert_eq!(say(&mut state, &[usage(0, 700, hosting)]), []);
    // The same public program at another address each joins nobody.
    let copies: Vec<_> = (40..80)
        .flat_map(|c| {
            let own: Prefix = format!("203.0.113.{c}").parse().unwrap();
            let client = Mark::of("ccxt/4");
            [Link::Registration { prefix: own }, Link::Use { origin: own, client }]
                .map(|link| message(c, 40, hosting, link))
        })
        .collect();
    assert_eq!(say(&mut state, &copies), []);
}

#[test]
fn a_crowd_on_one_address_has_a_fixed_room_and_a_number_marked_approximate() {
    let params = Params { registered_only: false, ..Params::default() };
    let (mut state, mut out) = (State::default(), Vec::new());
    let people: u32 = 100_000;
    for customer in 0..people {
        let mut one = usage(customer, i64::from(customer) / 20, NetworkClass::Hosting);
        one.customer = None;
        Fanout::message(&params, &mut state, &one, &mut out);
    }
    let origin = state.origins.get(&ADDRESS.parse().unwrap()).unwrap();
    assert_eq!(origin.members.len(), EXACT_MAX);
    assert!(postcard::to_stdvec(&state).unwrap().len() < 16 * 1024);
    let crowded = i64::from(people) / 20 / i64::from(params.crowded_s);
    assert!(out.len() <= 28 + usize::try_from(crowded).unwrap() + 1, "{}", out.len());
    let last = out.last().unwrap();
    assert!(last.members.len() <= EXACT_MAX);
    let value = |name: &str| last.raw.values.iter().find(|(other, _)| other == name).unwrap().1.clone();
    assert!((50_000..115_000).contains(&value("customers").to_string().parse::<u32>().unwrap()));
    assert!(
        last.raw.values.iter().any(|(name, value)| name == "count" && value.to_string() == "approximate")
    );
}

#[test]
fn beyond_its_room_the_longest_unused_address_is_forgotten_with_its_history() {
    let params = Params { origins_max: 10, registered_only: false, ..Params::default() };
    let (mut state, mut out) = (State::default(), Vec::new());
    for n in 0..50_u32 {
        let origin: Prefix = format!("203.0.113.{n}").parse().unwrap();
        let link = Link::Use { origin, client: Mark(1) };
        Fanout::message(
            &params,
            &mut state,
            &message(n, i64::from(n), NetworkClass::Hosting, link),
            &mut out,
        );
    }
    assert_eq!(state.origins.len(), 10);
    assert!(state.origins.get(&"203.0.113.40".parse().unwrap()).is_some());
    Fanout::minute(&params, &mut state, at(8 * 86_400), &mut out);
    assert_eq!((state.origins.len(), postcard::to_stdvec(&state).unwrap().len()), (0, 4));
}

#[test]
fn parameters_are_read_strictly() {
    let read = |text: &str| serde_json::from_str::<Params>(text);
    assert_eq!(read("{}").unwrap(), Params::default());
    assert_eq!(read(r#"{"hosting_min":3}"#).unwrap().hosting_min, 3);
    assert!(read(r#"{"hosting_minimum":3}"#).is_err());
}

proptest! {
    /// Every window, at every use, against counting the whole list anew; and a snapshot at any place changes nothing.
    #[test]
    fn windows_are_those_of_naive_recomputation(
        uses in prop::collection::vec((0u32..48, 0i64..90_000), 1..160), crowd in prop::bool::ANY, stop in 0usize..160,
    ) {
        let params = Params { registered_only: false, ..Params::default() };
        let (mut state, mut out) = (State::default(), Vec::new());
        let (mut now, mut last) = (0, BTreeMap::<u32, i64>::new());
        for (n, (customer, gap)) in uses.iter().enumerate() {
            now += gap;
            let customer = if crowd { *customer } else { customer % 24 };
            last.insert(customer, now);
            Fanout::message(&params, &mut state, &usage(customer, now, NetworkClass::Hosting), &mut out);
            if n == stop {
                state = postcard::from_bytes(&postcard::to_stdvec(&state).unwrap()).unwrap();
            }
            let origin = state.origins.get_mut(&ADDRESS.parse().unwrap()).unwrap();
            for window in [params.short_s, params.long_s] {
                let truth = last.values().filter(|at| **at > now - i64::from(window)).count();
                let found = origin.count_since(before(at(now), window));
                if truth <= EXACT_MAX || !crowd {
                    // Exact, or (for a while after a crowd) known to be at least so many.
                    prop_assert!(found.customers as usize == truth || (!found.exact && found.customers <= 60));
                }
                if found.exact {
                    prop_assert_eq!(found.customers as usize, truth);
                }
                if !crowd {
                    prop_assert!(found.exact);
                }
            }
        }
        // The history holds what its addresses hold.
        let mut fresh = History::default();
        for (_, _, origin) in state.origins.iter() {
            fresh.add(origin.network, origin.counted);
        }
        prop_assert_eq!(format!("{:?}", fresh), format!("{:?}", state.history));
    }
}
