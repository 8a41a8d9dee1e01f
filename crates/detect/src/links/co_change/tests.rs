//! Co-changes: who is told of, who never, the guards, and the bounds.

use super::*;
use crate::network::Network;
use proptest::prelude::*;
use std::collections::BTreeSet;
use sumun_model::{AccountId, CustomerId, EventId, OperatorId, VendorId};

const DAY: i64 = 86_400;
const T0: i64 = 1_790_000_000 / DAY * DAY;

/// A world on a time line: messages by second, minutes in between.
#[derive(Default)]
struct World {
    params: Params,
    state: State,
    messages: Vec<LinkMessage>,
}

fn message(key: u32, second: i64, link: Link) -> LinkMessage {
    LinkMessage {
        now: Timestamp::from_seconds(T0 + second).unwrap(),
        event: Some(EventId::new(&format!("e{second}-{key}")).unwrap()),
        key: KeyId::new(&format!("K{key:04}")).unwrap(),
        account: AccountId::new(&format!("A{key:04}")).unwrap(),
        customer: Some(CustomerId::new(&format!("C{key:04}")).unwrap()),
        segment: Some(Segment::Retail),
        purpose: None,
        operator: None,
        vendor: None,
        declared: false,
        network: Some(network(key % 40, NetworkClass::Hosting)),
        link,
    }
}

fn network(n: u32, class: NetworkClass) -> Network {
    Network {
        prefix: format!("198.51.{n}.0/24").parse().unwrap(),
        asn: Some(64_500 + n),
        org: None,
        country: None,
        class,
    }
}

impl World {
    /// So many keys, used once an hour for so many days.
    fn with(keys: u32, days: i64) -> Self {
        let mut world = Self::default();
        for hour in 0..days * 24 {
            for key in 0..keys {
                let origin = format!("198.51.{}.{}", key % 40, key / 40).parse().unwrap();
                let link = Link::Use { origin, client: Mark(1) };
                world.messages.push(message(key, hour * 3_600 + i64::from(key), link));
            }
        }
        world
    }

    fn change(&mut self, key: u32, second: i64, change: Change) {
        self.messages.push(message(key, second, Link::Change { change }));
    }

    /// These keys stop and return on so many days, each time some seconds from one another, at another hour every day.
    fn outages(&mut self, keys: std::ops::Range<u32>, days: std::ops::Range<i64>, spread: i64) {
        for day in days {
            let moment = day * DAY + (day * day * 7_919 + 1_234) % DAY;
            for key in keys.clone() {
                let jitter = (i64::from(key) * 37 + day * 11) % spread;
                self.change(key, moment + jitter, Change::Stopped);
                self.change(key, moment + 1_700 + jitter, Change::Resumed);
            }
        }
    }

    /// Plays everything in order of time with every minute between, a snapshot at `stop`, and some hours after.
    fn play_stopping(mut self, stop: usize) -> (Vec<LinkSignal>, State) {
        self.messages.sort_by(|a, b| (a.now, &a.key).cmp(&(b.now, &b.key)));
        let (mut out, mut minute) = (Vec::new(), 0);
        let mut until = |state: &mut State, second: i64, out: &mut Vec<LinkSignal>| {
            while minute * 60 <= second {
                CoChange::minute(
                    &self.params,
                    state,
                    Timestamp::from_seconds(T0 + minute * 60).unwrap(),
                    out,
                );
                minute += 1;
            }
        };
        for (n, message) in self.messages.iter().enumerate() {
            if n == stop {
                self.state = postcard::from_bytes(&postcard::to_stdvec(&self.state).unwrap()).unwrap();
            }
            let second = message.now.as_micros() / 1_000_000 - T0;
            until(&mut self.state, second, &mut out);
            CoChange::message(&self.params, &mut self.state, message, &mut out);
        }
        let last = self.messages.last().map_or(0, |m| m.now.as_micros() / 1_000_000 - T0);
        until(&mut self.state, last + 9_000, &mut out);
        (out, self.state)
    }

