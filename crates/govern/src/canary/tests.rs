//! What is due, and what findings come to.

use super::*;

fn found(gate: &str, answered: Answered) -> Finding {
    Finding {
        gate: GateId::new(gate).unwrap(),
        answered,
        detail: Some(OBEYED.to_owned()),
        at: Timestamp::from_millis(0),
    }
}

/// Refused, and not because it has ended.
fn by_address(gate: &str) -> Finding {
    Finding { detail: Some("address_not_allowed".to_owned()), ..found(gate, Answered::Refused) }
}

#[test]
fn what_findings_come_to() {
    use Answered::{Passed, Refused, Unclear};
    let gates = ["g1".to_owned(), "g2".to_owned()];
    let table = [
        (vec![found("g1", Refused), found("g2", Refused)], Outcome::Obeyed),
        (vec![found("g1", Refused)], Outcome::Unclear),
        (vec![found("g1", Refused), found("g2", Unclear)], Outcome::Unclear),
        (vec![found("g1", Refused), found("g2", Refused), found("g2", Unclear)], Outcome::Unclear),
        (vec![found("g1", Refused), found("g2", Passed)], Outcome::Alive),
        (vec![found("g3", Passed)], Outcome::Alive),
        (vec![], Outcome::Unclear),
        (vec![found("g1", Refused), by_address("g2")], Outcome::Unclear),
    ];
    for (findings, expected) in table {
        assert_eq!(outcome(&gates, &findings), expected, "{findings:?}");
    }
    assert_eq!(outcome(&[], &[]), Outcome::Unclear, "nobody tried is nobody seen to obey");
}

#[test]
fn what_is_due() {
    let canary = |expired: Option<i64>, outcome: Option<&str>| Canary {
        canary: "C1".to_owned(),
        key: "K1".to_owned(),
        gates: Vec::new(),
        expired: expired.map(Timestamp::from_millis),
        outcome: outcome.map(str::to_owned),
        findings: Value::Null,
        version: 1,
    };
    let made = Timestamp::from_millis(0);
    let at = |minutes: i64| made.plus_micros(minutes * 60_000_000);
    let due = |canary: &Canary, minutes: i64| due(Some((canary, made)), 24, 10, at(minutes));
    assert_eq!(super::due(None, 24, 10, at(0)), Due::Issue);
    let alive = canary(None, None);
    assert_eq!((due(&alive, 9), due(&alive, 10)), (Due::Nothing, Due::Expire));
    assert_eq!(due(&alive, 24 * 60), Due::Expire, "a living one is ended before another is made");
    let ended = canary(Some(1), None);
    assert_eq!((due(&ended, 11), due(&ended, 24 * 60)), (Due::Try, Due::Issue));
    let tried = canary(Some(1), Some("obeyed"));
    assert_eq!((due(&tried, 11), due(&tried, 24 * 60)), (Due::Nothing, Due::Issue));
}
