//! How long the system took, from what it wrote down itself: when the event that earned a measure was seen, when the measure
//! was decided, when every gate had obeyed.

use serde_json::Value;
use sumun_model::Timestamp;

/// A second, and what a machine that builds beside the test may make of it. The figures themselves are printed.
const BOUND_MS: i64 = 1_000;
const LOAD_FACTOR: i64 = 3;

/// The instant in a field.
pub(crate) fn at(row: &Value, name: &str) -> Timestamp {
    row[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {row}")).parse().unwrap()
}

/// When a window of so many seconds ends: timers fire at whole seconds (WIRE 4), live as in replay.
pub(crate) fn window_ends(at: Timestamp, seconds: i64) -> Timestamp {
    let us = at.as_micros() + seconds * 1_000_000;
    Timestamp::from_micros(us + (-us).rem_euclid(1_000_000))
}

/// Demands that a measure began, and was obeyed, within the bound of what earned it.
pub(crate) fn in_time(measure: &Value, earned: Timestamp) {
    let ms = |name: &str| at(measure, name).micros_since(earned) / 1_000;
    let (word, decided, obeyed) = (&measure["measure"], ms("began"), ms("effect"));
    println!("{word}: decided after {decided} ms, obeyed by every gate after {obeyed} ms");
    assert!(obeyed >= decided, "{measure}");
    assert!(obeyed <= BOUND_MS * LOAD_FACTOR, "{obeyed} ms from what earned it at {earned}: {measure}");
}

/// When the latest event came that a measure rests on: the line of the log that its signals name, else the signals' own time.
pub(crate) fn earned(measure: &Value, signals: &[Value], log: &[Value]) -> Timestamp {
    let relied_on = measure["body"]["signals"].as_array().unwrap();
    let of_measure = signals.iter().filter(|signal| relied_on.contains(&signal["id"]));
    let latest = of_measure
        .max_by_key(|signal| at(signal, "ts"))
        .unwrap_or_else(|| panic!("rests on nothing: {measure}"));
    let event = latest["evidence"].as_array().and_then(|ids| ids.last());
    let line = log.iter().find(|line| line["type"] == "access" && Some(&line["id"]) == event);
    line.map_or_else(|| at(latest, "ts"), |line| at(line, "ts"))
}
