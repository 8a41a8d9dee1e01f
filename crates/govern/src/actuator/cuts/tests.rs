//! What a log says of cuts: uses after them, and silence as far as every front has told.

use super::*;
use sumun_model::wire::{Line, Origin, parse_line};

fn line(id: &str, second: u32, fields: &str) -> AccessLine {
    let text = format!(
        r#"{{"type":"access","id":"{id}","ts":"2026-11-02T00:00:{second:02}Z","key":"K1","account":"A1",{fields}}}"#
    );
    match parse_line(Origin { source_name: "test", line: 1 }, &text) {
        Ok(Line::Access(line)) => *line,
        other => panic!("{other:?}"),
    }
}

fn row(target: Target, state: ActuationState) -> ActuationRow {
    // 2026-11-02T00:00:10Z
    let at_us = 1_793_577_610_000_000;
    ActuationRow {
        actuation: "exchange:K1".to_owned(),
        destination: "exchange".to_owned(),
        key: "K1".to_owned(),
        target,
        state,
        intent: 1,
        intended_us: at_us,
        changed_us: at_us,
        acknowledged_us: (!state.is_open()).then_some(at_us),
        body: super::super::ActuationBody::default(),
        version: 2,
    }
}

fn watching() -> Cuts {
    Cuts::new(Some("exchange".to_owned()), LogRules { grace_s: 5, settle_s: 10 })
}

/// At that second.
fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_793_577_600_000_000 + second * 1_000_000)
}

const OK: &str = r#""verdict":"allow","status":200,"effect":"order""#;

#[test]
fn a_request_that_succeeds_after_a_cut_is_seen_once() {
    let cuts = watching();
    cuts.notice(&line("before", 1, OK), "front", at(60));
    cuts.take_in(&row(Target::Held, ActuationState::Acknowledged));
    cuts.notice(&line("under-way", 14, OK), "front", at(60));
    cuts.notice(&line("refused", 20, r#""verdict":"deny","status":401,"effect":"order""#), "front", at(60));
    cuts.notice(&line("failed", 20, r#""verdict":"allow","status":422,"effect":"order""#), "front", at(60));
    cuts.notice(&line("reads", 20, r#""verdict":"allow","status":200,"effect":"read""#), "front", at(60));
    assert_eq!(cuts.take_seen(), []);
    cuts.notice(&line("alive", 21, OK), "front", at(60));
    cuts.notice(&line("again", 22, OK), "front", at(60));
    let seen: Vec<String> = cuts.take_seen().into_iter().map(|seen| seen.event).collect();
    assert_eq!(seen, ["alive"]);
    cuts.notice(&line("later", 40, OK), "front", at(60));
    assert!(cuts.quiet(at(60)).is_empty() && cuts.take_seen().is_empty());
}

#[test]
fn silence_is_noted_once_the_log_has_gone_on_without_the_key() {
    let cuts = watching();
    cuts.take_in(&row(Target::Ended, ActuationState::Acknowledged));
    cuts.notice(&line("last", 9, OK), "front", at(60));
    assert!(cuts.quiet(at(60)).is_empty(), "a log that stands still is not silent");
    let other = line("other", 30, OK);
    let other = AccessLine { key: Some("K2".parse().unwrap()), ..other };
    cuts.notice(&other, "front", at(60));
    let quiet = cuts.quiet(at(60));
    assert_eq!(quiet.len(), 1);
    assert_eq!(quiet[0].last_us.map(|us| us % 60_000_000), Some(9_000_000));
    assert!(cuts.quiet(at(60)).is_empty(), "it is noted once");
    // Restored: nothing is watched any more.
    cuts.take_in(&row(Target::Live, ActuationState::Acknowledged));
    cuts.notice(&line("served", 40, OK), "front", at(60));
    assert!(cuts.take_seen().is_empty());
}

#[test]
fn silence_counts_as_far_as_every_front_has_told_and_no_clock_is_ahead_of_ours() {
    let of_other = |id: &str, second| {
        let line = line(id, second, OK);
        AccessLine { key: Some("K2".parse().unwrap()), ..line }
    };
    let cuts = watching();
    cuts.notice(&of_other("b", 9), "front-b", at(9));
    cuts.take_in(&row(Target::Ended, ActuationState::Acknowledged));
    // Its clock is a minute ahead.
    cuts.notice(&of_other("a", 59), "front-a", at(20));
    assert!(cuts.quiet(at(20)).is_empty(), "what one front says of an instant to come");
    cuts.notice(&of_other("a2", 50), "front-a", at(50));
    assert!(cuts.quiet(at(50)).is_empty(), "the other front's log stands still: the key may be used there");
    cuts.notice(&of_other("b2", 40), "front-b", at(51));
    let quiet = cuts.quiet(at(51));
    assert_eq!(quiet.len(), 1);
    assert_eq!((quiet[0].until_us, quiet[0].sources.len()), (at(40).as_micros(), 2));
    // One that told nothing for a day was taken away.
    let cuts = watching();
    cuts.flowed(&BTreeMap::from([("front-b".to_owned(), at(9 - 86_400).as_micros())]));
    cuts.take_in(&row(Target::Ended, ActuationState::Acknowledged));
    cuts.notice(&of_other("a3", 50), "front-a", at(50));
    assert_eq!(cuts.quiet(at(50)).len(), 1);
    assert_eq!(cuts.flow().len(), 2, "both are known, for whoever keeps it");
}

#[test]
fn a_subscribers_keys_have_no_log_here() {
    let cuts = watching();
    cuts.take_in(&ActuationRow {
        destination: "risk".to_owned(),
        ..row(Target::Ended, ActuationState::Acknowledged)
    });
    cuts.notice(&line("alive", 50, OK), "front", at(60));
    assert_eq!((cuts.take_seen(), cuts.quiet(at(60))), (Vec::new(), Vec::new()));
}
