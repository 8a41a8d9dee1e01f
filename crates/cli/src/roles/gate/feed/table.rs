//! What the feed says, put into the key table: the same rules as for a keys file, one record at a time.
//!
//! A record that cannot be read or opened does not hold up the others: that key is refused, and govern is told. The one record that
//! is no key's is the ramp; one that this build cannot read leaves the ramp as it was, and govern is told of it too.

use super::super::apply::{Applier, Extent, OnUnopened};
use super::held::key_of;
use crate::keys_file::KeyRecord;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use sumun_feed::{RAMP_RECORD, RampRecordError, read_ramp_record};
use sumun_gate::KeyEntry;
use sumun_model::{KeyId, KeyState, Measure, Timestamp};
use tracing::{error, info};

/// What a version did to the table.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Entries of keys that were known and are changed, as they were before.
    pub(super) before: Vec<Arc<KeyEntry>>,
    /// Keys that are refused because their record cannot be used.
    pub(super) unusable: Vec<KeyId>,
}

/// The least that is read of a record that cannot be read whole.
#[derive(Deserialize)]
struct Core {
    state: KeyState,
    #[serde(default)]
    measure: Option<Measure>,
}

impl Core {
    const fn has_ended(&self) -> bool {
        self.state.is_terminal() || matches!(self.measure, Some(Measure::Expire))
    }
}

/// Makes the table what these records say. `at` is when they were so, by govern's clock.
pub(super) fn apply(applier: &mut Applier, records: Vec<Value>, at: Timestamp, extent: Extent) -> Done {
    let mut whole = Vec::with_capacity(records.len());
    let mut done = Done::default();
    let mut told_of_ramp = false;
    for record in records {
        let Some(key) = key_of(&record) else { continue };
        if key.as_str() == RAMP_RECORD {
            told_of_ramp = true;
            if let Err(problem) = put_ramp(applier, &record) {
                error!("{problem}; the ramp stays as it was");
                done.unusable.push(key);
            }
            continue;
        }
        let core = Core::deserialize(&record);
        let read = serde_json::from_value::<KeyRecord>(record).map_err(|error| error.to_string()).and_then(
            |record| match record.problem_at_gate() {
                None => Ok(record),
                Some((field, problem)) => Err(format!("`{field}` {problem}")),
            },
        );
        match (read, core) {
            (Ok(record), _) => whole.push(record),
            // The secret of an ended key may be gone for good.
            (Err(_), Ok(core)) if core.has_ended() => {
                done.before.extend(applier.gate().table.get(key.as_str()));
                applier.end(&key);
            }
            (Err(problem), _) => {
                error!("The feed's record of key `{key}` cannot be used, and the key is refused: {problem}");
                done.before.extend(applier.gate().table.get(key.as_str()));
                applier.refuse(&key);
                done.unusable.push(key);
            }
        }
    }
    if extent == Extent::Whole && !told_of_ramp {
        applier.gate().set_ramp(None);
    }
    let odd: HashSet<KeyId> = done.before.iter().map(|entry| entry.id()).collect();
    // What is unreadable in a whole table is dealt with already; that it is not among the rest makes it go anyway.
    if let Ok(applied) = applier.apply(whole, at, extent, OnUnopened::Refuse) {
        done.before.extend(applied.before.into_iter().filter(|entry| !odd.contains(&entry.id())));
        for unopened in applied.unusable {
            error!("{unopened}; the key is refused until its record can be used");
            done.unusable.push(unopened.key);
        }
    }
    done
}

/// From the next request on refusals hold as this record says.
fn put_ramp(applier: &Applier, record: &Value) -> Result<(), RampRecordError> {
    let ramp = read_ramp_record(record)?;
    if applier.gate().ramp().is_some_and(|held| *held == ramp) {
        return Ok(());
    }
    info!(
        ramp.default = %ramp.default, ramp.rules = ramp.rules.len(), ramp.ends = %ramp.ends,
        "The ramp changed: refusals hold as it says from now on"
    );
    applier.gate().set_ramp(Some(ramp));
    Ok(())
}
