//! Both sides of one key, and in what they disagree. Pure.

use crate::keys::row::KeyRow;
use crate::venue::{Attribute, AuthorityRules};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sumun_model::{KeyState, ScopeSet, Timestamp};

/// What kind of disagreement; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It has ended here, and the exchange still serves it.
    DeadHereAliveThere,
    /// It lives here, and has ended or is gone at the exchange.
    AliveHereDeadThere,
    /// It lives on both sides, and an attribute differs.
    Differs,
    /// The exchange serves it, and nobody here knows it.
    UnknownHere,
    /// It lives here, and the exchange never told of it.
    UnknownThere,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::DeadHereAliveThere,
        Self::AliveHereDeadThere,
        Self::Differs,
        Self::UnknownHere,
        Self::UnknownThere,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeadHereAliveThere => "dead_here_alive_there",
            Self::AliveHereDeadThere => "alive_here_dead_there",
            Self::Differs => "differs",
            Self::UnknownHere => "unknown_here",
            Self::UnknownThere => "unknown_there",
        }
    }
}

/// Whose word counts where two disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// The exchange's.
    Exchange,
    /// Sumun's.
    Sumun,
    /// Whichever says that it is dead.
    Dead,
    /// Nobody's: it never changes, so that one of the two is mistaken and people find out which.
    Neither,
}

/// How long after an end here a source may go on telling of other keys before its silence about this one means that it serves it.
const SILENCE_US: i64 = 3_600_000_000;

/// One disagreement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Which kind.
    pub kind: Kind,
    /// Who told of the key; none where nobody did.
    pub source: Option<String>,
    /// In which attribute.
    pub attribute: Attribute,
    /// As it is here; null where it is not.
    pub here: Value,
    /// As it is there; null where it is not.
    pub there: Value,
    /// Whose word counts.
    pub authority: Right,
}

/// The key on record.
#[derive(Clone, Debug, PartialEq)]
pub struct Here {
    /// Where it stands.
    pub state: KeyState,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Its account.
    pub account: String,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Its prefixes, in order.
    pub allowlist: Vec<String>,
    /// Until when; none: without end.
    pub expires: Option<Timestamp>,
    /// The one application.
    pub application: String,
}

impl Here {
    /// What a row says, and when the registry of dead ids has it ended.
    #[must_use]
    pub fn of(key: &KeyRow, ended: Option<Timestamp>) -> Self {
        let expires = Timestamp::from_micros(key.expires_us);
        Self {
            state: key.state,
            ended,
            account: key.account.clone(),
            scopes: key.scopes,
            allowlist: crate::imports::merge::sorted(&key.allowlist),
            expires: (expires != crate::imports::merge::NO_END).then_some(expires),
            application: key.application.clone(),
        }
    }
}

/// The key as it was told.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct There {
    /// Who told.
    #[serde(skip)]
    pub source: String,
    /// Whether a whole snapshot came without it.
    #[serde(skip)]
    pub gone: bool,
    /// When its source last told of it.
    #[serde(skip)]
    pub told_us: i64,
    /// When its source was last heard, of whichever key.
    #[serde(skip)]
    pub heard_us: i64,
    /// Where it stands; nothing said counts as living.
    pub state: Option<KeyState>,
    /// Its account.
    pub account: Option<String>,
    /// What it may do.
    pub scopes: Option<ScopeSet>,
    /// Its prefixes, in order.
    pub allowlist: Option<Vec<String>>,
    /// Until when.
    pub expires: Option<Timestamp>,
    /// The one application.
    pub application: Option<String>,
}

impl There {
    fn lives(&self) -> bool {
        !self.gone && self.state.is_none_or(|state| matches!(state, KeyState::Active | KeyState::Suspended))
    }

    /// The state's word, or that it is gone.
    fn word(&self) -> Value {
        if self.gone { json!("gone") } else { json!(self.state) }
    }
}

/// In what both sides of a key disagree; at most one of the kinds that are about life and death, or a line for each attribute.
///
/// `complete`: whether every source has told of all its keys, so that silence means something.
#[must_use]
pub fn compare(
    here: Option<&Here>,
    there: Option<&There>,
    authority: &AuthorityRules,
    complete: bool,
) -> Vec<Drift> {
    let state = |kind, here: Value, there: Value, authority, source: Option<String>| {
        vec![Drift { kind, source, attribute: Attribute::State, here, there, authority }]
    };
    match (here, there) {
        (None, Some(there)) if there.lives() => {
            state(Kind::UnknownHere, Value::Null, there.word(), Right::Exchange, Some(there.source.clone()))
        }
        (Some(here), None) if complete && lives(here.state) => {
            state(Kind::UnknownThere, json!(here.state), Value::Null, Right::Dead, None)
        }
        (Some(here), Some(there)) => {
            let source = Some(there.source.clone());
            match (here.state.is_terminal(), there.lives()) {
                (true, true) => {
                    // Nobody there can have heard of an end before it was, nor at once. What it says of other keys tells nothing of
                    // this one, unless it goes on and on.
                    let grace_us = i64::from(authority.grace_s.get()) * 1_000_000;
                    let known = here.ended.is_none_or(|ended| {
                        let by = |us: i64| ended.as_micros().saturating_add(us);
                        by(grace_us) <= there.told_us || by(grace_us.max(SILENCE_US)) <= there.heard_us
                    });
                    match known {
                        true => state(
                            Kind::DeadHereAliveThere,
                            json!(here.state),
                            there.word(),
                            Right::Dead,
                            source,
                        ),
                        false => Vec::new(),
                    }
                }
                (false, false) if lives(here.state) => {
                    state(Kind::AliveHereDeadThere, json!(here.state), there.word(), Right::Dead, source)
                }
                (false, true) if lives(here.state) => attributes(here, there, authority),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn lives(state: KeyState) -> bool {
    matches!(state, KeyState::Active | KeyState::Suspended)
}

fn attributes(here: &Here, there: &There, authority: &AuthorityRules) -> Vec<Drift> {
    let mut found = Vec::new();
    let mut look = |attribute: Attribute, mine: Value, theirs: Option<Value>| {
        let Some(theirs) = theirs.filter(|theirs| *theirs != mine) else { return };
        let authority = match (attribute, authority.of(attribute)) {
            // A key never changes hands.
            (Attribute::Account, _) => Right::Neither,
            (_, crate::venue::Authority::Exchange) => Right::Exchange,
            (_, crate::venue::Authority::Sumun) => Right::Sumun,
        };
        let source = Some(there.source.clone());
        found.push(Drift { kind: Kind::Differs, source, attribute, here: mine, there: theirs, authority });
    };
    look(Attribute::State, json!(here.state), there.state.map(|state| json!(state)));
    let scopes = there.scopes.filter(|scopes| !scopes.is_empty());
    look(Attribute::Scopes, json!(here.scopes), scopes.map(|scopes| json!(scopes)));
    look(
        Attribute::Allowlist,
        json!(here.allowlist),
        there.allowlist.as_ref().map(|prefixes| json!(prefixes)),
    );
    look(Attribute::Expires, json!(here.expires), there.expires.map(|expires| json!(expires)));
    look(Attribute::Application, json!(here.application), there.application.as_ref().map(|name| json!(name)));
    look(Attribute::Account, json!(here.account), there.account.as_ref().map(|account| json!(account)));
    found
}
