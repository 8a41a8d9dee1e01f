//! State lines of accounts and keys. Those of keys that are older than the key's last never come here: the router knows.

use super::say::Saying;
use super::{Ground, Measures, Origin, account_of};
use crate::engine::causing::Causing;
use crate::engine::item::{AccountHead, Item, ToFuse};
use crate::engine::lookups::Lookups;
use crate::engine::partition::{Fed, Partition};
use crate::engine::slot::{AccountSlot, KeySlot};
use crate::keys::{Around, Shown};
use crate::seen::{AccountView, KeyView};
use sumun_model::wire::{AccountLine, KeyLine};
use sumun_model::{EventId, ExpiryCause, KeyState};

impl Partition {
    pub(super) fn account(&mut self, fed: &Fed, line: &AccountLine) {
        let slot = self
            .accounts
            .entry(line.account.clone())
            .or_insert_with(|| AccountSlot::new(line.account.clone()));
        if slot.told.is_some_and(|told| told > line.ts) {
            self.counts.stale_states += 1;
            return;
        }
        slot.told = Some(line.ts);
        slot.view = AccountView {
            account: line.account.clone(),
            customer: line.customer.clone(),
            person: line.person.clone(),
            segment: line.segment,
            country: line.country.clone(),
            owner: line.owner.clone(),
        };
        let head = AccountHead {
            account: line.account.clone(),
            customer: line.customer.clone(),
            segment: line.segment,
        };
        self.out.fuse.push((fed.at, Causing::Position(fed.at.moment.position), ToFuse::Account(head)));
    }

    pub(super) fn key(&mut self, fed: &Fed, line: &KeyLine, ground: &Ground<'_>, lookups: &mut Lookups) {
        let born = !self.keys.contains_key(&line.key);
        if born && !self.meet(&line.key, fed.home.as_ref(), fed.at, ground) {
            return;
        }
        let Self { accounts, keys, wakes, out, emit, counts, number, .. } = self;
        let Some(slot) = keys.get_mut(&line.key) else { return };
        slot.last = fed.at.now;
        let mut view = view_of(line, ground, counts);
        if ground.measures == Measures::Derive
            && line.state == Some(KeyState::Expired)
            && line.cause == Some(ExpiryCause::Forced)
        {
            counts.forced_ends_ignored += 1;
            view.state = slot.view.state.filter(|state| !state.is_terminal()).or(Some(KeyState::Active));
        }
        if ground.measures == Measures::Recorded {
            out.measures.push((line.key.clone(), line.measure));
        }
        let before = std::mem::replace(&mut slot.view, view);
        let account = account_of(accounts, slot.account.as_ref(), ground);
        let ended = slot.has_ended();
        let KeySlot { view, delegations, states, uses, wakes: asked, account: own, .. } = &mut **slot;
        let mut saying = Saying {
            at: fed.at,
            origin: Origin::Line(&fed.line, fed.at.moment.position),
            number: *number,
            out,
            wakes,
            asked,
            key: view,
            account,
            delegations,
            address: None,
            ground,
            lookups,
        };
        let (state, replaces) = (view.state, view.replaces.clone());
        saying.fuse(Item::Head { account: own.clone(), state, replaces });
        if born {
            saying.fuse(Item::Born);
        }
        if ended || (before.told && before == *view) {
            return;
        }
        uses.key(view, fed.at.now, |link| saying.link(link, fed.at.now));
        // A state line has no id of its own; a detector may name it by its place.
        let Ok(event) = EventId::new(&format!("line:{}", fed.at.moment.position)) else { return };
        let around = Around { now: fed.at.now, key: view, event: &event };
        let before = Some(&before).filter(|before| before.told);
        states
            .show(&ground.params.keys, Shown::Key(before, around), emit, |who, emit| saying.take(who, emit));
    }
}

fn view_of(line: &KeyLine, ground: &Ground<'_>, counts: &mut crate::engine::counts::Counts) -> KeyView {
    let most = ground.params.engine.allowlist_max as usize;
    let mut allowlist = line.allowlist.clone().unwrap_or_default();
    if allowlist.len() > most {
        counts.over_cap += 1;
        allowlist.truncate(most);
    }
    // A mandate with longer lists than the cap is one we do not know: a cut list would make a breach of a right.
    let short = |mandate: &sumun_model::Mandate| {
        mandate.markets.as_ref().is_none_or(|markets| markets.len() <= most)
            && mandate.countries.as_ref().is_none_or(|countries| countries.len() <= most)
    };
    let mandate = line.mandate.clone().filter(|mandate| {
        let known = short(mandate);
        counts.over_cap += u64::from(!known);
        known
    });
    KeyView {
        key: line.key.clone(),
        state: line.state,
        scopes: line.scopes,
        allowlist,
        told: true,
        purpose: line.purpose,
        operator: line.operator.clone(),
        vendor: line.vendor.clone(),
        created: line.created,
        expires: line.expires,
        replaces: line.replaces.clone(),
        mandate,
    }
}
