//! What senders that are no tap have brought into the event log, and which lines of the files are therefore left out, or refused.
//!
//! Of what a sender brought the event log is believed, and of all else the files: before it began, while it brought nothing for ten
//! minutes, and once it had ended. Its own time says when; what came more than five minutes late moves no finding, and counts as not
//! brought. Pure: no file, no clock. Never here: what taps handed in, which is left out by its place ([`super::log`]).

use super::settings::sent::{Apart, Sent};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use sumun_model::Timestamp;
use sumun_model::wire::Line;

/// Without a line for longer, a sender brought nothing. Microseconds: ten minutes, as long as the wire knows an id again.
pub(super) const GAP_US: i64 = 600_000_000;
/// At the rim of such a gap two clocks need not agree. Microseconds: a second; clocks under NTP differ by less, and most requests take less.
const RIM_US: i64 = 1_000_000;
/// Later than that a line feeds nothing (WIRE 4). Microseconds.
const LATE_US: i64 = 300_000_000;
/// What happened, and would count twice. Of the rest the last line counts, however often it is said.
pub(super) const EVENTS: &[&str] = &["access", "order", "quote", "report", "session", "trade", "transfer"];

/// Lines of one type that a sender brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Brought {
    pub(super) lines: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

impl Brought {
    /// Both together.
    fn and(self, other: &Self) -> Self {
        Self {
            lines: self.lines.saturating_add(other.lines),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

/// One sender, as the event log names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sender {
    types: BTreeMap<String, Brought>,
    /// When it brought something, without the gaps, one behind the other.
    spans: Vec<(Timestamp, Timestamp)>,
}

/// All of them, up to a line of the event log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Senders {
    /// The latest time of the log's lines.
    latest: Timestamp,
    by_source: BTreeMap<String, Sender>,
}

impl Default for Senders {
    fn default() -> Self {
        Self { latest: Timestamp::MIN, by_source: BTreeMap::new() }
    }
}

#[derive(Deserialize)]
struct Stamp<'a> {
    #[serde(rename = "type", borrow)]
    word: std::borrow::Cow<'a, str>,
    ts: Timestamp,
}

/// Lines of a source that nobody declared, of a time and types that files hold too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Undeclared<'a> {
    pub(super) source: &'a str,
    pub(super) types: Vec<&'a str>,
    pub(super) brought: Brought,
}

impl Senders {
    /// The event log's next line. Those of gates and of the exchange are kept in mind.
    pub(super) fn note(&mut self, source: &str, line: &[u8]) {
        let Ok(Stamp { word, ts }) = serde_json::from_slice(line) else { return };
        self.latest = self.latest.max(ts);
        let ours = !source.starts_with("exchange:") && !source.starts_with("gate:");
        if ours || self.latest.micros_since(ts) > LATE_US || !EVENTS.contains(&&*word) {
            return;
        }
        if !self.by_source.contains_key(source) {
            self.by_source.insert(source.to_owned(), Sender::default());
        }
        let Some(sender) = self.by_source.get_mut(source) else { return };
        let one = Brought { lines: 1, first: ts, last: ts };
        match sender.types.get_mut(&*word) {
            Some(brought) => *brought = one.and(brought),
            None => {
                sender.types.insert(word.into_owned(), one);
            }
        }
        match sender.spans.last_mut() {
            Some((from, to)) if ts.micros_since(*to) <= GAP_US => (*from, *to) = (ts.min(*from), ts.max(*to)),
            _ => sender.spans.push((ts, ts)),
        }
    }

    fn of<'a>(&'a self, sent: &'a Sent) -> impl Iterator<Item = &'a Sender> {
        self.by_source.iter().filter(|(source, _)| sent.source.is(source)).map(|(_, sender)| sender)
    }

    /// What a declared sender has brought of these types; none if nothing.
    pub(super) fn brought(&self, sent: &Sent, types: &[&str]) -> Option<Brought> {
        let of = self.of(sent).flat_map(|sender| &sender.types);
        let of = of.filter(|(word, _)| types.contains(&word.as_str())).map(|(_, brought)| brought.clone());
        of.reduce(|all, one| all.and(&one))
    }

