//! What senders that are no tap have brought into the event log, and which lines of the files are therefore left out, or refused.
//!
//! Of what a sender brought the event log is believed, and of all else the files, type by type: before it began, while it brought nothing of
//! the type for ten minutes, and once it had ended. Until ten minutes have passed nobody knows which: such lines wait for a later round.
//! Its own time says when; what came more than five minutes late moves no finding, and counts as not brought. Pure: no file, no clock.
//! Never here: what taps handed in, which is left out by its place ([`super::log`]).

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

/// From when to when, without a gap.
type Span = (Timestamp, Timestamp);

/// Lines of one type that a sender brought, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfType {
    brought: Brought,
    /// Without the gaps, one behind the other.
    spans: Vec<Span>,
}

impl OfType {
    /// One more line.
    fn note(&mut self, ts: Timestamp) {
        self.brought = Brought { lines: 1, first: ts, last: ts }.and(&self.brought);
        match self.spans.last_mut() {
            Some((from, to)) if ts.micros_since(*to) <= GAP_US => (*from, *to) = (ts.min(*from), ts.max(*to)),
            _ => self.spans.push((ts, ts)),
        }
    }
}

/// One sender, as the event log names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sender {
    types: BTreeMap<String, OfType>,
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
        match sender.types.get_mut(&*word) {
            Some(of) => of.note(ts),
            None => {
                let brought = Brought { lines: 1, first: ts, last: ts };
                sender.types.insert(word.into_owned(), OfType { brought, spans: vec![(ts, ts)] });
            }
        }
    }

    fn of<'a>(&'a self, sent: &'a Sent) -> impl Iterator<Item = &'a Sender> {
        self.by_source.iter().filter(|(source, _)| sent.source.is(source)).map(|(_, sender)| sender)
    }

    /// What a declared sender has brought of these types; none if nothing.
    pub(super) fn brought(&self, sent: &Sent, types: &[&str]) -> Option<Brought> {
        let of = self.of(sent).flat_map(|sender| &sender.types);
        let of = of.filter(|(word, _)| types.contains(&word.as_str())).map(|(_, of)| of.brought.clone());
        of.reduce(|all, one| all.and(&one))
    }

    /// Which lines of a log are left out, as of `at`.
    pub(super) fn cover(&self, declared: &[Sent], log: &str, at: Timestamp) -> Cover {
        let mut spans: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        for sent in declared.iter().filter(|sent| sent.log == log) {
            let times = |ts: Timestamp| ts.plus_micros(sent.ahead_us.saturating_neg());
            for (word, of) in self.of(sent).flat_map(|sender| &sender.types) {
                let of = of.spans.iter().map(|(from, to)| (times(*from), times(*to)));
                spans.entry(word.clone()).or_default().extend(of);
            }
        }
        spans.values_mut().for_each(|spans| *spans = joined(std::mem::take(spans)));
        Cover { spans, at }
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
                common.clone().map(|(_, of)| of.brought.clone()).reduce(|all, one| all.and(&one))?;
            let types = common.map(|(word, _)| word.as_str()).collect();
            stands(brought.first, brought.last).then_some(Undeclared { source, types, brought })
        })
    }
}

/// The same in order, without gaps that are none.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for (from, to) in spans {
        match joined.last_mut() {
            Some((_, end)) if from.micros_since(*end) <= GAP_US => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// Where a line of a log counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// In the files: no sender brought it.
    Here,
    /// In the event log: it is left out of the files.
    There,
    /// Not known yet: its sender may still bring it.
    Later,
}

/// What of a log stands in the event log by its senders, in the log's own time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cover {
    /// Of each type, without gaps, one behind the other.
    spans: BTreeMap<String, Vec<Span>>,
    at: Timestamp,
}

impl Default for Cover {
    fn default() -> Self {
        Self { spans: BTreeMap::new(), at: Timestamp::MIN }
    }
}

impl Cover {
    fn may_go_on(&self, to: Timestamp) -> bool {
        self.at.micros_since(to) <= GAP_US
    }

    /// Whether anything may still be brought.
    pub(super) fn goes_on(&self) -> bool {
        self.spans.values().filter_map(|spans| spans.last()).any(|(_, to)| self.may_go_on(*to))
    }

