//! Everything kept about a customer's keys that he may see, to take away.
//!
//! Made of what the owner's own reads answer, each as it answers him, so that an export can tell nothing that a page would not.
//! Never here: a secret, `monitor`, points and weights, whether anything was reported to anybody.

use super::addresses::AddressView;
use super::letters::Letter;
use super::objections::ObjectionView;
use super::questions::QuestionView;
use super::texts::{Said, said};
use super::verification::VerificationView;
use crate::actor::Actor;
use crate::govern::Govern;
use crate::keys::KeyView;
use crate::keys::access::KEY_OWNERS;
use crate::keys::activity::KeyActivity;
use crate::keys::read::{KeyFilter, TimelineEntry};
use crate::measures::{MeasureRow, MeasureState};
use crate::refusal::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sumun_model::{Measure, Timestamp};
use sumun_store::Filter;

/// Keys in one part.
const KEYS_MAX: usize = 100;
/// Entries of one key's timeline: a key that lives for years and is changed every day has as many.
const TIMELINE_MAX: usize = 1_000;
/// Questions, verifications and measures of one key, each.
const OF_KEY_MAX: usize = 500;
/// Notices to one customer.
const NOTICES_MAX: usize = 5_000;
/// Objections of one customer.
const OBJECTIONS_MAX: usize = 1_000;

/// One thing that happened to a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    /// Index of the ledger entry.
    pub entry: u64,
    /// What happened.
    pub class: String,
    /// When it was sequenced.
    pub at: Timestamp,
    /// Who did it; `staff` for staff.
    pub actor: Option<String>,
    /// Whether its facts were erased since.
    pub erased: bool,
}

/// A measure on a key, as its owner may know it. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnMeasure {
    /// Which; never `monitor`.
    pub measure: Measure,
    /// Since when.
    pub began_us: i64,
    /// Until when at the latest.
    pub until_us: Option<i64>,
    /// When it ended.
    pub ended_us: Option<i64>,
}

/// Everything about one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportedKey {
    /// The key.
    pub key: KeyView,
    /// What happened to it, in order.
    pub timeline: Vec<Happened>,
    /// Its addresses.
    pub addresses: Vec<AddressView>,
    /// What was asked about it.
    pub questions: Vec<QuestionView>,
    /// Its renewed verifications.
    pub verifications: Vec<VerificationView>,
    /// Measures on it.
    pub measures: Vec<OwnMeasure>,
    /// What it did.
    pub activity: KeyActivity,
}

/// What is not in an export, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Of which key; none: of all.
    pub key: Option<String>,
    /// What, and why.
    pub say: Said,
}

/// One part of an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnerExport {
    /// When it was made.
    pub at: Timestamp,
    /// About which customer.
    pub customer: String,
    /// His keys.
    pub keys: Vec<ExportedKey>,
    /// What he was told; in the first part.
    pub notices: Vec<Letter>,
    /// What he objected; in the first part.
    pub objections: Vec<ObjectionView>,
    /// What is not in it.
    pub left_out: Vec<LeftOut>,
    /// The key after which the next part begins; none: this was the last.
    pub next: Option<String>,
}

/// What is left out of every export, in words.
const NEVER: [&str; 3] = ["export.secrets", "export.internal", "export.requests"];

/// What was left out of a list that was too long.
struct Cut<'a> {
    left_out: &'a mut Vec<LeftOut>,
    key: Option<&'a str>,
}

impl Cut<'_> {
    /// At most so many; says so if there were more.
    fn at<T>(&mut self, mut all: Vec<T>, most: usize, code: &str) -> Vec<T> {
        if all.len() > most {
            all.truncate(most);
            let say = said(code, &[("most", most.to_string())]);
            self.left_out.push(LeftOut { key: self.key.map(str::to_owned), say });
        }
        all
    }
}

