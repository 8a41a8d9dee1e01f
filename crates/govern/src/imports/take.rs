//! A part of some hundred lines: accounts first, then vendors, then keys, each kind as one change.

use super::line::Told;
use super::{IMPORTERS, LineRefused, Taken, Taking};
use crate::actor::Actor;
use crate::govern::Govern;
use crate::refusal::Refusal;
use crate::staff::require;
use std::collections::BTreeSet;
use sumun_model::Timestamp;
use sumun_model::wire::{AccountLine, KeyLine, Line, VendorLine};

/// How far a line's time may be ahead of the clock here, microseconds: as of events (WIRE 2). A line from further ahead would make all that
/// come until then older than what is known.
const AHEAD_US_MAX: i64 = 60_000_000;

impl Govern {
    /// Why lines whose time is still to come will not be taken, in their order. A mirror stops at the first: a change that is refused counts as
    /// held, and a snapshot without one of its keys is not whole.
    #[must_use]
    pub fn lines_ahead(&self, told: &[Told]) -> Vec<LineRefused> {
        let now = self.world.now();
        told.iter().filter_map(|line| ahead(line, now)).collect()
    }

    /// Takes lines: what stands so already is written nowhere. Refused lines are told, the others go in.
    ///
    /// # Errors
    /// `forbidden`, the store's: then the same lines may be sent again.
    pub async fn take_lines(&self, actor: &Actor, taking: &Taking, told: &[Told]) -> Result<Taken, Refusal> {
        require(actor, IMPORTERS)?;
        let mut taken = Taken { lines: told.len() as u64, ..Taken::default() };
        let mut accounts: Vec<(u64, &AccountLine)> = Vec::new();
        let mut vendors: Vec<(u64, &VendorLine)> = Vec::new();
        let mut keys: Vec<(u64, &KeyLine, &Told)> = Vec::new();
        let now = self.world.now();
        for line in told {
            if let Some(refused) = ahead(line, now) {
                taken.refused.push(refused);
                continue;
            }
            match &line.line {
                Line::Account(account) => accounts.push((line.number, account)),
                Line::Vendor(vendor) => vendors.push((line.number, vendor)),
                Line::Key(key) => keys.push((line.number, key, line)),
                // The reader lets no others in.
                _ => {}
            }
        }
        if !accounts.is_empty() {
            taken.add(self.take_accounts(actor, taking, &accounts).await?);
        }
        if !vendors.is_empty() {
            taken.add(self.take_vendors(actor, taking, &vendors).await?);
        }
        for part in apart(keys) {
            taken.add(self.take_keys(actor, taking, &part).await?);
        }
        taken.refused.sort_by_key(|refused| refused.line);
        Ok(taken)
    }
}

/// Why a line whose time is still to come is not taken; none of one whose time has come.
fn ahead(told: &Told, now: Timestamp) -> Option<LineRefused> {
    let (ts, subject) = match &told.line {
        Line::Account(line) => (line.ts, format!("account:{}", line.account)),
        Line::Vendor(line) => (line.ts, format!("vendor:{}", line.vendor)),
        Line::Key(line) => (line.ts, format!("key:{}", line.key)),
        _ => return None,
    };
    (ts.micros_since(now) > AHEAD_US_MAX).then(|| LineRefused {
        line: told.number,
        column: None,
        subject: Some(subject),
        field: Some("ts".to_owned()),
        code: "line_ahead".to_owned(),
        message: format!("{ts} is more than 60 seconds ahead of {now}, the clock here"),
        remedy: "say as of when the export was made (`as_of` of a table), and look at both clocks; then send the line again".to_owned(),
    })
}

/// Parts in which each key stands once, in their order: of two lines about one key the second is merged with what the first made.
fn apart<'a>(lines: Vec<(u64, &'a KeyLine, &'a Told)>) -> Vec<Vec<(u64, &'a KeyLine, &'a Told)>> {
    let mut parts = Vec::new();
    let (mut part, mut seen) = (Vec::new(), BTreeSet::new());
    for line in lines {
        if !seen.insert(line.1.key.as_str()) {
            parts.push(std::mem::take(&mut part));
            seen.clear();
            seen.insert(line.1.key.as_str());
        }
        part.push(line);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// A refusal of a use case as one of a line.
pub(crate) fn line_refused(line: u64, subject: &str, refusal: &Refusal) -> LineRefused {
    let field = refusal.pointer.as_deref().map(|pointer| pointer.trim_start_matches('/').replace('/', "."));
    LineRefused {
        line,
        column: None,
        subject: Some(subject.to_owned()),
        field,
        code: refusal.code.to_owned(),
        message: refusal.message.clone(),
        remedy: refusal.remedy.clone(),
    }
}