    /// Where a line of the log counts. Once it is here or there it stays so, whatever is brought of a time behind `at`.
    pub(super) fn counts(&self, line: &Line, ts: Timestamp) -> Counts {
        let spans = self.spans.get(line.type_word()).map_or(&[][..], Vec::as_slice);
        if spans.first().is_none_or(|(first, _)| ts < *first) {
            return Counts::Here;
        }
        // The last span that has begun by then, a rim before its beginning.
        let begun = spans.partition_point(|(from, _)| from.plus_micros(-RIM_US) <= ts);
        match begun.checked_sub(1).and_then(|index| spans.get(index)) {
            Some((_, to)) if ts <= to.plus_micros(RIM_US) => Counts::There,
            Some((_, to)) if begun == spans.len() && self.may_go_on(*to) => Counts::Later,
            _ => Counts::Here,
        }
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

    fn counts(cover: &Cover, word: &str, second: i64) -> Counts {
        let line = parse_line(Origin { source_name: "t", line: 1 }, &text(word, second)).unwrap();
        cover.counts(&line, at(second))
    }

    fn left_out(cover: &Cover, word: &str) -> Vec<i64> {
        (0..8000).filter(|second| counts(cover, word, *second) == Counts::There).collect()
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
        let wanted: Vec<i64> = (1000..=1501).chain(5099..=5101).collect();
        assert_eq!(left_out(&cover, "access"), wanted);
        assert_eq!(left_out(&cover, "session"), [5200, 5201]);
        assert!(left_out(&senders.cover(&declared(0), "other", at(100_000)), "access").is_empty());
        // A sender's clock that is two seconds ahead.
        let cover = senders.cover(&declared(2_000_000), "front", at(100_000));
        assert_eq!(left_out(&cover, "access").first(), Some(&998));
    }

    /// A sender of accesses that sent sessions for its first hour only.
    #[test]
    fn of_a_type_that_it_sends_no_more_the_files_give_the_rest() {
        let all = (0..20_000).step_by(60);
        let sent: Vec<_> = all
            .flat_map(|second| {
                let session = (second < 3600).then_some((SOURCE, "session", second));
                std::iter::once((SOURCE, "access", second)).chain(session)
            })
            .collect();
        let cover = brought(&sent).cover(&declared(0), "front", at(20_000));
        assert_eq!(counts(&cover, "access", 10_000), Counts::There);
        assert_eq!(left_out(&cover, "session"), (0..=3541).collect::<Vec<_>>());
        assert_eq!(counts(&cover, "session", 10_000), Counts::Here);
    }

    #[test]
    fn what_may_still_be_brought_waits_until_ten_minutes_have_passed() {
        let senders = brought(&[(SOURCE, "access", 1000), (SOURCE, "access", 1500)]);
        let as_of = |second: i64| senders.cover(&declared(0), "front", at(second));
        for (second, is) in [(999, Counts::Here), (1501, Counts::There), (1502, Counts::Later)] {
            assert_eq!(counts(&as_of(2100), "access", second), is, "{second}");
        }
        assert!(as_of(2100).goes_on() && !as_of(2101).goes_on());
        assert_eq!(counts(&as_of(2101), "access", 1502), Counts::Here);
        assert_eq!(counts(&as_of(2100), "session", 1502), Counts::Here);
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

    /// What a naive look says of a second of the files: `kept` is what was brought of its type and was not late, in order.
    fn naive(kept: &[i64], second: i64, as_of: i64) -> Counts {
        if kept.first().is_none_or(|first| second < *first) {
            return Counts::Here;
        }
        let behind = kept.partition_point(|one| *one < second);
        let (before, behind) = (behind.checked_sub(1).map(|n| kept[n]), kept.get(behind).copied());
        let near = [before, behind].into_iter().flatten().any(|one| (one - second).abs() <= 1);
        match (before, behind) {
            _ if near => Counts::There,
            (Some(before), Some(behind)) if behind - before <= 600 => Counts::There,
            (Some(before), None) if as_of - before <= 600 => Counts::Later,
            _ => Counts::Here,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Type by type; and whatever is brought from then on changes nothing of what was read or left out.
        #[test]
        fn cover_is_what_a_naive_look_says(
            steps in prop::collection::vec((0i64..900, -400i64..1, any::<bool>()), 1..40),
            quiet in 0i64..900,
            more in prop::collection::vec((0i64..900, any::<bool>()), 0..6),
        ) {
            let word = |access: bool| if access { "access" } else { "session" };
            let (mut now, mut latest, mut lines) = (0, i64::MIN, Vec::new());
            let mut kept: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
            for (step, behind, access) in steps {
                now += step;
                let second = now + behind;
                lines.push((SOURCE, word(access), second));
                latest = latest.max(second);
                if latest - second <= 300 {
                    kept.entry(word(access)).or_default().push(second);
                }
            }
            kept.values_mut().for_each(|kept| kept.sort_unstable());
            let as_of = latest + quiet;
            let cover = brought(&lines).cover(&declared(0), "front", at(as_of));
            let mut then = as_of;
            lines.extend(more.into_iter().map(|(step, access)| {
                then += step;
                (SOURCE, word(access), then)
            }));
            let in_the_end = brought(&lines).cover(&declared(0), "front", at(then + 100_000));
            for word in ["access", "session"] {
                let line = parse_line(Origin { source_name: "t", line: 1 }, &text(word, 0)).unwrap();
                let kept = kept.get(word).map_or(&[][..], Vec::as_slice);
                for second in kept.first().map_or(0, |first| first - 20)..as_of + 20 {
                    let is = cover.counts(&line, at(second));
                    prop_assert_eq!(is, naive(kept, second, as_of), "{} {}", word, second);
                    let end = in_the_end.counts(&line, at(second));
                    prop_assert_ne!(end, Counts::Later);
                    prop_assert!(is == Counts::Later || second > as_of - 2 || is == end, "{word} {second}");
                }
            }
        }
    }
}