impl Govern {
    /// One part of everything that is kept about a customer's keys, from the key after `after` on.
    ///
    /// # Errors
    /// `owner_only`, the store's.
    pub async fn owner_export(&self, actor: &Actor, after: Option<&str>) -> Result<OwnerExport, Refusal> {
        let customer = actor.customer.clone().filter(|_| actor.has(KEY_OWNERS)).ok_or_else(|| {
            Refusal::new(
                RefusalKind::Forbidden,
                "owner_only",
                format!("`{}` is no customer", actor.principal),
                "let the customer take it away in a session of their own; staff see the same on the pages of the keys",
            )
        })?;
        let limit = count(KEYS_MAX).saturating_add(1);
        let wanted = KeyFilter { after: after.map(str::to_owned), limit, ..KeyFilter::default() };
        let mut keys = self.keys(actor, &wanted).await?;
        let more = keys.len() > KEYS_MAX;
        keys.truncate(KEYS_MAX);
        let next = keys.last().filter(|_| more).map(|key| key.key.clone());
        let mut left_out: Vec<_> =
            NEVER.iter().map(|code| LeftOut { key: None, say: said(code, &[]) }).collect();
        let mut exported = Vec::with_capacity(keys.len());
        for key in keys {
            exported.push(self.exported_key(actor, key, &mut left_out).await?);
        }
        let (mut notices, mut objections) = (Vec::new(), Vec::new());
        if after.is_none() {
            let mut cut = Cut { left_out: &mut left_out, key: None };
            let found = self.letters(actor, page(NOTICES_MAX), (None, None)).await?;
            notices = cut.at(found, NOTICES_MAX, "export.notices_cut");
            let found = self.objections(actor, page(OBJECTIONS_MAX), None).await?;
            objections = cut.at(found, OBJECTIONS_MAX, "export.objections_cut");
        }
        let at = self.world.now();
        Ok(OwnerExport { at, customer, keys: exported, notices, objections, left_out, next })
    }

    async fn exported_key(
        &self,
        actor: &Actor,
        key: KeyView,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<ExportedKey, Refusal> {
        let id = key.key.clone();
        let mut cut = Cut { left_out, key: Some(&id) };
        let about = (Some(id.as_str()), None);
        let timeline = self.key_timeline(actor, &id, None, count(TIMELINE_MAX) + 1).await?;
        let timeline = timeline.into_iter().map(Happened::of).collect();
        let questions = self.questions(actor, page(OF_KEY_MAX), about).await?;
        let verifications = self.verifications(actor, page(OF_KEY_MAX), about).await?;
        // All of them, before it is looked at what he may know: how many there are beside tells nothing.
        let equals = vec![("key", json!(id))];
        let all = Filter { equals, limit: Filter::LIMIT_MAX, ..Filter::default() };
        let measures = self.measures_with(all).await?;
        let measures: Vec<_> = measures.iter().filter_map(OwnMeasure::of).collect();
        Ok(ExportedKey {
            timeline: cut.at(timeline, TIMELINE_MAX, "export.timeline_cut"),
            addresses: self.addresses(actor, &id).await?,
            questions: cut.at(questions, OF_KEY_MAX, "export.questions_cut"),
            verifications: cut.at(verifications, OF_KEY_MAX, "export.verifications_cut"),
            measures: cut.at(measures, OF_KEY_MAX, "export.measures_cut"),
            activity: self.key_activity(actor, &id).await?,
            key,
        })
    }
}

impl Happened {
    fn of(entry: TimelineEntry) -> Self {
        let TimelineEntry { entry, class, at, actor, erased, .. } = entry;
        Self { entry, class, at, actor, erased }
    }
}

impl OwnMeasure {
    /// What its owner may know: a measure that holds or held, and was told him. Not what was only proposed, and never `monitor`.
    fn of(row: &MeasureRow) -> Option<Self> {
        let measure: Measure = row.measure.parse().ok()?;
        let held = matches!(row.state, MeasureState::InForce | MeasureState::Ended);
        (held && measure != Measure::Monitor).then_some(Self {
            measure,
            began_us: row.began_us,
            until_us: row.until_us.filter(|_| measure == Measure::Hold),
            ended_us: row.ended_us,
        })
    }
}

/// One page, one more than is shown.
fn page(most: usize) -> Filter {
    Filter { limit: count(most).saturating_add(1), ..Filter::default() }
}

fn count(most: usize) -> u32 {
    u32::try_from(most).unwrap_or(u32::MAX)
}
