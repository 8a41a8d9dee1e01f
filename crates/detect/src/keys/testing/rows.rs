//! What a row of a bench's table may say.
//!
//! | verb | then | is |
//! |---|---|---|
//! | `use` | where program effect | a request let through; its address is in effect |
//! | `foreign` | where program effect | valid signature, refused for its address |
//! | `shadow` | where program effect | the same, but let through: shadow mode |
//! | `refused:REASON` | where program effect | valid signature, address in effect, refused for something else |
//! | `forged` | where program effect | the signature does not hold |
//! | `owner` | where | the owner signs in |
//! | `stranger` | where | somebody fails to sign in |
//! | `says` | report kind, reliability | a report about the key |
//! | `allow` | entries | the key's line comes with another allowlist; `~` before an entry: registered only, `!`: proved |
//! | `wait` | | time passes |
//!
//! An effect is `read`, `order`, `order:MARKET`, `cancel`, `transfer`. After it: `nonce=`, `skew=`, `scope=`, `replay=fail`, `clock=fail`.

use super::{BEGIN_US, Bench};
use crate::keys::KeyDetector;
use sumun_model::key::{AllowlistEntry, RecordedPrefix};
use sumun_model::wire::{AccessLine, ReportLine, SessionLine};
use sumun_model::{Check, CheckOutcome, Checks, EventId, Timestamp};

impl<D: KeyDetector> Bench<D> {
    pub(super) fn row(&mut self, at: i64, verb: &str, rest: &[&str]) {
        self.pass(at);
        match (verb, rest) {
            ("wait", []) => {}
            ("owner", [from]) => self.session(from, "login"),
            ("stranger", [from]) => self.session(from, "login_failed"),
            ("says", [kind, reliability @ ..]) => {
                let line: ReportLine = line(&[
                    ("id", "r1".into()),
                    ("kind", (*kind).into()),
                    ("reliability", reliability.first().copied().into()),
                ]);
                self.around(|params, state, around, emit| D::report(params, state, &line, around, emit));
            }
            ("allow", entries) => {
                let before = self.key.clone();
                self.key.allowlist = entries.iter().map(|entry| allow(entry)).collect();
                self.around(|params, state, around, emit| {
                    D::key(params, state, Some(&before), around, emit);
                });
            }
            (verb, [from, program, effect, more @ ..]) => self.request(verb, from, program, effect, more),
            _ => panic!("`{verb}` with {rest:?}"),
        }
    }

    fn session(&mut self, from: &str, action: &str) {
        let line: SessionLine = line(&[
            ("id", "s1".into()),
            ("account", "A1".into()),
            ("action", action.into()),
            ("ip", from.into()),
        ]);
        self.around(|params, state, around, emit| D::session(params, state, &line, around, emit));
    }

    fn request(&mut self, verb: &str, from: &str, program: &str, effect: &str, more: &[&str]) {
        let id = self.next_id("a");
        let line = access(&id, verb, from, effect, more);
        self.access(&line, verb != "forged", program);
    }

    /// A row's request, without its time, played by the caller.
    pub(super) fn request_line(&mut self, row: &str) -> AccessLine {
        let id = self.next_id("a");
        match row.split_whitespace().collect::<Vec<_>>().as_slice() {
            [verb, from, _, effect, more @ ..] => access(&id, verb, from, effect, more),
            _ => panic!("`{row}` is no request"),
        }
    }
}

fn access(id: &EventId, verb: &str, from: &str, effect: &str, more: &[&str]) -> AccessLine {
    let (effect, market) = effect.split_once(':').map_or((effect, None), |(e, m)| (e, Some(m)));
    let (verb, reason) = verb.split_once(':').map_or((verb, None), |(v, r)| (v, Some(r)));
    let more: Vec<(&str, &str)> = more.iter().map(|word| word.split_once('=').unwrap()).collect();
    let extra = |name: &str| more.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    let (verdict, address, reason) = match verb {
        "use" => ("allow", CheckOutcome::Pass, None),
        "foreign" | "shadow" => ("deny", CheckOutcome::Fail, Some("address_not_allowed")),
        "refused" => ("deny", CheckOutcome::Pass, reason),
        "forged" => ("deny", CheckOutcome::Fail, Some("signature_invalid")),
        _ => panic!("unknown verb `{verb}`"),
    };
    let mut line: AccessLine = line(&[
        ("id", id.as_str().into()),
        ("ip", from.into()),
        ("effect", effect.into()),
        ("market", market.into()),
        ("scope", extra("scope").into()),
        ("nonce", extra("nonce").into()),
        ("verdict", verdict.into()),
        ("reason", reason.into()),
        ("enforced", (verb != "shadow").into()),
    ]);
    line.skew_ms = extra("skew").map(|ms| ms.parse().unwrap());
    let mut checks = Checks::NONE;
    checks.set(Check::Address, address);
    for (name, check) in [("replay", Check::Replay), ("clock", Check::Clock)] {
        if extra(name) == Some("fail") {
            checks.set(check, CheckOutcome::Fail);
        }
    }
    line.checks = Some(checks);
    line
}

/// A line of the wire by its fields; the bench's own clock counts, not the line's.
fn line<T: serde::de::DeserializeOwned>(fields: &[(&str, serde_json::Value)]) -> T {
    let mut object = serde_json::Map::new();
    object.insert("ts".into(), Timestamp::from_micros(BEGIN_US).to_string().into());
    object.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    serde_json::from_value(object.into()).unwrap()
}

/// An allowlist entry.
pub(super) fn allow(text: &str) -> AllowlistEntry {
    let recorded = |prefix: &str, proved| {
        let prefix = prefix.parse().unwrap();
        AllowlistEntry::Recorded(RecordedPrefix { prefix, since: None, proved })
    };
    match text.split_at(1) {
        ("~", prefix) => recorded(prefix, None),
        ("!", prefix) => recorded(prefix, Some(Timestamp::from_micros(BEGIN_US))),
        _ => AllowlistEntry::Plain(text.parse().unwrap()),
    }
}

const UNITS: [(&str, i64); 5] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("ms", 1_000), ("m", 60_000_000), ("s", 1_000_000)];

/// `1d2h3m4s` and `250ms` in microseconds.
pub(super) fn micros(text: &str) -> i64 {
    let (mut rest, mut sum) = (text, 0);
    while !rest.is_empty() {
        let digits =
            rest.find(|c: char| !c.is_ascii_digit()).unwrap_or_else(|| panic!("`{text}` is no time"));
        let (number, behind) = rest.split_at(digits);
        let (unit, us) = UNITS.iter().find(|(unit, _)| behind.starts_with(unit)).unwrap();
        sum += number.parse::<i64>().unwrap() * us;
        rest = &behind[unit.len()..];
    }
    sum
}

/// Microseconds as people write a span.
pub(super) fn span(us: i64) -> String {
    let mut out = String::new();
    let mut rest = us;
    for (unit, size) in [UNITS[0], UNITS[1], UNITS[3], UNITS[4], UNITS[2]] {
        if rest >= size {
            out += &format!("{}{unit}", rest / size);
            rest %= size;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}
