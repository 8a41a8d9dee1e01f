//! Who is behind: keys of a campaign that are not registered, one by one, with what comes next and what their owners were told.
//!
//! Listed by state and segment, the most pressing state first, each by its index: a page costs a page, whatever the number of keys. Never
//! here: what owners declared.

use super::aside::{behind_page, parted};
use super::clock::Step;
use super::member::{MemberRow, MemberState};
use super::read::RegistrationView;
use super::{CampaignRow, CampaignState};
use crate::actor::Actor;
use crate::govern::{Govern, store_refusal};
use crate::keys::access::INSIDE;
use crate::refusal::{Refusal, RefusalKind};
use crate::row::text;
use crate::staff::require;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use sumun_model::{Segment, Timestamp};
use sumun_store::tables::{CAMPAIGN_KEYS, CAMPAIGNS, KEYS, NOTICES};
use sumun_store::{Filter, Image};

/// States of keys that are not registered and could still be, the most pressing first.
pub const BEHIND: [MemberState; 5] = [
    MemberState::Unreachable,
    MemberState::ReadOnly,
    MemberState::Window,
    MemberState::Told,
    MemberState::NotTold,
];

/// Which of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BehindFilter {
    /// In this state, which is one of [`BEHIND`]; all of these if none.
    pub state: Option<MemberState>,
    /// Of this segment; of all if none.
    pub segment: Option<Segment>,
    /// Behind this [`BehindView::place`].
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// What comes next for a key that nobody registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upcoming {
    /// Which step.
    pub step: Step,
    /// Not before then: whoever is told late is given the whole time.
    pub at: Timestamp,
}

/// One letter about a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterView {
    /// Which: `announced`, `opened`, `read_only`, or a step and how long before it, such as `read_only-14d`.
    pub letter: String,
    /// The notice.
    pub notice: String,
    /// Since when its owner counts as told; none while he does not.
    pub told: Option<Timestamp>,
    /// Where the notice stands: `queued`, `sent`, `delivered`, `failed`, `acknowledged`; none if that cannot be read.
    pub delivery: Option<String>,
}

/// A key that is not registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehindView {
    /// Its place in the list, for paging.
    pub place: String,
    /// The key.
    pub key: String,
    /// Its account.
    pub account: String,
    /// Its customer.
    pub customer: String,
    /// Its segment when it was entered.
    pub segment: Segment,
    /// The program it is for; none if that cannot be read.
    pub application: Option<String>,
    /// Where it stands.
    pub state: MemberState,
    /// What comes next; none while its owner is not reached, and of a campaign that was stopped.
    pub next: Option<Upcoming>,
    /// What its owner was told, in that order.
    pub letters: Vec<LetterView>,
    /// When it was last used; none: never, as far as is known.
    pub last_used: Option<Timestamp>,
    /// The task of whoever has to reach its owner.
    pub task: Option<String>,
}

impl Govern {
    /// Keys that are not registered.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `cursor_unknown`, the store's.
    pub async fn campaign_behind(
        &self,
        actor: &Actor,
        campaign: &str,
        filter: &BehindFilter,
    ) -> Result<Vec<BehindView>, Refusal> {
        require(actor, INSIDE)?;
        let image = self.row_or_not_found(&CAMPAIGNS, "campaign", campaign).await?;
        let row = CampaignRow::of(&image)?;
        let after = filter.after.as_deref().map(|place| Place::of(place).ok_or_else(no_place)).transpose()?;
        let wanted = filter.limit.clamp(1, Filter::LIMIT_MAX) as usize;
        let mut found: Vec<(Place, MemberRow)> = Vec::new();
        for (state, segment) in sections(filter) {
            let section = Place::section(state, segment);
            let from = match &after {
                Some(after) if section < after.section => continue,
                Some(after) if section == after.section => Some(MemberRow::id(campaign, &after.key)),
                _ => None,
            };
            let left = wanted.saturating_sub(found.len());
            let members = self.section(campaign, (state, segment), from, left).await?;
            found.extend(
                members.into_iter().map(|member| (Place { section, key: member.key.clone() }, member)),
            );
            if found.len() >= wanted {
                break;
            }
        }
        self.behind_views(&row, found).await
    }

