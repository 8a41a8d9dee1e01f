//! Against a model that reads the log once and keeps everything: what is late, repeated or older, and what state holds.

use super::stage::{engine, lines, options};
use proptest::prelude::*;
use std::collections::BTreeMap;
use sumun_model::Timestamp;

/// One line of a small world: how far time goes on (or back), and what the line is.
#[derive(Clone, Debug)]
struct Step {
    seconds: i64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Tick,
    Event { kind: u8, id: u8, key: u8, source: bool },
    Key { key: u8, state: u8 },
    Account { account: u8, segment: u8 },
    Network { prefix: u8 },
}

const KINDS: [&str; 3] = ["access", "order", "session"];
const STATES: [&str; 3] = ["requested", "active", "suspended"];
const SEGMENTS: [&str; 3] = ["retail", "corporate", "broker"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let what = prop_oneof![
        1 => Just(What::Tick),
        8 => (0u8..3, 0u8..4, 0u8..3, any::<bool>())
            .prop_map(|(kind, id, key, source)| What::Event { kind, id, key, source }),
        3 => (0u8..3, 0u8..3).prop_map(|(key, state)| What::Key { key, state }),
        3 => (0u8..3, 0u8..3).prop_map(|(account, segment)| What::Account { account, segment }),
        1 => (0u8..2).prop_map(|prefix| What::Network { prefix }),
    ];
    prop::collection::vec(
        (prop_oneof![3 => 0i64..30, 2 => -400i64..0, 1 => 30i64..700], what)
            .prop_map(|(seconds, what)| Step { seconds, what }),
        1..80,
    )
}

fn line(ts: Timestamp, what: &What) -> String {
    match what {
        What::Tick => format!(r#"{{"type":"tick","ts":"{ts}"}}"#),
        What::Event { kind, id, key, source } => {
            let source = if *source { r#","source":"s""# } else { "" };
            let kind = KINDS[usize::from(*kind)];
            let more = match kind {
                "access" => {
                    format!(r#","key":"K{key}","ip":"203.0.113.7","signature":"valid","verdict":"allow""#)
                }
                "order" => format!(r#","key":"K{key}""#),
                _ => String::new(),
            };
            format!(r#"{{"type":"{kind}","id":"e{id}","ts":"{ts}","account":"A{key}"{more}{source}}}"#)
        }
        What::Key { key, state } => format!(
            r#"{{"type":"key","ts":"{ts}","key":"K{key}","account":"A{key}","state":"{}"}}"#,
            STATES[usize::from(*state)]
        ),
        What::Account { account, segment } => format!(
            r#"{{"type":"account","ts":"{ts}","account":"A{account}","segment":"{}"}}"#,
            SEGMENTS[usize::from(*segment)]
        ),
        What::Network { prefix } => {
            format!(r#"{{"type":"network","ts":"{ts}","prefix":"203.0.{prefix}.0/24"}}"#)
        }
    }
}

#[derive(Debug, Default, PartialEq)]
struct Model {
    now: i64,
    late: u64,
    repeats: u64,
    older: u64,
    first: Vec<(i64, String)>,
    told: BTreeMap<String, (i64, u8)>,
}

impl Model {
    fn take(&mut self, ts: i64, what: &What) {
        self.now = self.now.max(ts);
        let (subject, value) = match what {
            What::Tick => return,
            What::Event { kind, id, key, source } => {
                if self.now - ts > 300 {
                    self.late += 1;
                    return;
                }
                let name = format!("{kind} {id} {key} {source}");
                if self.first.iter().any(|(at, known)| *known == name && self.now - at <= 600) {
                    self.repeats += 1;
                } else {
                    self.first.push((self.now, name));
                }
                return;
            }
            What::Key { key, state } => (format!("K{key}"), *state),
            What::Account { account, segment } => (format!("A{account}"), *segment),
            What::Network { prefix } => (format!("N{prefix}"), 0),
        };
        match self.told.get(&subject) {
            Some((last, _)) if *last > ts => self.older += 1,
            _ => _ = self.told.insert(subject, (ts, value)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn as_the_model_says(steps in steps(), batch in 1usize..20, shards in 1usize..4) {
        let start = 1_780_000_000_i64;
        let mut model = Model { now: start, ..Model::default() };
        let mut text = line(Timestamp::from_seconds(start).unwrap(), &What::Tick) + "\n";
        for step in &steps {
            let ts = model.now + step.seconds;
            model.take(ts, &step.what);
            text.push_str(&(line(Timestamp::from_seconds(ts).unwrap(), &step.what) + "\n"));
        }
        let mut engine = engine(options(shards));
        for chunk in lines(&text).chunks(batch) {
            engine.feed(chunk.to_vec());
        }
        let counts = engine.counts();
        prop_assert_eq!((counts.late, counts.duplicates, counts.stale_states), (model.late, model.repeats, model.older));
        prop_assert_eq!(engine.now().unwrap().as_micros(), model.now * 1_000_000);
        for key in 0..3 {
            let told = |subject: String| model.told.get(&subject).map(|(_, value)| usize::from(*value));
            let Some(known) = engine.explain(&format!("K{key}").parse().unwrap()) else { continue };
            let state = known.assessment.state.map(|state| state.as_str());
            prop_assert_eq!(state, told(format!("K{key}")).map(|state| STATES[state]));
            let segment = known.assessment.segment.map(|segment| segment.as_str());
            prop_assert_eq!(segment, told(format!("A{key}")).map(|segment| SEGMENTS[segment]));
        }
    }
}
