//! How long ahead owners are told before a campaign takes anything from a key.

use super::Bounded;
use crate::campaigns::Span;
use serde::{Deserialize, Serialize};

/// Thirty days, as terms that change to a customer's disadvantage are announced (L16).
const NOTICE_S: u32 = 30 * 86_400;

/// How owners are asked who uses keys that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignRules {
    /// Least time between telling an owner and the first step, in seconds.
    #[serde(default = "notice_s")]
    pub notice_s: Bounded<1, 31_536_000>,
}

const fn notice_s() -> Bounded<1, 31_536_000> {
    const {
        match Bounded::new(NOTICE_S) {
            Some(number) => number,
            None => unreachable!(),
        }
    }
}

impl Default for CampaignRules {
    fn default() -> Self {
        Self { notice_s: notice_s() }
    }
}

impl CampaignRules {
    /// As a length of time.
    #[must_use]
    pub fn ahead(self) -> Span {
        Span::seconds(self.notice_s.get()).unwrap_or(Span::DAYS_30)
    }

    /// Whether it says what is true without it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
