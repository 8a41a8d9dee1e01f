//! The one record of the feed that is no key's: the ramp (ADR 0022).
//!
//! It travels like a key's record, in snapshots and deltas, so that it has a version, a mark, a place on each gate's disk and a
//! receipt like everything else. A gate that knows nothing of ramps cannot read it as a key: it goes on enforcing everything and
//! names the record as unusable in its receipt.

use serde::Deserialize;
use serde_json::{Value, json};
use sumun_model::Ramp;
use sumun_model::ramp::RampError;

/// What stands in the place of a key's id. No key may be called so.
pub const RAMP_RECORD: &str = "sumun:ramp";

/// Ids beginning so are no keys'.
pub const RESERVED_PREFIX: &str = "sumun:";

/// A ramp's record that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RampRecordError {
    /// Of another build, or no ramp.
    #[error("the record of the ramp cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// May not be in force.
    #[error(transparent)]
    Ramp(#[from] RampError),
}

/// The record of a ramp, with what is told beside it.
#[must_use]
pub fn ramp_record(ramp: &Ramp, told: &Value) -> Value {
    json!({ "key": RAMP_RECORD, "ramp": ramp, "set": told })
}

/// The ramp of its record.
///
/// # Errors
/// It cannot be read, or may not be in force.
pub fn read_ramp_record(record: &Value) -> Result<Ramp, RampRecordError> {
    #[derive(Deserialize)]
    struct Record {
        ramp: Ramp,
    }
    let Record { ramp } = Record::deserialize(record)?;
    ramp.check()?;
    Ok(ramp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_went_and_another_builds_is_refused() {
        let ramp: Ramp = serde_json::from_str(
            r#"{"default":"shadow","rules":[{"segment":"retail","percent":25,"stage":"ladder"}]}"#,
        )
        .unwrap();
        let record = ramp_record(&ramp, &json!({ "by": "user:sora" }));
        assert_eq!(record["key"], RAMP_RECORD);
        assert_eq!(read_ramp_record(&record).unwrap(), ramp);
        for bad in [
            r#"{"ramp":{"default":"sometimes"}}"#,
            r#"{"ramp":{"weekdays":[]}}"#,
            r#"{"ramp":{"rules":[{"percent":0,"stage":"tap"}]}}"#,
            "{}",
        ] {
            assert!(read_ramp_record(&serde_json::from_str(bad).unwrap()).is_err(), "{bad}");
        }
    }
}