    fn play(self) -> Vec<LinkSignal> {
        self.play_stopping(usize::MAX).0
    }
}

fn members(said: &[LinkSignal]) -> BTreeSet<&str> {
    said.iter().flat_map(|signal| signal.members.iter().map(KeyId::as_str)).collect()
}

#[test]
fn a_pool_whose_machine_restarts_again_and_again_is_told_of_from_the_third_time() {
    let mut world = World::with(120, 6);
    world.outages(0..6, 1..6, 40);
    let said = world.play();
    let pool = BTreeSet::from(["K0000", "K0001", "K0002", "K0003", "K0004", "K0005"]);
    // One may be missing: who by chance always went first looks like one that the others follow.
    assert!(members(&said).is_subset(&pool) && members(&said).len() >= 5, "{:?}", members(&said));
    let first = &said[0];
    assert!(first.raw.llr_milli >= 2_000, "{}", first.raw.llr_milli);
    assert!(first.weights.iter().all(|(_, weight)| *weight > 0));
    let lines: Vec<_> = first.raw.values.iter().map(|(name, value)| format!("{name} {value}")).collect();
    insta::assert_snapshot!(lines.join(", "), @"change resumed, customers 6, keys 6, occasions 3, window 300");
    assert!(said.len() <= 4, "once a day");
}

#[test]
fn stops_told_late_and_dated_back_are_together_when_they_were() {
    let uses = World::with(120, 14).messages.into_iter();
    let mut told: Vec<(i64, LinkMessage)> =
        uses.map(|message| (message.now.as_micros() / 1_000_000 - T0, message)).collect();
    for day in 9..14 {
        let moment = day * DAY + day * day * 377;
        // The slower the key, the later its silence is told.
        for key in 0..6_u32 {
            let at = moment + (i64::from(key) * 7 + 5 * day) % 11;
            let stop = message(key, at, Link::Change { change: Change::Stopped });
            told.push((moment + 300 + i64::from(key) * 1_000, stop));
        }
    }
    told.sort_by_key(|(second, _)| *second);
    let (params, mut state, mut out, mut minute) = (Params::default(), State::default(), Vec::new(), 0);
    for (second, message) in &told {
        while minute * 60 <= *second {
            let begun = Timestamp::from_seconds(T0 + minute * 60).unwrap();
            CoChange::minute(&params, &mut state, begun, &mut out);
            minute += 1;
        }
        CoChange::message(&params, &mut state, message, &mut out);
    }
    // All but those who, in so few stops, always were among the first.
    let pool = BTreeSet::from(["K0000", "K0001", "K0002", "K0003", "K0004", "K0005"]);
    assert!(members(&out).is_subset(&pool) && members(&out).len() >= 4, "{:?}", members(&out));
}

#[test]
fn two_occasions_are_not_enough_and_two_customers_neither() {
    let mut world = World::with(120, 5);
    world.outages(0..6, 1..3, 40);
    assert_eq!(world.play(), []);
    let mut world = World::with(120, 8);
    world.outages(0..2, 1..8, 40);
    assert_eq!(world.play(), []);
}

#[test]
fn an_outage_of_the_venue_says_nothing() {
    let mut world = World::with(120, 8);
    world.outages(0..100, 1..8, 40);
    assert_eq!(world.play(), []);
}

#[test]
fn an_outage_of_their_network_says_nothing() {
    let mut world = World::with(200, 8);
    // Keys 3, 43, 83, 123 and 163 are all that use AS64503.
    for day in 1..8 {
        for key in (3..200).step_by(40) {
            world.change(key, day * DAY + 700 * day * day + i64::from(key) / 10, Change::Stopped);
            world.change(key, day * DAY + 700 * day * day + 2_000 + i64::from(key) / 10, Change::Resumed);
        }
    }
    assert_eq!(world.play(), []);
}

