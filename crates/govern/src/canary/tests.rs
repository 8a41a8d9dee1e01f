//! What is due, and what findings come to.

use super::*;

fn found(gate: &str, answered: Answered) -> Finding {
    let gate = GateId::new(gate).unwrap();
    Finding { gate, answered, after_ms: None, detail: None, at: Timestamp::from_millis(0) }
}

#[test]
fn what_findings_come_to() {
    use Answered::{NotServedWhileAlive, Obeyed, StillServed, Unclear, Unreachable};
    let gates = ["g1".to_owned(), "g2".to_owned()];
    let table = [
        (vec![found("g1", Obeyed), found("g2", Obeyed)], Outcome::Obeyed),
        (vec![found("g1", Obeyed)], Outcome::Unclear),
        (vec![found("g1", Obeyed), found("g2", Unreachable)], Outcome::Unclear),
        (vec![found("g1", Obeyed), found("g2", NotServedWhileAlive)], Outcome::Unclear),
        (vec![found("g1", Obeyed), found("g2", Obeyed), found("g2", Unclear)], Outcome::Unclear),
        (vec![found("g1", Obeyed), found("g2", StillServed)], Outcome::Alive),
        (vec![found("g3", StillServed)], Outcome::Alive),
        (vec![], Outcome::Unclear),
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
    let due = |canary: &Canary, minutes: i64| due(Some((canary, made)), 24 * 60, 600, at(minutes));
    assert_eq!(super::due(None, 24 * 60, 600, at(0)), Due::Issue);
    let alive = canary(None, None);
    assert_eq!((due(&alive, 9), due(&alive, 10)), (Due::Live, Due::Expire));
    assert_eq!(due(&alive, 24 * 60), Due::Expire, "a living one is ended before another is made");
    let ended = canary(Some(1), None);
    assert_eq!((due(&ended, 11), due(&ended, 24 * 60)), (Due::Try, Due::Issue));
    let tried = canary(Some(1), Some("obeyed"));
    assert_eq!((due(&tried, 11), due(&tried, 24 * 60)), (Due::Nothing, Due::Issue));
}
