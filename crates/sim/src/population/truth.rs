//! Ground truth: what a key really is. Carried on its `key` lines under `ext`, never used by detection.

use super::mix::Kind;
use serde_json::{Map, Value, json};
use sumun_model::wire::Ext;
use sumun_model::{KeyId, Timestamp};

/// What part a key plays in its story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Driven by its owner, or by whom the record names: any measure is wrong.
    Honest,
    /// Misused from [`Truth::from`] on: a measure is right from then, wrong before.
    Misused,
    /// Its owner attacks somebody else (registers, copies, probes). Not lent, and not innocent: count it neither as a
    /// miss nor as a false alarm.
    Framer,
}

impl Role {
    /// The word in `ext`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Misused => "misused",
            Self::Framer => "framer",
        }
    }
}

/// How well an operator hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skill {
    /// Own network, own library, no thought.
    Naive,
    /// Has the address registered, or comes from a cloud in the same country.
    Careful,
    /// The owner's library, the owner's provider, hours like his.
    Adaptive,
}

impl Skill {
    /// The word in `ext`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Careful => "careful",
            Self::Adaptive => "adaptive",
        }
    }
}

/// The truth of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The key.
    pub key: KeyId,
    /// Which story it belongs to. Keys of one story (an office, a pool) are neighbours in the table.
    pub kind: Kind,
    /// Which telling of that story, by number from 0.
    pub story: u64,
    /// Its part in it.
    pub role: Role,
    /// No misuse happens before. Where the borrower proves his address, it is seconds before that request; else his first
    /// request follows as soon as his programme next wakes. Null for keys not misused.
    pub from: Option<Timestamp>,
    /// Who really drives it, where that is nobody on record. The same name on many keys: one operator.
    pub operator: Option<String>,
    /// How well that operator hides.
    pub skill: Option<Skill>,
}

impl Truth {
    /// Whether the key is misused at some time.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.role == Role::Misused
    }

    /// As it stands on `key` lines.
    #[must_use]
    pub fn ext(&self) -> Ext {
        let mut truth = Map::new();
        // In alphabetical order, which is what a map without an order of its own would print.
        truth.insert("bad".into(), self.is_bad().into());
        truth.insert("from".into(), json!(self.from));
        truth.insert("kind".into(), self.kind.as_str().into());
        truth.insert("operator".into(), json!(self.operator));
        truth.insert("role".into(), self.role.as_str().into());
        truth.insert("skill".into(), json!(self.skill.map(Skill::as_str)));
        truth.insert("story".into(), self.story.into());
        Ext::single("truth", Value::Object(truth))
    }
}
