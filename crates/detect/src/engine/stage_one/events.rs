//! Requests, sessions, orders and reports.

use super::say::Saying;
use super::{Ground, Origin, account_of};
use crate::emit::Link;
use crate::engine::lookups::Lookups;
use crate::engine::moment::SECOND_US;
use crate::engine::partition::{Fed, Partition};
use crate::engine::slot::KeySlot;
use crate::engine::uses::origin;
use crate::keys::{Around, Shown};
use crate::seen::Seen;
use std::net::IpAddr;
use sumun_model::wire::event::{CaseOutcome, ReportKind, SessionAction};
use sumun_model::wire::{AccessLine, OrderLine, ReportLine, SessionLine, Signature, Verdict};
use sumun_model::{ActKind, Check, CheckOutcome, KeyId, Reason};

/// Signed by the key, or let through by a front that is trusted to have looked (WIRE 3).
pub(crate) fn is_valid(line: &AccessLine) -> bool {
    match line.signature {
        Some(Signature::Valid) => true,
        Some(Signature::Invalid | Signature::Absent) => false,
        Some(Signature::Unchecked) | None => line.verdict == Some(Verdict::Allow),
    }
}

/// The outcome of the address check alone, where the line tells.
fn address_ok(line: &AccessLine) -> Option<bool> {
    match line.checks.and_then(|checks| checks.get(Check::Address)) {
        Some(CheckOutcome::Pass) => Some(true),
        Some(CheckOutcome::Fail) => Some(false),
        Some(CheckOutcome::NotRun) => None,
        None if line.reason == Some(Reason::AddressNotAllowed) => Some(false),
        None => (line.verdict == Some(Verdict::Allow)).then_some(true),
    }
}

