//! The record against a naive model that remembers every line.

use super::names::{CLIENT_BYTES_MAX, NETWORK_BYTES_MAX, ROUTE_BYTES_MAX, cut};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use sumun_model::wire::{Line, Origin, parse_line};

const START_US: i64 = 1_793_577_600_000_000;
/// A compressed day: ten seconds.
const DAY_S: u32 = 10;
const HABITS: Habits = Habits { day_s: DAY_S };

/// One request: when, from where, with what, whether it went through.
#[derive(Clone, Debug)]
struct Made {
    after_ms: i64,
    address: u8,
    client: u8,
    route: u8,
    passed: bool,
}

fn made(addresses: u8) -> impl Strategy<Value = Made> {
    // Gates' clocks differ, so that lines do not come in the order of their times.
    (0..2_000_i64, 0..addresses, 0..12_u8, 0..20_u8, any::<bool>()).prop_map(
        |(after_ms, address, client, route, passed)| Made { after_ms, address, client, route, passed },
    )
}

fn sightings(made: &[Made]) -> Vec<Sighting> {
    let mut at_ms = 0;
    let mut all = Vec::new();
    for (position, made) in (1..).zip(made) {
        at_ms += made.after_ms - 500;
        all.push(Sighting {
            key: "K1".parse().unwrap(),
            position,
            at: Timestamp::from_micros(START_US + at_ms * 1_000),
            address: IpAddr::from([203, 0, 113, made.address]),
            client: Some(format!("bot-{}", made.client)),
            route: Some(format!("GET /v1/r{}", made.route)),
            effect: Some(Effect::Read),
            passed: made.passed,
        });
    }
    all
}

fn taken(all: &[Sighting]) -> Activity {
    let mut record = Activity::default();
    for seen in all {
        assert!(record.note(seen, HABITS));
    }
    record
}

proptest! {
    #[test]
    fn counts_are_those_of_all_lines(made in prop::collection::vec(made(16), 0..200), later_ms in 0..20_000_i64) {
        let all = sightings(&made);
        let record = taken(&all);
        let passed: Vec<_> = all.iter().filter(|seen| seen.passed).collect();
        prop_assert_eq!(record.uses, passed.len() as u64);
        prop_assert_eq!(record.refused, (all.len() - passed.len()) as u64);
        prop_assert_eq!(record.last_used_us, passed.iter().map(|seen| seen.at.as_micros()).max());
        prop_assert_eq!(record.since_us, all.iter().map(|seen| seen.at.as_micros()).min());
        // Sixteen addresses fit: each is told exactly.
        let mut naive: BTreeMap<IpAddr, (i64, i64, u32, u32)> = BTreeMap::new();
        for seen in &all {
            let at = seen.at.as_micros();
            let one = naive.entry(seen.address).or_insert((at, at, 0, 0));
            *one = (one.0.min(at), one.1.max(at), one.2 + u32::from(seen.passed), one.3 + u32::from(!seen.passed));
        }
        let told: BTreeMap<_, _> = record
            .sources
            .iter()
            .map(|note| (note.address, (note.first_us, note.last_us, note.uses, note.refused)))
            .collect();
        prop_assert_eq!(told, naive);
        // What lies within the day that ends at or after the latest use.
        let latest = passed.iter().map(|seen| seen.at.as_micros()).max().unwrap_or(START_US);
        let now = Timestamp::from_micros(latest + later_ms * 1_000);
        let part = |at: i64| at.div_euclid(i64::from(DAY_S) * 1_000_000 / 24);
        let within = passed.iter().filter(|seen| part(seen.at.as_micros()) > part(now.as_micros()) - 24).count();
        prop_assert_eq!(record.recent_uses(now), within as u64);
        prop_assert_eq!(record.hours.iter().map(|count| u64::from(*count)).sum::<u64>(), record.uses);
    }

    /// Lines come in batches; between two the process may die, and what was not written is read again, and more besides.
    #[test]
    fn no_line_counts_twice_however_often_it_is_read(
        made in prop::collection::vec(made(40), 1..150),
        runs in prop::collection::vec((0..150_usize, 0..60_usize, any::<bool>()), 0..20),
    ) {
        let all = sightings(&made);
        let (mut written, mut held) = (Activity::default(), Activity::default());
        for (from, lines, dies) in runs {
            // Never behind the first line that is not written.
            let from = from.min(usize::try_from(held.position).unwrap());
            for seen in all.iter().skip(from).take(lines) {
                held.note(seen, HABITS);
            }
            if dies {
                held = written.clone();
            } else {
                let text = held.to_text();
                let mut read: Activity = serde_json::from_str(&text).unwrap();
                read.position = held.position;
                written = read;
                prop_assert_eq!(&held, &written);
            }
        }
        for seen in &all {
            held.note(seen, HABITS);
        }
        prop_assert_eq!(held, taken(&all));
    }

    #[test]
    fn a_record_has_its_bounds(
        names in prop::collection::vec((any::<[u8; 16]>(), ".{0,80}", ".{0,80}", any::<bool>()), 0..120),
    ) {
        let mut record = Activity::default();
        for (position, (address, client, route, passed)) in (1..).zip(names) {
            let seen = Sighting {
                key: "K1".parse().unwrap(),
                position,
                at: Timestamp::from_micros(START_US + i64::try_from(position).unwrap() * 1_000_000),
                address: IpAddr::from(address),
                client: Some(cut(&client, CLIENT_BYTES_MAX)),
                route: Some(cut(&route, ROUTE_BYTES_MAX)),
                effect: Some(Effect::Transfer),
                passed,
            };
            record.note(&seen, HABITS);
            record.name_networks(|_| Some((client.clone(), Some("KR".to_owned()))));
        }
        (record.hours, record.parts) = ([u32::MAX; PARTS], [u32::MAX; PARTS]);
        for note in &mut record.sources {
            (note.uses, note.refused) = (u32::MAX, u32::MAX);
        }
        prop_assert!(record.sources.len() <= SOURCES_MAX);
        prop_assert!(record.clients.len() <= CLIENTS_MAX);
        prop_assert!(record.routes.len() <= ROUTES_MAX);
        let text = record.to_text();
        prop_assert!(text.len() <= BYTES_MAX, "{} bytes", text.len());
        prop_assert!(serde_json::from_str::<Activity>(&text).is_ok());
    }
}

