//! Valid requests from an address in effect, refused all the same: a clock that is off, a program that asks for what it may not.
//!
//! Weak evidence, told once a day each. A leaky bucket per key (CrowdSec's "slow" shape) tells a burst from a slip.

use super::{Params, plain};
use crate::emit::Emit;
use crate::keys::around::{span, us};
use crate::seen::Seen;
use serde::{Deserialize, Serialize};
use sumun_model::Reason;

/// The bucket and what was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusals {
    bucket: u16,
    /// When it last leaked, microseconds.
    leaked: i64,
    burst_day: Option<i64>,
    clock_day: Option<i64>,
}

impl Refusals {
    /// A refusal of a request whose nonce was not seen before.
    pub(super) fn refused(&mut self, params: &Params, seen: &Seen<'_>, emit: &mut Emit) {
        let Some(reason) = seen.line.reason else { return };
        let clock = reason == Reason::TimestampOutOfWindow;
        let asks = matches!(
            reason,
            Reason::ScopeMissing | Reason::RouteUnknown | Reason::AccountNotAllowed | Reason::GrantExpired
        );
        if !clock && !asks {
            return;
        }
        let day = span(seen.now, params.day_s);
        if clock && self.clock_day != Some(day) {
            self.clock_day = Some(day);
            let skew = ("skew_ms".to_owned(), seen.line.skew_ms.unwrap_or_default().into());
            emit.signal(plain("clock_out_of_window", params.clock_milli, vec![skew]));
        }
        if self.fill(params, seen.now.as_micros()) && self.burst_day != Some(day) {
            self.burst_day = Some(day);
            let values = vec![
                ("refusals".to_owned(), i64::from(self.bucket).into()),
                ("reason".to_owned(), reason.as_str().into()),
            ];
            emit.signal(plain("refusal_burst", params.burst_milli, values));
        }
    }

    /// One more; true if the bucket runs over.
    fn fill(&mut self, params: &Params, now: i64) -> bool {
        let leak = us(params.burst_leak_s.max(1));
        let leaks = (now - self.leaked) / leak;
        if self.bucket == 0 {
            self.leaked = now;
        } else if leaks > 0 {
            self.bucket = self.bucket.saturating_sub(u16::try_from(leaks).unwrap_or(u16::MAX));
            self.leaked += leaks * leak;
        }
        self.bucket = self.bucket.saturating_add(1).min(params.burst.saturating_add(1));
        self.bucket > params.burst
    }
}
