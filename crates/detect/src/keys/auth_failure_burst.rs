//! A8: a valid signature from an address that is not in effect.
//!
//! Who signs validly has the secret. The commonest honest reason for a foreign address is a home line whose address drifted while the
//! bot goes on knocking; so the owner is asked first, and nothing is counted.
//!
//! **Sees**, for each foreign address, whether the registered side stays in use meanwhile (registered, foreign, registered again
//! within half an hour), or both program and clock differ: then the secret is in other hands, 2.5 at first sight, 3.5 once seen on
//! three days. An owner's denial makes it hard evidence. Also valid requests refused for their clock, and bursts of refusals.
//! **Misses** a thief who uses the key only while the owner's bot is silent, with the owner's program or without a clock to compare
//! (asked, not accused), or over IPv6 of the owner's own network while only IPv4 is registered; whoever relays through a registered
//! address.
//!
//! Example: the owner's `ccxt` at home, a stranger's `pyupbit` refused from a cloud, the owner's `ccxt` again two seconds later: told.
//! The honest twin: an owner's address drifts, his bot is refused, he answers "me", proves the new address: nothing is left.
//!
//! Never counted: invalid signatures (they do not come here); requests whose nonce was used or whose clock fails, since a copied
//! message needs no secret; addresses registered and not yet proved; an address the key was used from before (an old host that
//! still knocks); anything within a day of the owner's edit of the allowlist, which is asked instead.
//!
//! State: 8 foreign and 4 registered sides of about 150 bytes with one event id each, 16 nonces; at most 3 KiB, 0.3 as a rule.

mod params;
mod refusals;
mod sides;
#[cfg(test)]
mod tests;

use super::around::{client_name, network_name, span, us};
use super::{KeyDetector, facts};
use crate::emit::{Emit, Raw};
use crate::keys::Around;
use crate::seen::{KeyView, Seen};
pub use params::Params;
use refusals::Refusals;
use serde::{Deserialize, Serialize};
use sides::{Foreign, Sides};
use sumun_model::finding::Family;
use sumun_model::wire::ReportLine;
use sumun_model::wire::event::ReportKind;
use sumun_model::{Cause, Check, CheckOutcome, Fact, Hard, Value};

/// The detector.
#[derive(Clone, Copy, Debug)]
pub struct AuthFailureBurst;

/// What is remembered of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    sides: Sides,
    /// When the owner last edited the allowlist, microseconds.
    edited: Option<i64>,
    asked: Asked,
    said: i64,
    /// Days on which the secret was seen in other hands, and the last of them.
    days: u16,
    last_day: Option<i64>,
    /// Whether that stands against the key.
    accused: bool,
    refusals: Refusals,
}

impl KeyDetector for AuthFailureBurst {
    const NAME: &'static str = "key.auth_failure_burst@1";
    const FAMILY: Family = Family::Auth;
    type Params = Params;
    type State = State;

    fn access(params: &Params, state: &mut State, seen: &Seen<'_>, emit: &mut Emit) {
        if !seen.valid {
            return;
        }
        match seen.address_ok {
            Some(false) => {
                state.foreign(params, seen, emit);
                state.say(emit);
            }
            _ if seen.passed => state.registered(params, seen, emit),
            _ => {
                let nonce = seen.line.nonce.as_deref();
                if !nonce.is_some_and(|nonce| state.sides.knows_nonce(nonce)) {
                    state.refusals.refused(params, seen, emit);
                }
            }
        }
    }

    fn key(_: &Params, state: &mut State, before: Option<&KeyView>, around: Around<'_>, _: &mut Emit) {
        let prefixes = |key: &KeyView| key.allowlist.iter().map(|entry| entry.prefix()).collect::<Vec<_>>();
        if before.is_some_and(|before| before.told && prefixes(before) != prefixes(around.key)) {
            state.edited = Some(around.now.as_micros());
        }
    }

    fn report(params: &Params, state: &mut State, line: &ReportLine, around: Around<'_>, emit: &mut Emit) {
        if line.reliability.is_some_and(|reliability| reliability > params.reliability_least) {
            return;
        }
        let now = around.now.as_micros();
        match line.kind {
            Some(ReportKind::OwnerDenies) => state.denied(params, now, emit),
            Some(ReportKind::OwnerConfirms) => {
                state.confirmed(params, now, emit);
                state.say(emit);
            }
            _ => {}
        }
    }
}

impl State {
    /// Says how many foreign addresses nobody has explained, if that changed.
    fn say(&mut self, emit: &mut Emit) {
        let foreign = self.sides.unexplained();
        if foreign != self.said {
            self.said = foreign;
            emit.fact(facts::FOREIGN_ADDRESSES, Fact::Int(foreign));
        }
    }