impl Partition {
    pub(super) fn access(
        &mut self,
        fed: &Fed,
        line: &AccessLine,
        ground: &Ground<'_>,
        lookups: &mut Lookups,
    ) {
        let Some(key) = &line.key else {
            self.counts.without_key += 1;
            return;
        };
        if !is_valid(line) {
            self.counts.unsigned += 1;
            return;
        }
        let Some(address) = line.ip.map(|ip| ip.to_canonical()) else {
            self.counts.without_address += 1;
            return;
        };
        if !self.keys.contains_key(key) && !self.meet(key, fed.home.as_ref(), fed.at, ground) {
            return;
        }
        let Self { accounts, keys, wakes, out, emit, tally, number, .. } = self;
        let Some(slot) = keys.get_mut(key) else { return };
        slot.last = fed.at.now;
        let ended = slot.has_ended();
        let KeySlot { view, account, delegations, measure, used, states, uses, wakes: asked, .. } =
            &mut **slot;
        let account = account_of(accounts, account.as_ref(), ground);
        let place = lookups.place(address, ground.global, ground.data);
        let program = lookups.program(line.ja4.as_deref(), line.agent.as_deref());
        let seen = Seen {
            now: fed.at.now,
            line,
            valid: true,
            passed: line.verdict == Some(Verdict::Allow) || line.enforced == Some(false),
            address_ok: address_ok(line),
            address,
            network: &place.network,
            client: &program.client,
            client_mark: program.mark,
            key: view,
            account,
            vendor: view.vendor.as_ref().and_then(|vendor| ground.global.vendor_of(vendor)),
            egress_of: place.egress_of.as_ref().and_then(|vendor| ground.global.vendor_of(vendor)),
            delegations,
            measure: *measure,
            population: ground.population,
        };
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
            address: Some(address),
            ground,
            lookups,
        };
        if !ended {
            states.show(&ground.params.keys, Shown::Access(&seen), emit, |who, emit| saying.take(who, emit));
        }
        if !seen.passed {
            return;
        }
        uses.access(&seen, |link| saying.link(link, fed.at.now));
        saying.uses_watch(uses);
        let gap_us = i64::from(ground.params.engine.session_gap_s) * SECOND_US;
        if !ended && used.is_none_or(|used| fed.at.now.micros_since(used) > gap_us) {
            tally.session(&seen, used.is_none());
        }
        *used = Some(fed.at.now);
    }

    pub(super) fn session(
        &mut self,
        fed: &Fed,
        line: &SessionLine,
        ground: &Ground<'_>,
        lookups: &mut Lookups,
    ) {
        let Some(account) = self.accounts.get(&line.account) else { return };
        let most = ground.params.engine.keys_per_account_max as usize;
        let keys: Vec<KeyId> = account.keys.iter().take(most).cloned().collect();
        let act = match line.action {
            Some(SessionAction::IdentityVerified) => Some(ActKind::IdentityVerified),
            Some(SessionAction::ControlProved) => Some(ActKind::ControlProved),
            Some(SessionAction::ControlFailed) => Some(ActKind::ControlFailed),
            _ => None,
        };
        // Identity is the person's, so it counts for every key; control is proved of the key named, or of the only one.
        let concerns = |key: &KeyId| match &line.key {
            Some(named) => named == key,
            None => act == Some(ActKind::IdentityVerified) || keys.len() == 1,
        };
        let own = line.action != Some(SessionAction::LoginFailed) && line.remote_control != Some(true);
        for key in &keys {
            let told = act.filter(|_| concerns(key));
            self.around(
                fed,
                key,
                line.ip,
                ground,
                lookups,
                |states, around, saying, emit| {
                    states.show(&ground.params.keys, Shown::Session(line, around), emit, |who, emit| {
                        saying.take(who, emit);
                    });
                    if let Some(ip) = line.ip.filter(|_| own) {
                        saying.link(Link::OwnerSession { origin: origin(ip) }, fed.at.now);
                    }
                    if let Some(kind) = told {
                        saying.act(kind);
                    }
                },
                &line.id,
            );
        }
    }

    pub(super) fn order(&mut self, fed: &Fed, line: &OrderLine, ground: &Ground<'_>, lookups: &mut Lookups) {
        let Some(key) = &line.key else { return };
        self.around(
            fed,
            key,
            None,
            ground,
            lookups,
            |states, around, saying, emit| {
                states.show(&ground.params.keys, Shown::Order(line, around), emit, |who, emit| {
                    saying.take(who, emit);
                });
            },
            &line.id,
        );
    }

    pub(super) fn report(
        &mut self,
        fed: &Fed,
        line: &ReportLine,
        ground: &Ground<'_>,
        lookups: &mut Lookups,
    ) {
        // A report that names no key is about a key only if the account has just one.
        let only = || match self.accounts.get(line.account.as_ref()?)?.keys.as_slice() {
            [key] => Some(key.clone()),
            _ => None,
        };
        let Some(key) = line.key.clone().or_else(only) else { return };
        // Whose owner speaks stands in `account`: nobody denies or clears another's key by naming it.
        let owner = self.keys.get(&key).and_then(|slot| slot.account.as_ref());
        if let (Some(owner), Some(speaks)) = (owner, &line.account)
            && owner != speaks
        {
            return;
        }
        let act = match (line.kind, line.outcome) {
            (Some(ReportKind::OwnerConfirms), _) => Some(ActKind::OwnerConfirms),
            (Some(ReportKind::OwnerDenies), _) => Some(ActKind::OwnerDenies),
            (Some(ReportKind::CaseOutcome), Some(CaseOutcome::FalsePositive | CaseOutcome::Benign)) => {
                Some(ActKind::Exonerated)
            }
            _ => None,
        };
        self.around(
            fed,
            &key,
            None,
            ground,
            lookups,
            |states, around, saying, emit| {
                states.show(&ground.params.keys, Shown::Report(line, around), emit, |who, emit| {
                    saying.take(who, emit);
                });
                if let Some(kind) = act {
                    saying.act(kind);
                }
            },
            &line.id,
        );
    }

    /// Sets up what a line of a known, living key is shown in.
    #[expect(clippy::too_many_arguments, reason = "the borrowed parts of one line, passed on at once")]
    fn around(
        &mut self,
        fed: &Fed,
        key: &KeyId,
        address: Option<IpAddr>,
        ground: &Ground<'_>,
        lookups: &mut Lookups,
        show: impl FnOnce(&mut crate::keys::KeyStates, Around<'_>, &mut Saying<'_>, &mut crate::emit::Emit),
        event: &sumun_model::EventId,
    ) {
        let Self { accounts, keys, wakes, out, emit, number, .. } = self;
        let Some(slot) = keys.get_mut(key) else { return };
        slot.last = fed.at.now;
        if slot.has_ended() {
            return;
        }
        let account = account_of(accounts, slot.account.as_ref(), ground);
        let KeySlot { view, delegations, states, wakes: asked, .. } = &mut **slot;
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
            address,
            ground,
            lookups,
        };
        show(states, Around { now: fed.at.now, key: view, event }, &mut saying, emit);
    }
}
