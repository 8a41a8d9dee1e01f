//! One step of a test: what it makes of what was seen, and when it is over.

use super::draw::{CODE_TRIES_MAX, Draw, Opened};
use serde::{Deserialize, Serialize};
use sumun_model::code::CodeMark;
use sumun_model::{KeyId, Timestamp};

/// What a step asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The program stops and starts again when the draw says so.
    StopAndStart,
    /// A signed request carries a drawn code.
    Code,
    /// A new secret is first used where and when the draw says so, and the old one not any more.
    RotateAndWatch,
}

impl Kind {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StopAndStart => "stop_and_start",
            Self::Code => "code",
            Self::RotateAndWatch => "rotate_and_watch",
        }
    }
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Its draw is not shown yet.
    Hidden,
    /// Its windows run.
    Running,
    /// Done as drawn.
    Passed,
    /// Not done as drawn.
    Failed(Why),
}

/// Why a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It was used while it should have been silent.
    NotSilent,
    /// It was silent while it should have been in use.
    NotInUse,
    /// The code did not come in time.
    NoCode,
    /// Too many other codes came.
    TooManyCodes,
    /// The key was not rotated in time.
    NotRotated,
    /// The new secret was used before its slot.
    UsedEarly,
    /// The new secret was not used in its slot.
    NotUsedInTime,
    /// The new secret was used from an address that is not registered.
    UsedElsewhere,
    /// The old secret was still used.
    OldStillUsed,
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<'a> {
    /// A request with a valid signature, refused or not.
    Request {
        /// By which key.
        key: &'a KeyId,
        /// When a gate received it.
        at: Timestamp,
        /// Whether its address is in effect.
        registered: bool,
        /// The mark of the code it carries.
        code: Option<&'a str>,
        /// Its event id.
        event: &'a str,
    },
    /// The owner rotated the key.
    Rotated {
        /// The key before.
        old: &'a KeyId,
        /// The key that took its place.
        new: &'a KeyId,
        /// When.
        at: Timestamp,
    },
}

/// What was seen so far: sums and first events, never a list that grows with the traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seen {
    /// Slots in use, as bits.
    pub slots: u32,
    /// Event ids that settled something, or that carried a code.
    pub events: Vec<String>,
    /// The key before the rotation.
    pub old: Option<String>,
    /// The key after it.
    pub new: Option<String>,
    /// When it was rotated.
    pub rotated_us: Option<i64>,
    /// When the new secret was first used.
    pub first_us: Option<i64>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it asks for.
    pub kind: Kind,
    /// Commitment to its draw.
    pub commitment: String,
    /// Whoever does not know the draw passes at most once in so many.
    pub one_in: u64,
    /// Where it stands.
    pub state: StepState,
    /// Its draw, once shown.
    pub shown: Option<Opened>,
    /// When it was shown: seconds of the draw count from here.
    pub shown_us: Option<i64>,
    /// What was seen of it.
    pub seen: Seen,
}

/// Whole seconds after an instant.
fn after(from_us: i64, seconds: u32) -> i64 {
    from_us.saturating_add(i64::from(seconds).saturating_mul(1_000_000))
}

impl Step {
    /// Committed, not shown.
    pub(super) fn hidden(opened: &Opened, commitment: String) -> Self {
        Self {
            kind: opened.draw.kind(),
            commitment,
            one_in: opened.draw.one_in(),
            state: StepState::Hidden,
            shown: None,
            shown_us: None,
            seen: Seen::default(),
        }
    }

    pub(super) fn begin(&mut self, opened: &Opened, now: Timestamp) {
        self.state = StepState::Running;
        self.shown = Some(opened.clone());
        self.shown_us = Some(now.as_micros());
    }

    fn drawn(&self) -> Option<(Draw, i64)> {
        Some((self.shown.as_ref()?.draw.clone(), self.shown_us?))
    }

    /// The window its owner must keep now: from when, until when.
    #[must_use]
    pub fn window(&self) -> Option<(Timestamp, Timestamp)> {
        let (draw, shown) = self.drawn()?;
        let (from, until) = match draw {
            Draw::StopAndStart { lead_s, slots, slot_s, .. } => {
                let from = after(shown, lead_s);
                (from, after(from, slots * slot_s))
            }
            Draw::Code { within_s, .. } => (shown, after(shown, within_s)),
            Draw::RotateAndWatch { rotate_s, lead_s, slot_s, slot, .. } => match self.seen.rotated_us {
                None => (shown, after(shown, rotate_s)),
                Some(rotated) => {
                    let from = after(rotated, lead_s + slot * slot_s);
                    (from, after(from, slot_s))
                }
            },
        };
        Some((Timestamp::from_micros(from), Timestamp::from_micros(until)))
    }

    /// Between which instants it must be silent, for a stop and start.
    #[must_use]
    pub fn silence(&self) -> Option<(Timestamp, Timestamp)> {
        let (Draw::StopAndStart { lead_s, slot_s, stop, start, .. }, shown) = self.drawn()? else {
            return None;
        };
        let begin = after(shown, lead_s);
        let at = |slot: u32| Timestamp::from_micros(after(begin, slot * slot_s));
        Some((at(stop), at(start)))
    }