    /// Members of one state and segment, by key. Those that cannot be read are set aside, and their place is taken by those behind them.
    async fn section(
        &self,
        campaign: &str,
        (state, segment): (MemberState, Segment),
        mut after: Option<String>,
        wanted: usize,
    ) -> Result<Vec<MemberRow>, Refusal> {
        let equals =
            vec![("campaign", json!(campaign)), ("state", json!(state)), ("segment", json!(segment))];
        let mut found = Vec::new();
        while found.len() < wanted {
            let limit = u32::try_from(wanted - found.len()).unwrap_or(Filter::LIMIT_MAX);
            let filter = Filter { equals: equals.clone(), after, limit, ..Filter::default() };
            let (rows, damaged) =
                self.store.list_readable(&CAMPAIGN_KEYS, &filter).await.map_err(store_refusal)?;
            after = behind_page(&CAMPAIGN_KEYS, &rows, &damaged, limit);
            let (members, unreadable) = parted(rows);
            self.set_aside(unreadable.into_iter().chain(damaged));
            found.extend(members);
            if after.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// These with what stands elsewhere about them: programs, notices, when they were last used.
    async fn behind_views(
        &self,
        row: &CampaignRow,
        found: Vec<(Place, MemberRow)>,
    ) -> Result<Vec<BehindView>, Refusal> {
        let keys: Vec<String> = found.iter().map(|(_, member)| member.key.clone()).collect();
        let notices: Vec<String> = found
            .iter()
            .flat_map(|(_, member)| member.body.progress.told.values().map(|told| told.notice.clone()))
            .collect();
        let (known, _) = self.store.get_many_readable(&KEYS, &keys).await.map_err(store_refusal)?;
        let known: BTreeMap<&str, &Image> = known.iter().map(|key| (text(key, KEYS.key), key)).collect();
        let (sent, _) = self.store.get_many_readable(&NOTICES, &notices).await.map_err(store_refusal)?;
        let sent: BTreeMap<&str, &str> =
            sent.iter().map(|notice| (text(notice, NOTICES.key), text(notice, "state"))).collect();
        let used = self.store.last_used(&keys).await.map_err(store_refusal)?;
        let view = |(place, member): (Place, MemberRow)| BehindView {
            place: place.to_string(),
            application: known.get(member.key.as_str()).map(|key| text(key, "application").to_owned()),
            next: upcoming(row, &member),
            letters: letters(&member, &sent),
            last_used: used.get(&member.key).copied().map(Timestamp::from_micros),
            task: member.body.task.clone(),
            key: member.key,
            account: member.account,
            customer: member.customer,
            segment: member.segment,
            state: member.state,
        };
        Ok(found.into_iter().map(view).collect())
    }
}

/// The next step of a key, as its owner sees it too.
fn upcoming(row: &CampaignRow, member: &MemberRow) -> Option<Upcoming> {
    if row.state == CampaignState::Stopped || member.state == MemberState::Unreachable {
        return None;
    }
    let dates = RegistrationView::of(row, member);
    Some(match member.body.progress.read_only_us {
        Some(_) => Upcoming { step: Step::End, at: dates.ends },
        None => Upcoming { step: Step::ReadOnly, at: dates.read_only },
    })
}

/// Letters in the order in which they left; those that wait come last.
fn letters(member: &MemberRow, sent: &BTreeMap<&str, &str>) -> Vec<LetterView> {
    let mut told: Vec<_> = member.body.progress.told.iter().collect();
    told.sort_by_key(|(code, told)| (told.told_us.is_none(), told.told_us, told.names_us, (*code).clone()));
    let view = |(code, told): (&String, &super::clock::Told)| LetterView {
        letter: code.clone(),
        notice: told.notice.clone(),
        told: told.told_us.map(Timestamp::from_micros),
        delivery: sent.get(told.notice.as_str()).map(|state| (*state).to_owned()),
    };
    told.into_iter().map(view).collect()
}

/// States and segments to be listed, in their order.
fn sections(filter: &BehindFilter) -> impl Iterator<Item = (MemberState, Segment)> {
    let (one, segment) = (filter.state, filter.segment);
    let states = BEHIND.into_iter().filter(move |state| one.is_none_or(|one| one == *state));
    states.flat_map(move |state| {
        let segments = Segment::ALL.iter().copied();
        segments.filter(move |of| segment.is_none_or(|one| one == *of)).map(move |segment| (state, segment))
    })
}

/// A place in the list: where its state and its segment stand in their orders, and the key. It stays one when the key moves on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    section: (usize, usize),
    key: String,
}

impl Place {
    fn section(state: MemberState, segment: Segment) -> (usize, usize) {
        let state = BEHIND.iter().position(|known| *known == state).unwrap_or(BEHIND.len());
        (state, Segment::ALL.iter().position(|known| *known == segment).unwrap_or(Segment::ALL.len()))
    }

    /// `2.0.K1`.
    fn of(text: &str) -> Option<Self> {
        let (state, rest) = text.split_once('.')?;
        let (segment, key) = rest.split_once('.')?;
        let (state, segment) = (state.parse().ok()?, segment.parse().ok()?);
        let known = state < BEHIND.len() && segment < Segment::ALL.len() && !key.is_empty();
        known.then(|| Self { section: (state, segment), key: key.to_owned() })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.section.0, self.section.1, self.key)
    }
}

fn no_place() -> Refusal {
    Refusal::new(
        RefusalKind::Invalid,
        "cursor_unknown",
        "`after` is not the `next` of any page of this list",
        "send the `next` of the page before as it came, or leave `after` out to begin anew",
    )
    .at("after")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_it_is_written_and_whatever_is_none_is_refused() {
        let place = Place { section: (2, 4), key: "K.1/x".into() };
        assert_eq!(Place::of(&place.to_string()), Some(place));
        for wrong in ["", "K1", "2.K1", "2.0.", "5.0.K1", "0.9.K1", "-1.0.K1", "a.b.c"] {
            assert_eq!(Place::of(wrong), None, "{wrong}");
        }
    }
}