    /// A valid signature from an address not in effect.
    fn foreign(&mut self, params: &Params, seen: &Seen<'_>, emit: &mut Emit) {
        let failed = |check| seen.line.checks.and_then(|c| c.get(check)) == Some(CheckOutcome::Fail);
        if failed(Check::Replay) || failed(Check::Clock) || seen.key.entry_for(seen.address).is_some() {
            return;
        }
        if seen.line.nonce.as_deref().is_some_and(|nonce| self.sides.knows_nonce(nonce)) {
            return;
        }
        let now = seen.now.as_micros();
        let likeness = self.sides.likeness(params.clock_ms, seen);
        let at = self.sides.note_foreign(seen, likeness, now);
        let edited = is_edited(self.edited, params, now);
        let day = span(seen.now, params.day_s);
        let Some(foreign) = self.sides.foreign_mut(at) else { return };
        if foreign.is_in_other_hands(params) && !edited {
            emit_some(self.accuse(params, seen, at), emit);
            return;
        }
        if foreign.confirmed || foreign.told_day == Some(day) || !self.asked.may(day, params.asked_per_day) {
            return;
        }
        if let Some(foreign) = self.sides.foreign_mut(at) {
            foreign.told_day = Some(day);
        }
        emit.signal(Raw {
            code: "foreign_address_drift".to_owned(),
            cause: Cause::Unknown,
            llr_milli: 0,
            values: vec![
                ("address".to_owned(), seen.address.to_string().into()),
                ("network".to_owned(), network_name(seen.network).into()),
                ("client".to_owned(), client_name(seen.client).into()),
                ("same_client".to_owned(), word(Some(likeness.client))),
                ("same_clock".to_owned(), word(likeness.clock)),
                ("same_network".to_owned(), word(Some(likeness.network))),
            ],
            baseline: None,
            evidence: Vec::new(),
            hard: None,
        });
    }

    /// A request from an address in effect, let through.
    fn registered(&mut self, params: &Params, seen: &Seen<'_>, emit: &mut Emit) {
        let now = seen.now.as_micros();
        let Some(turned) = self.sides.note_registered(params, seen, now) else { return };
        if !is_edited(self.edited, params, now) {
            emit_some(self.accuse(params, seen, turned), emit);
        }
    }

    /// The secret is in other hands: told once a day.
    fn accuse(&mut self, params: &Params, seen: &Seen<'_>, at: usize) -> Option<Raw> {
        let foreign = self.sides.foreign_mut(at)?;
        foreign.other_hands = true;
        let day = span(seen.now, params.day_s);
        if self.last_day == Some(day) && self.accused {
            return None;
        }
        if self.last_day != Some(day) {
            self.days = self.days.saturating_add(1);
            self.last_day = Some(day);
        }
        self.accused = true;
        let repeated = self.days >= params.repeat_days;
        Some(Raw {
            code: "foreign_address_in_use".to_owned(),
            cause: Cause::Leaked,
            llr_milli: if repeated { params.repeated_milli } else { params.in_use_milli },
            values: vec![
                ("address".to_owned(), foreign.address.to_string().into()),
                ("turns".to_owned(), i64::from(foreign.turns).into()),
                ("days".to_owned(), i64::from(self.days).into()),
                ("same_client".to_owned(), word(Some(foreign.likeness.client))),
                ("same_clock".to_owned(), word(foreign.likeness.clock)),
            ],
            baseline: None,
            evidence: vec![foreign.event.clone()],
            hard: None,
        })
    }

    /// The owner says it was not him.
    fn denied(&mut self, params: &Params, now: i64, emit: &mut Emit) {
        let asked: Vec<&Foreign> = self.sides.foreign_since(now - us(params.answer_s)).collect();
        let addresses = if asked.is_empty() {
            Value::from("-")
        } else {
            Value::List(asked.iter().map(|f| f.address.to_string()).collect())
        };
        emit.signal(Raw {
            code: "secret_out_by_denial".to_owned(),
            cause: Cause::Leaked,
            llr_milli: params.denied_milli,
            values: vec![
                ("foreign".to_owned(), i64::try_from(asked.len()).unwrap_or(i64::MAX).into()),
                ("addresses".to_owned(), addresses),
            ],
            baseline: None,
            evidence: asked.iter().map(|f| f.event.clone()).collect(),
            hard: Some(Hard::OwnerDenies),
        });
    }

    /// The owner says it was him: what stood against the key from here is withdrawn. His earlier denial is not: a thief who has
    /// his session could take it back.
    fn confirmed(&mut self, params: &Params, now: i64, emit: &mut Emit) {
        let addresses = self.sides.confirm_since(now - us(params.answer_s));
        if std::mem::take(&mut self.accused) {
            (self.days, self.last_day) = (0, None);
            emit.signal(withdrawn(&addresses));
        }
        if !addresses.is_empty() {
            let addresses = ("addresses".to_owned(), Value::List(addresses));
            emit.signal(plain("foreign_address_confirmed", 0, vec![addresses]));
        }
    }
}

fn is_edited(edited: Option<i64>, params: &Params, now: i64) -> bool {
    edited.is_some_and(|at| now - at < us(params.edited_s))
}

fn emit_some(raw: Option<Raw>, emit: &mut Emit) {
    if let Some(raw) = raw {
        emit.signal(raw);
    }
}

/// A refusal of 0 points for what the owner has explained: takes the place of what was said before.
fn withdrawn(addresses: &[String]) -> Raw {
    plain(
        "foreign_address_in_use",
        0,
        vec![
            ("address".to_owned(), addresses.join(", ").into()),
            ("days".to_owned(), 0_i64.into()),
            ("turns".to_owned(), 0_i64.into()),
            ("withdrawn".to_owned(), "owner_confirms".into()),
        ],
    )
}

fn plain(code: &str, llr_milli: i32, values: Vec<(String, Value)>) -> Raw {
    Raw {
        code: code.to_owned(),
        cause: Cause::Unknown,
        llr_milli,
        values,
        baseline: None,
        evidence: Vec::new(),
        hard: None,
    }
}

/// For machines to read: whether two things are the same, as far as is known.
fn word(same: Option<bool>) -> Value {
    match same {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
    .into()
}

/// How many addresses the owner was asked for today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    day: i64,
    times: u16,
}

impl Asked {
    fn may(&mut self, day: i64, most: u16) -> bool {
        if self.day != day {
            *self = Self { day, times: 0 };
        }
        let may = self.times < most;
        self.times = self.times.saturating_add(u16::from(may));
        may
    }
}
