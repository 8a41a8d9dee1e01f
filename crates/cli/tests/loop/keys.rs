//! A key as its owner has it.

/// What the owner was shown once.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}