/// Names were once cut without a sign that they were.
#[test]
fn what_was_cut_before_is_the_same_as_what_is_cut_now() {
    // No part of it is like another: what is looked for below is found where it was put.
    let long: String = (1..=8).map(|part| format!("made-up-bot-{part}/")).collect();
    let seen = |position: u64| Sighting {
        key: "K1".parse().unwrap(),
        position,
        at: Timestamp::from_micros(START_US),
        address: IpAddr::from([203, 0, 113, 1]),
        client: Some(cut(&long, CLIENT_BYTES_MAX)),
        route: Some(cut(&long, ROUTE_BYTES_MAX)),
        effect: Some(Effect::Read),
        passed: true,
    };
    let mut now = taken(&[seen(1)]);
    now.name_networks(|_| Some((long.clone(), None)));
    let text = |long: &str, most: usize| (cut(long, most), long[..most].to_owned());
    let before =
        [CLIENT_BYTES_MAX, ROUTE_BYTES_MAX, NETWORK_BYTES_MAX].iter().fold(now.to_text(), |all, most| {
            let (with, without) = text(&long, *most);
            assert!(all.contains(&with));
            all.replace(&with, &without)
        });
    let mut read: Activity = serde_json::from_str(&before).unwrap();
    assert_eq!((&read.sources, &read.clients, &read.routes), (&now.sources, &now.clients, &now.routes));
    assert!(read.note(&seen(2), HABITS));
    assert_eq!((read.clients.len(), read.clients[0].uses), (1, 2));
    assert_eq!((read.routes.len(), read.routes[0].uses), (1, 2));
    // Both stood there for a while.
    let (with, without) = text(&long, CLIENT_BYTES_MAX);
    let both = [with, without].map(|client| ClientNote { client, first_us: 1, last_us: 2, uses: 3 });
    let mut twice = Activity { clients: both.to_vec(), ..Activity::default() };
    let mut read: Activity = serde_json::from_str(&twice.to_text()).unwrap();
    read.each_once();
    assert_eq!(read.clients.iter().map(|note| note.uses).collect::<Vec<_>>(), [6]);
}

/// The owner's own addresses stay while a stranger tries a thousand others.
#[test]
fn refused_ones_make_room_for_refused_ones() {
    let mut record = Activity::default();
    let mut note = |position: u64, address: [u8; 4], passed| {
        let at = Timestamp::from_micros(START_US + i64::try_from(position).unwrap() * 1_000);
        let (key, address) = ("K1".parse().unwrap(), IpAddr::from(address));
        let seen = Sighting { key, position, at, address, client: None, route: None, effect: None, passed };
        record.note(&seen, HABITS);
    };
    for position in 1..=8 {
        note(position, [203, 0, 113, u8::try_from(position).unwrap()], true);
    }
    for position in 9..=1_000_u64 {
        let [.., high, low] = position.to_be_bytes();
        note(position, [198, 51, high, low], false);
    }
    let own = record.sources.iter().filter(|note| note.uses > 0).count();
    assert_eq!((own, record.sources.len()), (8, SOURCES_MAX));
    assert_eq!((record.uses, record.refused), (8, 992));
}

fn line(fields: &str) -> Option<Sighting> {
    let text = format!(
        r#"{{"type":"access","id":"a1","ts":"2026-11-02T00:00:00Z","key":"K1","account":"A1","ip":"::ffff:203.0.113.9",{fields}}}"#
    );
    match parse_line(Origin { source_name: "test", line: 1 }, &text) {
        Ok(Line::Access(line)) => sighting_of(&line, 7),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bad_signature_touches_nothing() {
    let request = r#""method":"POST","route":"/v1/orders","effect":"order","agent":"made-up-bot/1""#;
    for word in ["invalid", "absent", "unchecked"] {
        assert_eq!(line(&format!(r#"{request},"signature":"{word}","verdict":"deny""#)), None, "{word}");
    }
    let seen = line(&format!(r#"{request},"signature":"valid","verdict":"allow""#)).unwrap();
    assert_eq!(
        (seen.passed, seen.position, seen.address.to_string(), seen.route.as_deref()),
        (true, 7, "203.0.113.9".to_owned(), Some("POST /v1/orders"))
    );
    assert!(!line(r#""signature":"valid","verdict":"deny""#).unwrap().passed);
    assert!(
        line(r#""signature":"valid","verdict":"deny","enforced":false"#).unwrap().passed,
        "it went through"
    );
    assert_eq!(
        line(r#""signature":"valid","verdict":"allow","method":"MESSAGE""#),
        None,
        "signed at its opening"
    );
}

#[test]
fn a_day_of_another_length_counts_anew() {
    let all = sightings(&vec![Made { after_ms: 600, address: 1, client: 1, route: 1, passed: true }; 5]);
    let mut record = taken(&all);
    let (next, day) = (Sighting { position: 6, ..all[4].clone() }, Habits::default());
    record.note(&next, day);
    assert_eq!((record.uses, record.recent_uses(next.at), record.day_s), (6, 1, 86_400));
}