    /// Which lines of a log are left out, as of `at`.
    pub(super) fn cover(&self, declared: &[Sent], log: &str, at: Timestamp) -> Cover {
        let mut cover = Cover::default();
        for sent in declared.iter().filter(|sent| sent.log == log) {
            for sender in self.of(sent) {
                let times = |ts: Timestamp| ts.plus_micros(sent.ahead_us.saturating_neg());
                for (word, brought) in &sender.types {
                    let first = times(brought.first);
                    cover.first.entry(word.clone()).and_modify(|it| *it = first.min(*it)).or_insert(first);
                }
                cover.spans.extend(sender.spans.iter().map(|(from, to)| (times(*from), times(*to))));
            }
        }
        cover.spans.sort_unstable();
        let mut joined: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (from, to) in std::mem::take(&mut cover.spans) {
            match joined.last_mut() {
                Some((_, end)) if from.micros_since(*end) <= GAP_US => *end = to.max(*end),
                _ => joined.push((from, to)),
            }
        }
        cover.goes_on = joined.last().is_some_and(|(_, to)| at.micros_since(*to) <= GAP_US);
        cover.spans = joined;
        cover
    }

    /// Senders of which nothing is said though files hold lines of their types and of their time. `stands` says whether files do.
    pub(super) fn undeclared<'a>(
        &'a self,
        types: &[&str],
        declared: &[Sent],
        apart: &[Apart],
        taps: &BTreeSet<String>,
        mut stands: impl FnMut(Timestamp, Timestamp) -> bool,
    ) -> Option<Undeclared<'a>> {
        // What gates decided is theirs: nothing changes with what the files hold.
        let told = |source: &str| {
            !source.starts_with("exchange:")
                || taps.contains(source)
                || declared.iter().any(|sent| sent.source.is(source))
                || apart.iter().any(|apart| apart.source.is(source))
        };
        self.by_source.iter().filter(|(source, _)| !told(source)).find_map(|(source, sender)| {
            let common = sender.types.iter().filter(|(word, _)| types.contains(&word.as_str()));
            let brought =
                common.clone().map(|(_, brought)| brought.clone()).reduce(|all, one| all.and(&one))?;
            let types = common.map(|(word, _)| word.as_str()).collect();
            stands(brought.first, brought.last).then_some(Undeclared { source, types, brought })
        })
    }
}

/// What of a log stands in the event log by its senders, in the log's own time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cover {
    first: BTreeMap<String, Timestamp>,
    /// Without gaps, one behind the other.
    spans: Vec<(Timestamp, Timestamp)>,
    /// They still send: what they have not brought yet they will.
    pub(super) goes_on: bool,
}

impl Cover {
    /// Whether a line of the log is left out.
    pub(super) fn leaves_out(&self, line: &Line, ts: Timestamp) -> bool {
        if self.first.get(line.type_word()).is_none_or(|first| ts < *first) {
            return false;
        }
        // The last span that has begun by then, a rim before its beginning.
        let begun = self.spans.partition_point(|(from, _)| from.plus_micros(-RIM_US) <= ts);
        let last = begun == self.spans.len();
        let span = begun.checked_sub(1).and_then(|index| self.spans.get(index));
        span.is_some_and(|(_, to)| ts <= to.plus_micros(RIM_US) || (last && self.goes_on))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sumun_model::wire::{Origin, parse_line};

    const SOURCE: &str = "exchange:backend";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(1_779_958_800_000_000 + second * 1_000_000)
    }

    fn text(word: &str, second: i64) -> String {
        match word {
            "session" => format!(
                r#"{{"type":"session","id":"s{second}","ts":"{}","account":"A1","action":"login"}}"#,
                at(second)
            ),
            _ => format!(
                r#"{{"type":"access","id":"a{second}","ts":"{}","key":"K1","account":"A1","verdict":"allow"}}"#,
                at(second)
            ),
        }
    }

    fn brought(lines: &[(&str, &str, i64)]) -> Senders {
        let mut senders = Senders::default();
        lines.iter().for_each(|(source, word, second)| senders.note(source, text(word, *second).as_bytes()));
        senders
    }

    fn declared(ahead_us: i64) -> Vec<Sent> {
        vec![Sent { source: SOURCE.parse().unwrap(), log: "front".to_owned(), ahead_us }]
    }

