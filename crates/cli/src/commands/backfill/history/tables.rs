//! Tables: what keys and accounts are, as of when history begins. A damaged one ends the run: half the keys are none.

use super::History;
use super::aside::Refused;
use crate::commands::backfill::settings::{AS_OF, Table};
use crate::commands::map;
use crate::exit::BadInput;
use std::ops::ControlFlow;
use sumun_mapping::{Run, shown};
use sumun_model::wire::to_json;

/// Characters shown of a line.
const SHOWN_CHARS: usize = 2000;

impl History {
    /// Reads one wholly.
    ///
    /// # Errors
    /// It cannot be read to its end.
    pub(super) fn table(&mut self, table: &Table) -> anyhow::Result<()> {
        let mut given = table.given.clone();
        if let Some(as_of) = given.get_mut(AS_OF).filter(|as_of| as_of.is_empty()) {
            *as_of = self.progress.as_of.to_string();
        }
        let shown_path = table.file.display().to_string();
        let (name, from) = map::open(&table.file)?;
        let mut run = Run::new(&table.mapping, given);
        let mut written: anyhow::Result<()> = Ok(());
        let ended = run.read(&name, from, &mut |row| {
            written = row.lines.iter().try_for_each(|line| {
                let text = if self.merged.is_some() { to_json(line)? } else { String::new() };
                self.take(line.clone(), &text)
            });
            for refusal in row.refusals {
                let raw = shown(row.raw, SHOWN_CHARS);
                let one = Refused {
                    source: "table",
                    file: &shown_path,
                    line: row.number,
                    code: refusal.code.as_str(),
                    field: &refusal.field,
                    detail: &refusal.detail,
                    raw: &raw,
                };
                self.progress.refused_in_tables += 1;
                written = std::mem::replace(&mut written, Ok(())).and_then(|()| self.put_aside(&one));
            }
            if written.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        written?;
        ended.map_err(map::unusable)?;
        if !run.report().whole() {
            let told = format!(
                "`{shown_path}` is cut off or damaged: what keys and accounts are must be whole; export it again"
            );
            return Err(BadInput(told).into());
        }
        Ok(())
    }
}