    /// When its present window is over.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        self.window().map(|(_, until)| until).filter(|_| self.state == StepState::Running)
    }

    /// Takes in what was seen; true if anything changed.
    pub(super) fn see(&mut self, fact: &Fact<'_>) -> bool {
        let Some((draw, shown)) = self.drawn() else { return false };
        let before = (self.state, self.seen.clone());
        match draw {
            Draw::StopAndStart { lead_s, slots, slot_s, grace_s, stop, start } => {
                self.see_slot(fact, after(shown, lead_s), (slots, slot_s, grace_s), stop..start);
            }
            Draw::Code { code, within_s } => self.see_code(fact, &code, shown..=after(shown, within_s)),
            Draw::RotateAndWatch { rotate_s, grace_s, .. } => {
                self.see_rotation(fact, shown..=after(shown, rotate_s), grace_s);
            }
        }
        before != (self.state, self.seen.clone())
    }

    fn see_slot(
        &mut self,
        fact: &Fact<'_>,
        from: i64,
        (slots, slot_s, grace_s): (u32, u32, u32),
        silent: std::ops::Range<u32>,
    ) {
        let Fact::Request { at, registered: true, event, .. } = fact else { return };
        let since = at.as_micros().saturating_sub(from);
        let slot_us = i64::from(slot_s) * 1_000_000;
        let slot = u32::try_from(since.div_euclid(slot_us.max(1))).ok().filter(|slot| *slot < slots);
        let Some(slot) = slot else { return };
        if since.rem_euclid(slot_us.max(1)) < i64::from(grace_s) * 1_000_000 {
            return;
        }
        if self.seen.slots & (1 << slot) != 0 {
            return;
        }
        self.seen.slots |= 1 << slot;
        self.seen.events.push((*event).to_owned());
        if silent.contains(&slot) {
            self.state = StepState::Failed(Why::NotSilent);
        }
    }

    fn see_code(&mut self, fact: &Fact<'_>, code: &str, window: std::ops::RangeInclusive<i64>) {
        let Fact::Request { key, at, registered: true, code: Some(mark), event } = fact else { return };
        if !window.contains(&at.as_micros()) || self.seen.events.iter().any(|known| known == event) {
            return;
        }
        self.seen.events.push((*event).to_owned());
        if self.seen.events.len() > CODE_TRIES_MAX {
            self.state = StepState::Failed(Why::TooManyCodes);
        } else if CodeMark::of(key, code).to_string() == *mark {
            self.state = StepState::Passed;
        }
    }

    fn see_rotation(&mut self, fact: &Fact<'_>, window: std::ops::RangeInclusive<i64>, grace_s: u32) {
        match fact {
            Fact::Rotated { old, new, at } => {
                if self.seen.rotated_us.is_none() && window.contains(&at.as_micros()) {
                    self.seen.old = Some(old.to_string());
                    self.seen.new = Some(new.to_string());
                    self.seen.rotated_us = Some(at.as_micros());
                }
            }
            Fact::Request { key, at, registered, event, .. } => {
                let Some(rotated) = self.seen.rotated_us else { return };
                let Some((from, until)) = self.window() else { return };
                let failed = if self.seen.old.as_deref() == Some(key.as_str()) {
                    (at.as_micros() > after(rotated, grace_s)).then_some(Why::OldStillUsed)
                } else if self.seen.new.as_deref() != Some(key.as_str()) || *at >= until {
                    None
                } else if !registered {
                    Some(Why::UsedElsewhere)
                } else if *at < from {
                    Some(Why::UsedEarly)
                } else {
                    if self.seen.first_us.is_none() {
                        self.seen.first_us = Some(at.as_micros());
                        self.seen.events.push((*event).to_owned());
                    }
                    None
                };
                if let Some(why) = failed {
                    self.seen.events.push((*event).to_owned());
                    self.state = StepState::Failed(why);
                }
            }
        }
    }

    /// What follows once everything up to `heard` has been seen; true if anything changed.
    pub(super) fn due(&mut self, heard: Timestamp) -> bool {
        let (Some((draw, _)), Some(ends)) = (self.drawn(), self.ends()) else { return false };
        if heard < ends {
            return false;
        }
        self.state = match draw {
            Draw::StopAndStart { slots, stop, start, .. } => {
                let silent = (stop..start).fold(0_u32, |bits, slot| bits | 1 << slot);
                let all = u32::MAX >> (32 - slots.clamp(1, 32));
                if self.seen.slots == all & !silent {
                    StepState::Passed
                } else {
                    StepState::Failed(Why::NotInUse)
                }
            }
            Draw::Code { .. } => StepState::Failed(Why::NoCode),
            Draw::RotateAndWatch { .. } => match (self.seen.rotated_us, self.seen.first_us) {
                (None, _) => StepState::Failed(Why::NotRotated),
                (Some(_), None) => StepState::Failed(Why::NotUsedInTime),
                (Some(_), Some(_)) => StepState::Passed,
            },
        };
        true
    }
}