    fn leaves_out(cover: &Cover, word: &str, second: i64) -> bool {
        let line = parse_line(Origin { source_name: "t", line: 1 }, &text(word, second)).unwrap();
        cover.leaves_out(&line, at(second))
    }

    #[test]
    fn files_give_what_was_before_between_and_behind() {
        let senders = brought(&[
            (SOURCE, "access", 1000),
            ("govern", "access", 1200),
            (SOURCE, "access", 1500),
            // An hour of nothing, of which one line was brought behind.
            (SOURCE, "access", 5100),
            (SOURCE, "access", 3000),
            (SOURCE, "session", 5200),
        ]);
        let cover = senders.cover(&declared(0), "front", at(100_000));
        let left: Vec<i64> = (0..8000).filter(|second| leaves_out(&cover, "access", *second)).collect();
        let wanted: Vec<i64> = (1000..=1501).chain(5099..=5201).collect();
        assert_eq!(left, wanted);
        assert!(!leaves_out(&cover, "session", 5199) && leaves_out(&cover, "session", 5200));
        assert!(!leaves_out(&senders.cover(&declared(0), "other", at(100_000)), "access", 1200));
        // Who still sends will bring the rest.
        let cover = senders.cover(&declared(0), "front", at(5800));
        assert!(cover.goes_on && leaves_out(&cover, "access", 7999) && !leaves_out(&cover, "access", 3000));
        // A sender's clock that is two seconds ahead.
        let cover = senders.cover(&declared(2_000_000), "front", at(100_000));
        assert!(leaves_out(&cover, "access", 998) && !leaves_out(&cover, "access", 997));
    }

    #[test]
    fn what_nobody_declared_is_named_and_gates_and_taps_are_not() {
        let senders = brought(&[
            ("gate:g1:0a", "access", 10),
            ("exchange:tap.front.0a", "access", 10),
            (SOURCE, "access", 20),
            (SOURCE, "session", 25),
            (SOURCE, "access", 30),
        ]);
        let taps = BTreeSet::from(["exchange:tap.front.0a".to_owned()]);
        let found = senders.undeclared(&["access", "order"], &[], &[], &taps, |_, _| true).unwrap();
        let brought = Brought { lines: 2, first: at(20), last: at(30) };
        assert_eq!(found, Undeclared { source: SOURCE, types: vec!["access"], brought });
        let apart = [Apart { source: "exchange:back*".parse().unwrap() }];
        for (types, declared, apart, stands) in [
            (&["order"][..], &[][..], &[][..], true),
            (&["access"], &[], &[], false),
            (&["access"], &declared(0), &[], true),
            (&["access"], &[], &apart, true),
        ] {
            assert_eq!(senders.undeclared(types, declared, apart, &taps, |_, _| stands), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Against the naive reading: a second is left out if a line that was not late lies no further than the rim, or a gap is no gap.
        #[test]
        fn cover_is_what_a_naive_look_says(
            steps in prop::collection::vec((0i64..900, -400i64..1), 1..40),
        ) {
            let (mut now, mut lines, mut kept) = (0, Vec::new(), Vec::new());
            let mut latest = i64::MIN;
            for (step, behind) in steps {
                now += step;
                let second = now + behind;
                lines.push((SOURCE, "access", second));
                latest = latest.max(second);
                if latest - second <= 300 {
                    kept.push(second);
                }
            }
            kept.sort_unstable();
            let cover = brought(&lines).cover(&declared(0), "front", at(1_000_000));
            let (first, last) = (kept[0], kept[kept.len() - 1]);
            let line = parse_line(Origin { source_name: "t", line: 1 }, &text("access", 0)).unwrap();
            for second in first - 20..last + 20 {
                let behind = kept.partition_point(|one| *one < second);
                let (before, behind) = (behind.checked_sub(1).map(|n| kept[n]), kept.get(behind).copied());
                let near = [before, behind].into_iter().flatten().any(|one| (one - second).abs() <= 1);
                let within = matches!((before, behind), (Some(a), Some(b)) if b - a <= 600);
                let wanted = second >= first && (near || within);
                prop_assert_eq!(cover.leaves_out(&line, at(second)), wanted, "{}", second);
            }
        }
    }
}
