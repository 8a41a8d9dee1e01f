//! What a gate's answer to a canary's request says of the key there.
//!
//! A refusal for what the gate looks at behind the key's state (address, scope, rates) is an answer to a living key: an
//! ended one never gets that far.

use super::Answered;
use sumun_model::Reason;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An answer from behind the gate: it let the request pass.
    Served,
    /// The gate's own refusal.
    Refused(Reason),
    /// Something that neither a gate says nor an exchange that was asked.
    Unclear(String),
    /// Nothing in time.
    Nothing(String),
}

impl Heard {
    /// Whether the key lives there; `None` if that cannot be told.
    #[must_use]
    pub fn lives(&self) -> Option<bool> {
        match self {
            Self::Served => Some(true),
            Self::Refused(Reason::KeyExpired) => Some(false),
            // Reasons stand in the gate's order.
            Self::Refused(reason) if *reason > Reason::KeyExpired => Some(true),
            Self::Refused(_) | Self::Unclear(_) | Self::Nothing(_) => None,
        }
    }

    /// It in few words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Served => "served".to_owned(),
            Self::Refused(reason) => reason.as_str().to_owned(),
            Self::Unclear(what) | Self::Nothing(what) => what.clone(),
        }
    }
}

/// What was found, by the last answer to the living key, if it was tried, and the last one to the ended key.
#[must_use]
pub fn finding(living: Option<&Heard>, ended: &Heard) -> (Answered, Option<String>) {
    match (ended.lives(), ended) {
        (Some(true), _) => (Answered::StillServed, Some(ended.words())),
        (Some(false), _) => match living {
            None => (Answered::Obeyed, Some("not tried while it lived".to_owned())),
            Some(living) if living.lives() == Some(true) => (Answered::Obeyed, None),
            Some(living) => (Answered::NotServedWhileAlive, Some(living.words())),
        },
        (None, Heard::Nothing(_)) => (Answered::Unreachable, Some(ended.words())),
        (None, _) => (Answered::Unclear, Some(ended.words())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gate_was_found_to_do() {
        use Answered::{NotServedWhileAlive, Obeyed, StillServed, Unclear, Unreachable};
        let refused = Heard::Refused;
        let nothing = || Heard::Nothing("no connection".to_owned());
        let odd = || Heard::Unclear("status 502".to_owned());
        let table = [
            (Some(Heard::Served), refused(Reason::KeyExpired), Obeyed),
            // Refused for its address while it lived: its state had passed.
            (Some(refused(Reason::AddressNotAllowed)), refused(Reason::KeyExpired), Obeyed),
            (None, refused(Reason::KeyExpired), Obeyed),
            (Some(refused(Reason::UnknownKey)), refused(Reason::KeyExpired), NotServedWhileAlive),
            (Some(refused(Reason::KeyExpired)), refused(Reason::KeyExpired), NotServedWhileAlive),
            (Some(nothing()), refused(Reason::KeyExpired), NotServedWhileAlive),
            (Some(Heard::Served), Heard::Served, StillServed),
            (Some(nothing()), Heard::Served, StillServed),
            (Some(Heard::Served), refused(Reason::ScopeMissing), StillServed),
            (Some(Heard::Served), refused(Reason::RateLimited), StillServed),
            (Some(Heard::Served), refused(Reason::UnknownKey), Unclear),
            (Some(Heard::Served), refused(Reason::SignatureInvalid), Unclear),
            (Some(Heard::Served), odd(), Unclear),
            (Some(Heard::Served), nothing(), Unreachable),
        ];
        for (living, ended, expected) in table {
            assert_eq!(finding(living.as_ref(), &ended).0, expected, "{living:?}, then {ended:?}");
        }
    }
}
