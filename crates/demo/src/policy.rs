//! The demo's policy with days of another length: every window in it grows or shrinks alike.

use anyhow::{Context, Result};
use toml::Value;

/// The policy of `policies/demo.toml`, as it was when this was built.
pub(crate) const DEMO: &str = include_str!("../../../policies/demo.toml");
/// How long a day is in it.
pub(crate) const DAY_S: u32 = 10;

/// The policy text with a day of `day_s` seconds; as it stands, comments and all, where that is its own length.
///
/// Windows are the numbers whose name ends in `_s`, and what conditions compare `in_measure_s` with.
pub(crate) fn compressed(text: &str, day_s: u32) -> Result<String> {
    if day_s == DAY_S {
        return Ok(text.to_owned());
    }
    let mut policy: Value = toml::from_str(text).context("the demo's policy is no TOML")?;
    scale(&mut policy, "", day_s);
    Ok(toml::to_string(&policy)?)
}

/// How long a hold of this policy waits for its review, in minutes, begun ones whole.
pub(crate) fn hold_due_minutes(text: &str) -> Result<u32> {
    let policy: Value = toml::from_str(text).context("the demo's policy is no TOML")?;
    let seconds =
        policy.get("ladder").and_then(|ladder| ladder.get("hold_due_s")).and_then(Value::as_integer);
    let seconds = seconds.context("the demo's policy has no `hold_due_s` in [ladder]")?;
    u32::try_from(seconds).map(|seconds| seconds.div_ceil(60)).context("`hold_due_s` is no length of time")
}

fn scaled(seconds: i64, day_s: u32) -> i64 {
    (seconds * i64::from(day_s) / i64::from(DAY_S)).max(i64::from(seconds > 0))
}

fn scale(value: &mut Value, name: &str, day_s: u32) {
    match value {
        Value::Integer(seconds) if name.ends_with("_s") => *seconds = scaled(*seconds, day_s),
        Value::String(text) if name == "when" => *text = condition(text, day_s),
        Value::Array(items) => items.iter_mut().for_each(|item| scale(item, "", day_s)),
        Value::Table(table) => table.iter_mut().for_each(|(name, value)| scale(value, name, day_s)),
        _ => {}
    }
}

/// A condition with the seconds it names made longer or shorter.
fn condition(text: &str, day_s: u32) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    for at in 2..words.len() {
        let (before, rest) = words.split_at_mut(at);
        if let (Some(subject), Some(word)) = (before.get(at - 2), rest.first_mut())
            && subject.trim_start_matches('(') == "in_measure_s"
            && let Ok(seconds) = word.parse()
        {
            *word = scaled(seconds, day_s).to_string();
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_waits_in_whole_minutes() {
        assert_eq!(hold_due_minutes(DEMO).unwrap(), 3);
        assert_eq!(hold_due_minutes(&compressed(DEMO, 1).unwrap()).unwrap(), 1);
        assert!(hold_due_minutes("[ladder]\n").is_err());
    }

    #[test]
    fn its_own_day_leaves_it_as_it_stands() {
        assert_eq!(compressed(DEMO, DAY_S).unwrap(), DEMO);
    }

    #[test]
    fn a_longer_day_makes_every_window_longer() {
        let text = "[ladder]\nday_s = 10\nquiet_s = 70\n[[rules]]\nwhen = 'measure == \"hold\" && in_measure_s >= 10'\nat = 10\n";
        assert_eq!(
            compressed(text, 30).unwrap(),
            "[ladder]\nday_s = 30\nquiet_s = 210\n\n[[rules]]\nat = 10\nwhen = 'measure == \"hold\" && in_measure_s >= 30'\n"
        );
        assert!(compressed(DEMO, 5).unwrap().contains("day_s = 5"));
    }
}
