//! Lines that were put aside: each with its place and why, up to a size; beyond it they are counted.

use super::History;
use crate::commands::backfill::files::Aside;
use serde::Serialize;
use std::io::Write as _;

/// Size of the file of lines put aside from which on they are only counted.
const REFUSED_BYTES_MAX: u64 = 64 << 20;

/// A line that was put aside.
#[derive(Serialize)]
pub(super) struct Refused<'a> {
    pub(super) source: &'a str,
    pub(super) file: &'a str,
    pub(super) line: u64,
    pub(super) code: &'a str,
    pub(super) field: &'a str,
    pub(super) detail: &'a str,
    pub(super) raw: &'a str,
}

impl History {
    /// Writes what files put aside, and says what of them will never come.
    pub(super) fn told_of_files(&mut self, index: usize) -> anyhow::Result<()> {
        let Some(files) = self.files.get_mut(index) else { return Ok(()) };
        let (name, aside, losses) = (files.name.clone(), files.aside(), files.losses());
        self.aside(&name, &aside)?;
        for loss in losses {
            self.progress.holes += 1;
            self.progress.bytes_lost = self.progress.bytes_lost.saturating_add(loss.bytes);
            crate::logging::say(&format!(
                "attention: of `{}` at least {} bytes cannot be read: {}\n",
                loss.path, loss.bytes, loss.why
            ));
        }
        Ok(())
    }

    fn aside(&mut self, source: &str, aside: &[Aside]) -> anyhow::Result<()> {
        for Aside { path, refused } in aside {
            self.put_aside(&Refused {
                source,
                file: path,
                line: refused.number,
                code: &refused.code,
                field: &refused.field,
                detail: &refused.detail,
                raw: &refused.raw,
            })?;
        }
        Ok(())
    }

    pub(super) fn put_aside(&mut self, one: &Refused<'_>) -> anyhow::Result<()> {
        if self.refused.bytes < REFUSED_BYTES_MAX {
            serde_json::to_writer(&mut self.refused, one)?;
            self.refused.write_all(b"\n")?;
        }
        Ok(())
    }
}
