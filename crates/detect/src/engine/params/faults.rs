//! Parameters that can be read and mean nothing: a window of no time, evidence of negative strength, an order turned round.
//!
//! Judged by name and unit, as all parameters are named: `_s` are seconds, `milli` thousandths, all else counts. A new parameter is
//! judged without a line here; only what departs from its unit is listed. Never here: what is wise, which is the policy linter's.

use super::Params;
use serde_json::{Map, Value};
use std::fmt;

/// Longest window, seconds: ten years of 365 days. Beyond, somebody counted in another unit.
const WINDOW_S_MAX: i64 = 10 * 365 * 86_400;
/// Most strength of one finding, thousandths: odds of e²⁰.
const STRENGTH_MILLI_MAX: i64 = 20_000;
/// A whole, thousandths.
const WHOLE_MILLI: i64 = 1_000;
/// Most of anything that is counted.
const COUNT_MAX: i64 = 100_000_000;

/// What 0 switches off.
const MAY_BE_ZERO: &[&str] =
    &["confirmed_s", "edited_s", "home_s", "household_max", "lead_s", "owner_session_s", "unrelated_max"];
/// Evidence that only ever takes away.
const NEVER_ABOVE_ZERO: &[&str] = &["delegation_in_use_milli", "vendor_llr_milli"];
/// Parts of a whole.
const SHARES: &[&str] =
    &["medium_milli", "network_share_milli", "refused_milli", "same_client_milli", "venue_share_milli"];
/// What the first names is never more than what the second does.
const ORDERED: &[(&str, &str, &str)] = &[
    ("concurrent_origins", "return_milli", "strength_milli_max"),
    ("auth_failure_burst", "in_use_milli", "repeated_milli"),
    ("first_seen_network", "history_medium_s", "history_strong_s"),
    ("unfamiliar_properties", "session_gap_s", "session_s"),
    ("unfamiliar_properties", "session_s", "baseline_s"),
    ("unfamiliar_properties", "learn_sessions_least", "learn_sessions"),
    ("fanout", "short_s", "long_s"),
    ("fanout", "business_from_hour", "business_until_hour"),
];

/// A parameter that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The section of `[detectors]`.
    pub section: String,
    /// The parameter.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}.{}`: {}", self.section, self.field, self.message)
    }
}

/// Everything that means nothing, by section and name.
pub(super) fn of(params: &Params) -> Vec<Fault> {
    // Structs of numbers and lists: writing them as JSON cannot fail.
    let written = serde_json::to_value(params).unwrap_or_default();
    let mut faults = Vec::new();
    if let Some(engine) = written.get("engine").and_then(Value::as_object) {
        section("engine", engine, &mut faults);
    }
    for kind in ["keys", "links"] {
        for (name, fields) in written.get(kind).and_then(Value::as_object).into_iter().flatten() {
            if let Some(fields) = fields.as_object() {
                section(name, fields, &mut faults);
            }
        }
    }
    faults.sort();
    faults
}

fn section(name: &str, fields: &Map<String, Value>, faults: &mut Vec<Fault>) {
    let mut say = |field: &str, message: String| {
        faults.push(Fault { section: name.to_owned(), field: field.to_owned(), message });
    };
    for (field, value) in fields {
        let found = match value {
            Value::Array(shares) => all_of_a_whole(shares),
            value => value.as_i64().and_then(|number| judged(field, number)),
        };
        if let Some(message) = found {
            say(field, message);
        }
    }
    for (_, less, more) in ORDERED.iter().filter(|(section, ..)| *section == name) {
        let number = |field: &str| fields.get(field).and_then(Value::as_i64);
        if let (Some(low), Some(high)) = (number(less), number(more))
            && low > high
        {
            say(less, format!("{low} is more than `{more}`, which is {high}; set both"));
        }
    }
}

fn judged(field: &str, number: i64) -> Option<String> {
    let least = i64::from(!MAY_BE_ZERO.contains(&field));
    let (range, what) = if NEVER_ABOVE_ZERO.contains(&field) {
        (-STRENGTH_MILLI_MAX..=0, "thousandths of evidence that only takes away")
    } else if SHARES.contains(&field) {
        (0..=WHOLE_MILLI, "thousandths of a whole")
    } else if field.contains("milli") {
        (0..=STRENGTH_MILLI_MAX, "thousandths of strength")
    } else if field.ends_with("_hour") {
        (0..=24, "an hour of the day")
    } else if field.ends_with("_s") {
        (least..=WINDOW_S_MAX, "a window in seconds")
    } else {
        (least..=COUNT_MAX, "a count")
    };
    let (from, to) = (range.start(), range.end());
    (!range.contains(&number)).then(|| format!("{number} is not {what}, {from} to {to}"))
}

/// Weights of parts: none beyond the whole, and together the whole.
fn all_of_a_whole(parts: &[Value]) -> Option<String> {
    let parts: Vec<i64> = parts.iter().map(Value::as_i64).collect::<Option<_>>()?;
    let sum = parts.iter().fold(0_i64, |sum, part| sum.saturating_add(*part));
    let good = sum == WHOLE_MILLI && parts.iter().all(|part| (0..=WHOLE_MILLI).contains(part));
    (!good).then(|| format!("weights of parts are {WHOLE_MILLI} thousandths together, not {sum}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::params::Written;

    #[test]
    fn the_catalogues_values_mean_something() {
        assert_eq!(Params::default().faults(), []);
    }

    #[test]
    fn nonsense_is_named_with_its_place_and_what_would_do() {
        let told: Vec<String> = [
            r#"{"concurrent_origins":{"window_s":0}}"#,
            r#"{"concurrent_origins":{"return_milli":-600}}"#,
            r#"{"concurrent_origins":{"same_client_milli":1001}}"#,
            r#"{"concurrent_origins":{"return_milli":4000}}"#,
            r#"{"first_seen_network":{"history_strong_s":3}}"#,
            r#"{"fanout":{"vendor_llr_milli":1,"business_until_hour":25,"hosting_min":0}}"#,
            r#"{"unfamiliar_properties":{"place_milli":[600,300,200]}}"#,
            r#"{"engine":{"silent_s":99999999999}}"#,
            r#"{"engine":{"silent_s":999999999}}"#,
            r#"{"co_change":{"lead_s":0,"unrelated_max":0}}"#,
        ]
        .iter()
        .map(|text| match serde_json::from_str::<Params>(text) {
            Ok(_) => format!("{text}\n  good"),
            Err(error) => format!("{text}\n  {error}"),
        })
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn what_is_only_read_is_not_judged() {
        let written: Written = serde_json::from_str(r#"{"fanout":{"short_s":0}}"#).unwrap();
        let faults = written.0.faults();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!((faults[0].section.as_str(), faults[0].field.as_str()), ("fanout", "short_s"));
    }
}
