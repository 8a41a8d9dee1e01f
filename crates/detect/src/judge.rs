//! Where the caller's ladder stands: the last step, in the merge, in output order.
//!
//! Detection knows no policy. Replay gives a judge that runs the ladder; live there is [`NoJudge`], and govern runs the same
//! ladder on the assessments it is handed.

use sumun_model::{Assessment, KeyId, Measure, MeasureFinding, Timestamp};

/// Decides on assessments. One per run; called by one thread, in output order.
pub trait Judge: Send {
    /// A key's assessment changed. Measures that begin or end by it, in the order in which they are printed.
    fn assess(&mut self, assessment: &Assessment) -> Vec<MeasureFinding>;

    /// Engine time reached a whole second at which [`Judge::next_due`] said something is due.
    fn due(&mut self, now: Timestamp) -> Vec<MeasureFinding>;

    /// The next instant at which something is due, if any.
    fn next_due(&self) -> Option<Timestamp>;

    /// The measure in force on a key, for the feedback into detectors.
    fn measure(&self, key: &KeyId) -> Option<Measure>;

    /// Everything it remembers, for a snapshot.
    fn save(&self) -> Vec<u8>;

    /// Takes back what [`Judge::save`] gave.
    ///
    /// # Errors
    /// The bytes are of another version or damaged.
    fn restore(&mut self, bytes: &[u8]) -> Result<(), String>;
}

/// Decides nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoJudge;

impl Judge for NoJudge {
    fn assess(&mut self, _: &Assessment) -> Vec<MeasureFinding> {
        Vec::new()
    }
    fn due(&mut self, _: Timestamp) -> Vec<MeasureFinding> {
        Vec::new()
    }
    fn next_due(&self) -> Option<Timestamp> {
        None
    }
    fn measure(&self, _: &KeyId) -> Option<Measure> {
        None
    }
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }
    fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        if bytes.is_empty() { Ok(()) } else { Err("a judge's state where none was kept".to_owned()) }
    }
}
