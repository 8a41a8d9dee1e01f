//! What is known of each file, and how far it was taken: what a checkpoint keeps of the follower.

use crate::files::{Form, Inode};
use crate::print::Print;
use serde::{Deserialize, Serialize};

/// Where files begin that stood there before the tap did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Begin {
    /// At their end: history is another's business.
    #[default]
    End,
    /// At their start, the oldest first, rotated and packed ones too.
    Start,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tracked {
    /// Our own number for it: never given twice.
    pub number: u64,
    /// By what the file system knows it; none once other content stands in its place.
    pub inode: Option<Inode>,
    /// Where it was last seen.
    pub path: String,
    /// Whether that is the name of a file that is written to.
    pub active: bool,
    /// How it is packed.
    pub form: Form,
    /// Everything before was taken.
    pub offset: u64,
    /// Lines before that.
    pub lines: u64,
    /// In the middle of a line that is too long.
    pub skipping: bool,
    /// The largest size seen, packed as it is.
    pub size: u64,
    /// When it was last written.
    pub modified_us: i64,
    /// How it begins.
    pub head: Print,
    /// The last bytes that were taken.
    pub tail: Print,
    /// It was there before the tap and is not read, or it was read to its end and is packed.
    pub done: bool,
    /// Since when it stands there no longer, microseconds since 1970.
    pub gone: Option<i64>,
    /// What of it was counted as lost, if it was.
    pub lost: Option<u64>,
}

/// All files, and what was lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Whether it was looked once.
    pub begun: bool,
    /// The number of the next file.
    pub next: u64,
    /// Files, in the order they were found.
    pub files: Vec<Tracked>,
    /// Bytes known to be lost, ever.
    pub bytes_lost: u64,
    /// How often something was lost, known to the byte or not.
    pub holes: u64,
}

/// What taking a chunk changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The file's number.
    pub file: u64,
    /// From here.
    pub from: u64,
    /// To here.
    pub to: u64,
    /// Lines ended.
    pub lines: u64,
    /// The last bytes.
    pub tail: Print,
    /// Whether a line that is too long goes on behind it.
    pub skipping: bool,
}

impl State {
    /// The file of this number.
    #[must_use]
    pub fn file(&self, number: u64) -> Option<&Tracked> {
        self.files.iter().find(|file| file.number == number)
    }

    pub(crate) fn file_mut(&mut self, number: u64) -> Option<&mut Tracked> {
        self.files.iter_mut().find(|file| file.number == number)
    }

    /// A chunk was taken.
    pub fn commit(&mut self, step: &Step) {
        if let Some(file) = self.file_mut(step.file) {
            file.offset = step.to;
            file.lines = file.lines.saturating_add(step.lines);
            file.tail = step.tail;
            file.skipping = step.skipping;
            if file.form == Form::Plain {
                file.size = file.size.max(step.to);
            }
        }
    }

    /// Bytes that stand there and were not taken yet; of packed files not begun, their packed size.
    #[must_use]
    pub fn bytes_behind(&self) -> u64 {
        let waiting = self.files.iter().filter(|file| !file.done && file.lost.is_none());
        let of = |file: &Tracked| match file.form {
            Form::Plain => file.size.saturating_sub(file.offset),
            Form::Gzip | Form::Zstd if file.offset == 0 => file.size,
            Form::Gzip | Form::Zstd => 0,
        };
        waiting.map(of).fold(0, u64::saturating_add)
    }
}
