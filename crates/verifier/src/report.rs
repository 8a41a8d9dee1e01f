//! What a verification answers when everything holds.

/// What was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Name of the log.
    pub origin: String,
    /// Number of entries, each verified.
    pub size: u64,
    /// Root of their tree, in hexadecimal.
    pub root: String,
    /// Entries whose payload was erased: their class, time and place are verified, what they said is gone.
    pub erased: u64,
    /// When the first and the last entry were sequenced, microseconds since 1970.
    pub sequenced: Option<(u64, u64)>,
    /// Size of the older checkpoint that the log was shown to extend.
    pub since: Option<u64>,
    /// Partial files that larger ones have replaced; they say the same.
    pub superseded: u64,
    /// Files of a longer log and half-written ones, as a publisher at work or stopped leaves them: nothing signed
    /// vouches for them, and they were not looked into.
    pub unpublished: u64,
}