#[test]
fn a_release_day_and_a_fashion_say_nothing() {
    let mut world = World::with(200, 12);
    for release in 1..8_u32 {
        let day = i64::from(release) * DAY;
        for key in 0..60 {
            // A third of the house takes each release within the day, six of them at the same minute.
            let second = if key < 6 { 40_000 } else { i64::from(key) * 1_300 };
            world.change(key, day + second, Change::Upgraded { client: Mark(release) });
            world.change(key, day + second + 20, Change::SwitchedMarket { market: Mark(100 + release) });
        }
    }
    assert_eq!(world.play(), []);
}

#[test]
fn a_pool_that_upgrades_alone_is_told_of() {
    let mut world = World::with(200, 12);
    for release in 1..6_u32 {
        for key in 0..6 {
            let second = i64::from(release) * DAY
                + i64::from(release * release * 2_133 + (key * 7 + release * 11) % 40);
            world.change(key, second, Change::Upgraded { client: Mark(release) });
        }
    }
    assert_eq!(members(&world.play()).len(), 6);
}

#[test]
fn a_timetable_that_many_keep_says_nothing() {
    let mut world = World::with(200, 20);
    for day in 0..20 {
        for key in 0..6 {
            world.change(key, day * DAY + 32_400 + i64::from(key) % 2, Change::Resumed);
            world.change(key, day * DAY + 64_800 + i64::from(key) % 2, Change::Stopped);
        }
    }
    assert_eq!(world.play(), []);
}

#[test]
fn records_explain_a_vendor_and_a_desk() {
    for explain in [
        |message: &mut LinkMessage| {
            message.vendor = Some((VendorId::new("V1").unwrap(), Some(VendorState::Approved)));
        },
        |message: &mut LinkMessage| message.operator = Some(OperatorId::new("desk-2").unwrap()),
        |message: &mut LinkMessage| message.customer = Some(CustomerId::new("C1").unwrap()),
    ] {
        let mut world = World::with(120, 7);
        world.outages(0..6, 1..7, 40);
        world.messages.iter_mut().for_each(explain);
        assert_eq!(world.play(), []);
    }
}

#[test]
fn a_household_may_lose_its_power_but_four_homes_do_not() {
    for (keys, told) in [(3, false), (4, true)] {
        let mut world = World::with(160, 8);
        world.outages(0..keys, 1..8, 40);
        for message in &mut world.messages {
            // All on one big network of homes, so that it was no outage of the network.
            message.network = Some(network(1, NetworkClass::Residential));
        }
        assert_eq!(!world.play().is_empty(), told, "{keys}");
    }
}

#[test]
fn followers_are_told_of_and_never_whom_they_follow() {
    // Keys 1 to 4 are a stranger's, who watches key 0 and does after it whatever it does.
    let mut world = World::with(160, 10);
    for day in 1..10 {
        let moment = day * DAY + day * day * 733;
        world.change(0, moment, Change::Stopped);
        world.change(0, moment + 2_000, Change::Resumed);
        for key in 1..5 {
            let later = 3 + (i64::from(key) * 13 + day * 7) % 30;
            world.change(key, moment + later, Change::Stopped);
            world.change(key, moment + 2_000 + later, Change::Resumed);
        }
    }
    let said = world.play();
    assert!(!said.is_empty());
    assert!(!members(&said).contains("K0000"));
    assert!(said.iter().all(|signal| signal.weights.iter().all(|(key, _)| key.as_str() != "K0000")));
}

#[test]
fn keys_that_change_often_meet_by_chance() {
    let mut world = World::with(100, 10);
    for key in 0..30_u32 {
        for n in 0..60_i64 {
            let second = (i64::from(key) * 7_717 + n * n * 991 + n * 12_007) % (10 * DAY);
            world.change(key, second, if n % 2 == 0 { Change::Stopped } else { Change::Resumed });
        }
    }
    assert_eq!(world.play(), []);
}

