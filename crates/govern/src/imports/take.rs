//! A part of some hundred lines: accounts first, then vendors, then keys, each kind as one change.

use super::line::Told;
use super::{IMPORTERS, LineRefused, Taken, Taking};
use crate::actor::Actor;
use crate::govern::Govern;
use crate::refusal::Refusal;
use crate::staff::require;
use std::collections::BTreeSet;
use sumun_model::wire::{AccountLine, KeyLine, Line, VendorLine};

impl Govern {
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
        for line in told {
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
