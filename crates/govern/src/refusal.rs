//! How a use case says no: a stable code, what is wrong, what to do.

/// What kind of no, so that a shell can choose its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// What was given is bad (422).
    Invalid,
    /// Not for this principal (403).
    Forbidden,
    /// There is no such thing, or none this principal may see (404).
    NotFound,
    /// The state does not allow it, or somebody was faster (409).
    Conflict,
    /// The version named is not the present one (412).
    Stale,
    /// A second factor is needed first (401 with a step-up challenge, RFC 9470).
    StepUp,
    /// Ours: the store or the disk (503).
    Unavailable,
}

/// A no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What kind.
    pub kind: RefusalKind,
    /// Stable, such as `key_state`; part of the API.
    pub code: &'static str,
    /// What is wrong, naming field and value.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// The field it is about, as a JSON pointer into the request.
    pub pointer: Option<String>,
    /// After how many seconds the same request may do better; none if waiting alone changes nothing.
    pub retry_after_s: Option<u32>,
}

/// The code of [`nothing`].
pub(crate) const NOTHING: &str = "nothing_to_write";

/// There is nothing to write: no refusal of anybody's, but the way to say so from within [`crate::Govern::run`].
pub(crate) fn nothing() -> Refusal {
    Refusal::new(RefusalKind::Conflict, NOTHING, "everything stands so already", "nothing has to be done")
}

impl Refusal {
    /// A no of this kind.
    #[must_use]
    pub fn new(
        kind: RefusalKind,
        code: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            remedy: remedy.into(),
            pointer: None,
            retry_after_s: None,
        }
    }

    /// About this field.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Worth repeating after so many seconds.
    #[must_use]
    pub fn after_s(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}