#[test]
fn its_room_is_fixed_and_a_flood_judges_nobody() {
    let mut world = World::with(10, 1);
    world.params = Params { keys_max: 50, pairs_max: 40, waiting_max: 100, ..Params::default() };
    for day in 0..4 {
        for key in 0..400 {
            world.change(key, day * DAY + 7_000 + i64::from(key) / 10, Change::Stopped);
        }
    }
    let (said, mut state) = world.play_stopping(usize::MAX);
    assert_eq!(said, []);
    assert_eq!(CoChange::take_crowded(&mut state), 4 * 400, "whoever gave way and whoever stayed, each once");
    assert_eq!(CoChange::take_crowded(&mut state), 0, "what was told of is not told of again");
    assert!(
        state.keys.len() <= 50
            && state.pairs.len() <= 40
            && state.stops.waiting.len() <= 100
            && state.others.waiting.len() <= 100
    );
    assert!(state.pairs.ties() <= 2 * state.pairs.len());
}

#[test]
fn only_what_a_flood_reaches_is_counted_as_crowded() {
    let flood = |world: &mut World, keys: u32| {
        for key in 0..keys {
            world.change(key, 2 * DAY + 7_000 + i64::from(key) / 10, Change::Resumed);
        }
    };
    // Before the flood, and once what came with it has been judged and forgotten, changes are judged.
    let calm = |world: &mut World| {
        for (key, second) in [(1, DAY), (2, DAY + 9_000), (3, 2 * DAY + 7_000 + 3_600), (4, 3 * DAY)] {
            world.change(key, second, Change::Resumed);
        }
    };
    for (keys, crowded) in [(100, 0), (150, 150)] {
        let params = Params { waiting_max: 100, ..Params::default() };
        let mut world = World { params, ..World::with(10, 4) };
        flood(&mut world, keys);
        calm(&mut world);
        let (_, mut state) = world.play_stopping(usize::MAX);
        assert_eq!(CoChange::take_crowded(&mut state), crowded, "{keys} at once");
    }
}

#[test]
fn parameters_are_read_strictly() {
    assert_eq!(serde_json::from_str::<Params>("{}").unwrap(), Params::default());
    assert!(serde_json::from_str::<Params>(r#"{"window":3}"#).is_err());
}

#[derive(Clone, Debug)]
struct Did {
    key: u32,
    second: i64,
    kind: bool,
}

/// The pairs of a list of changes that lie within the window of one another, counted naively, without any guard.
fn naive(done: &[Did], window: i64) -> BTreeSet<(u32, u32)> {
    let mut met = BTreeSet::new();
    for (n, a) in done.iter().enumerate() {
        for b in &done[..n] {
            if a.kind == b.kind && a.key != b.key && (a.second - b.second).abs() <= window {
                met.insert((a.key.min(b.key), a.key.max(b.key)));
            }
        }
    }
    met
}

proptest! {
    /// The window is exact: with the guards wide open, the pairs remembered are those a naive count finds. And a stop and restore
    /// anywhere changes neither the pairs nor what is said.
    #[test]
    fn pairs_are_those_of_naive_recomputation(
        steps in prop::collection::vec((0u32..9, 0i64..400, any::<bool>()), 1..60), stop in 0usize..60,
    ) {
        let mut second = 0;
        let done: Vec<Did> = steps.into_iter().map(|(key, gap, kind)| {
            second += gap;
            Did { key, second, kind }
        }).collect();
        let world = || {
            let params =
                Params { venue_share_milli: 100_000, network_share_milli: 100_000, ..Params::default() };
            let mut world = World { params, ..World::default() };
            for did in &done {
                world.change(did.key, did.second, if did.kind { Change::Stopped } else { Change::Resumed });
            }
            world
        };
        let (said, state) = world().play_stopping(usize::MAX);
        let mut expected = naive(&done, i64::from(Params::default().window_s));
        for a in 0..9_u32 {
            for b in a + 1..9 {
                let key = |n: u32| KeyId::new(&format!("K{n:04}")).unwrap();
                prop_assert_eq!(state.pairs.get(&key(a), &key(b)).is_some(), expected.remove(&(a, b)), "{} {}", a, b);
            }
        }
        let (again, restored) = world().play_stopping(stop);
        prop_assert_eq!(again, said);
        prop_assert_eq!(postcard::to_stdvec(&restored).unwrap(), postcard::to_stdvec(&state).unwrap());
    }
}
