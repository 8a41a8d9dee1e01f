//! Keys that a file says are dead, counted before anything is sent: an id that comes in dead never lives again, so that a state read from
//! the wrong column could not be taken back.

use super::refused;
use crate::commands::map::{open, unusable};
use crate::exit::BadInput;
use serde::Deserialize;
use std::io::BufRead;
use std::ops::ControlFlow;
use std::path::Path;
use sumun_mapping::Run;
use sumun_model::KeyState;
use sumun_model::wire::Line;
use zeroize::Zeroizing;

/// So many dead keys are not asked about, whatever their share.
const UNASKED_MAX: u64 = 10;

/// Keys of a file, each line counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) all: u64,
    pub(super) dead: u64,
}

impl Keys {
    fn add(&mut self, state: Option<KeyState>) {
        self.all += 1;
        self.dead += u64::from(state.is_some_and(KeyState::is_terminal));
    }

    /// Whether so many are dead that somebody has to say so himself: more than half, and more than a few.
    const fn asks(self) -> bool {
        self.dead > UNASKED_MAX && self.dead > self.all / 2
    }

    /// Holds it against what was said with `--dead`.
    ///
    /// # Errors
    /// Most keys are dead and nobody said how many, or another number was said.
    pub(super) fn agree(self, said: Option<u64>, file: &Path, dry_run: bool) -> anyhow::Result<()> {
        let Self { all, dead } = self;
        let file = file.display();
        let told = match said {
            Some(said) if said != dead => {
                format!("`--dead` says {said}, and {dead} of {all} keys in `{file}` are dead at the exchange")
            }
            None if self.asks() && !dry_run => {
                format!(
                    "{dead} of {all} keys in `{file}` are dead at the exchange, and an id that is dead never lives again"
                )
            }
            _ => return Ok(()),
        };
        Err(BadInput(format!(
            "{told}: nothing was sent. Look whether the state is read from the right column (`sumun map check`); if so many are dead, say \
             `--dead {dead}`"
        ))
        .into())
    }
}

/// Counts the keys of a table that is about to be imported. What cannot be read counts as nothing here, and is refused later.
///
/// # Errors
/// The file cannot be read at all.
pub(super) fn rows(file: &Path, mut run: Run<'_>) -> anyhow::Result<Keys> {
    let mut keys = Keys::default();
    let (name, from) = open(file)?;
    let read = run.read(&name, from, &mut |row| {
        for line in row.lines {
            if let Line::Key(key) = line {
                keys.add(key.state);
            }
        }
        ControlFlow::Continue(())
    });
    read.map_err(unusable)?;
    Ok(keys)
}

/// As much of a line as is counted.
#[derive(Deserialize)]
struct Counted {
    #[serde(rename = "type")]
    word: Option<String>,
    state: Option<KeyState>,
    line: Option<Box<Counted>>,
}

/// The same of lines of the wire.
///
/// # Errors
/// As [`rows`].
pub(super) fn lines(file: &Path) -> anyhow::Result<Keys> {
    let mut keys = Keys::default();
    let (name, from) = open(file)?;
    let mut from = refused::plain(&name, from)?;
    // A line may hold a secret.
    let mut line = Zeroizing::new(Vec::new());
    loop {
        line.clear();
        // Where it is cut off the import itself says so.
        if from.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
            return Ok(keys);
        }
        let Ok(mut read) = serde_json::from_slice::<Counted>(&line) else { continue };
        if let Some(inner) = read.line.take() {
            read = *inner;
        }
        if read.word.as_deref() == Some("key") {
            keys.add(read.state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_dead_keys_are_asked_about_as_cannot_be_meant() {
        let asks = |dead, all| Keys { all, dead }.asks();
        assert!(
            !asks(0, 0)
                && !asks(10, 10)
                && asks(11, 11)
                && asks(11, 21)
                && !asks(11, 22)
                && !asks(499, 1_000)
        );
        let (file, many) = (Path::new("keys.csv"), Keys { all: 3_000, dead: 2_940 });
        let told = |said, dry_run| many.agree(said, file, dry_run).err().map(|error| error.to_string());
        insta::assert_snapshot!(told(None, false).unwrap());
        insta::assert_snapshot!(told(Some(2_900), true).unwrap());
        assert_eq!((told(None, true), told(Some(2_940), false)), (None, None));
    }

    #[test]
    fn lines_of_the_wire_are_counted_with_a_secret_or_without() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.ndjson");
        let lines = r#"{"type":"account","account":"A1","state":"closed"}
{"type":"key","key":"K1","state":"active"}
{"type":"key","key":"K2","state":"expired"}
{"line":{"type":"key","key":"K3","state":"rejected"},"secret":"made-up"}
{"type":"key","key":"K4"}
{"type":"key","key":"K5","state":"no word"}
no JSON
"#;
        std::fs::write(&file, lines).unwrap();
        assert_eq!(super::lines(&file).unwrap(), Keys { all: 4, dead: 2 });
    }
}
