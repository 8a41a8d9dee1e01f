//! What is written down: how far every file was acknowledged, and the batch that is under way.
//!
//! A batch is noted before it is sent, and the files move only once it was acknowledged. After a stop the receiver says what it holds, and
//! [`Checkpoint::meet`] says whether the batch that was under way is there wholly, in part, or not at all. So a line is neither sent twice
//! nor left out, whatever became of the answer.

use crate::state::{State, Step};
use serde::{Deserialize, Serialize};

/// Of what this reads.
const FORMAT: u32 = 1;

/// A batch that was noted and not acknowledged yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// What taking it changes.
    pub step: Step,
    /// Position of its last line; the first is behind the checkpoint's.
    pub last: u64,
    /// Digest of the mapping that made it: another may make other lines of the same bytes.
    pub mapping: String,
    /// Lines of it, from 0, that the receiver refused and that were put aside.
    pub without: Vec<u32>,
    /// Lines of the file that were refused by the mapping.
    pub refused: u64,
}

/// How far everything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Which form this has.
    pub format: u32,
    /// The log's name at the receiver: drawn once, positions are of it.
    pub log: String,
    /// The highest position acknowledged; 0 if none.
    pub position: u64,
    /// Lines refused and put aside, ever.
    pub refused: u64,
    /// Files.
    pub files: State,
    /// The batch under way.
    pub pending: Option<Pending>,
}

/// What became of things while nobody looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// As it was left.
    Even,
    /// The batch under way is held in part: it must be sent again as it was, or given up.
    Torn(Pending),
    /// The receiver holds less than it had acknowledged: so many lines are lost there.
    Lost(u64),
    /// The receiver holds so many more than are known here: this checkpoint is an old copy, or somebody else sends in its name. They are
    /// passed over by position.
    Ahead(u64),
}

impl Checkpoint {
    /// Of nothing yet.
    #[must_use]
    pub fn new(log: String) -> Self {
        Self { format: FORMAT, log, position: 0, refused: 0, files: State::default(), pending: None }
    }

    /// Whether this reads it.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.format == FORMAT
    }

    /// The batch under way was acknowledged.
    pub fn acknowledge(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.files.commit(&pending.step);
            self.position = pending.last;
            let without = u64::try_from(pending.without.len()).unwrap_or(u64::MAX);
            self.refused = self.refused.saturating_add(pending.refused).saturating_add(without);
        }
    }

    /// The receiver says what it holds. What is settled by that is settled here.
    pub fn meet(&mut self, held: u64) -> Met {
        if held < self.position {
            self.pending = None;
            return Met::Lost(self.position - held);
        }
        match self.pending.clone() {
            Some(pending) if held == pending.last => {
                self.acknowledge();
                Met::Even
            }
            Some(pending) if held > self.position && held < pending.last => Met::Torn(pending),
            _ if held == self.position => {
                self.pending = None;
                Met::Even
            }
            _ => {
                let known = self.pending.as_ref().map_or(self.position, |pending| pending.last);
                Met::Ahead(held - known)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::Print;

    fn checkpoint() -> Checkpoint {
        let step = Step { file: 1, from: 0, to: 30, lines: 3, tail: Print::default(), skipping: false };
        let pending = Pending { step, last: 13, mapping: String::new(), without: vec![1], refused: 2 };
        Checkpoint { position: 10, pending: Some(pending), ..Checkpoint::new("tap.made-up".to_owned()) }
    }

    #[test]
    fn a_batch_under_way_is_whole_torn_or_not_there() {
        let mut whole = checkpoint();
        assert_eq!(whole.meet(13), Met::Even);
        assert_eq!((whole.position, whole.refused, whole.pending), (13, 3, None));
        let mut none = checkpoint();
        assert_eq!(none.meet(10), Met::Even);
        assert_eq!((none.position, none.refused, none.pending), (10, 0, None));
        let mut torn = checkpoint();
        assert!(matches!(torn.meet(12), Met::Torn(pending) if pending.last == 13));
        assert_eq!(checkpoint().meet(4), Met::Lost(6));
        assert_eq!(checkpoint().meet(20), Met::Ahead(7));
    }
}
