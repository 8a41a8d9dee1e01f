//! In which order cases are looked at: the strictest measure, then the risk; last those whose keys have all ended.
//!
//! The rank stands in the case's row, so that the queue is read in its order by an index. Never here: who looks at them.

use super::docket::Docket;
use super::row::CaseState;
use crate::govern::{Govern, store_refusal};
use crate::measures::MeasureRow;
use crate::refusal::Refusal;
use crate::row::text;
use serde_json::json;
use std::collections::BTreeSet;
use sumun_model::Measure;
use sumun_model::finding::Risk;
use sumun_store::Filter;
use sumun_store::tables::{KEYS, MEASURES};

/// What is taken from the rank of a case whose keys have all ended: more than any rank, so that these stand behind all others, in their order.
const ENDED: i64 = 1_000_000;
/// Measures of one key that are asked for their cases: its latest.
const MEASURES_MAX: u32 = 100;

/// What is looked at first: the strictest measure, then the risk.
pub(super) fn priority(measure: Option<Measure>, risk: Risk) -> i64 {
    let rank = measure.map_or(0, |measure| Measure::ALL.iter().filter(|one| **one <= measure).count());
    i64::try_from(rank).unwrap_or_default() * 10_000 + i64::from(risk.0)
}

impl Docket {
    /// A key ends with this change: where no other key of a case lives, closing it is all that is left.
    pub(crate) async fn ranked_without(&mut self, govern: &Govern, key: &str) -> Result<(), Refusal> {
        self.ranked_without_all(govern, &BTreeSet::from([key])).await
    }

    /// The same of several keys that end with one change.
    pub(crate) async fn ranked_without_all(
        &mut self,
        govern: &Govern,
        keys: &BTreeSet<&str>,
    ) -> Result<(), Refusal> {
        let mut open = BTreeSet::new();
        for key in keys {
            open.extend(self.open_with(govern, key).await?);
        }
        for id in open {
            let Some(case) = self.case(&id).filter(|case| case.priority >= 0) else { continue };
            let others = case.members.iter().map(|member| member.key.clone());
            let others: Vec<String> = others.filter(|other| !keys.contains(other.as_str())).collect();
            let rows = govern.store.get_many(&KEYS, &others).await.map_err(store_refusal)?;
            let ended = |row| matches!(text(row, "state"), "expired" | "rejected");
            if rows.len() == others.len()
                && rows.iter().all(ended)
                && let Some(case) = self.case_mut(&id)
            {
                case.priority -= ENDED;
            }
        }
        Ok(())
    }

    /// The open cases that hold this key: its own, and those in which a measure of it stands or stood.
    pub(crate) async fn open_with(
        &mut self,
        govern: &Govern,
        key: &str,
    ) -> Result<BTreeSet<String>, Refusal> {
        let mut ids = BTreeSet::from_iter(self.open_of(govern, &format!("key:{key}")).await?);
        let equals = vec![("key", json!(key))];
        let filter = Filter { equals, newest: true, limit: MEASURES_MAX, ..Filter::default() };
        let mut named = BTreeSet::new();
        for row in govern.store.list(&MEASURES, &filter).await.map_err(store_refusal)? {
            named.extend(MeasureRow::of(&row).map(|row| row.case_id));
        }
        for id in named {
            // A case that was taken up by a cluster's says which.
            let loaded = self.load(govern, &id).await?;
            let into = loaded.and_then(|id| self.case(&id)?.body.merged_into.clone());
            let id = match into {
                Some(into) => self.load(govern, &into).await?,
                None => Some(id),
            };
            ids.extend(id.filter(|id| self.case(id).is_some_and(|case| case.state == CaseState::Open)));
        }
        Ok(ids)
    }
}
