//! Progress on standard error.

use super::History;
use crate::clock;
use crate::commands::backfill::files::Files;
use sumun_model::Timestamp;

/// How often it is said, microseconds.
const SAY_EVERY_US: i64 = 2_000_000;

impl History {
    /// Says how far it is, every two seconds: lines, their rate, where in time, and how long it will take by what is left to be read.
    pub(super) fn say(&mut self) {
        let now = clock::now();
        if now.micros_since(self.said.2) < SAY_EVERY_US {
            return;
        }
        self.said.2 = now;
        let mut text = self.so_far(now);
        text.push('\n');
        crate::logging::say(&text);
    }

    /// How far it is: those that were left out are counted too.
    pub(in crate::commands::backfill) fn so_far(&self, now: Timestamp) -> String {
        let (began, lines_then, _, bytes) = self.said;
        let took_us = u128::try_from(now.micros_since(began)).unwrap_or(0).max(1);
        let (looked_at, left_out) = (self.looked_at(), self.left_out());
        let rate = u128::from(looked_at.saturating_sub(lines_then)) * 1_000_000 / took_us;
        let at = self.engine.now().map(|at| at.to_string().chars().take(16).collect::<String>());
        let mut text = format!("{looked_at} lines, {rate} a second, at {}", at.unwrap_or_default());
        if left_out > 0 {
            text.push_str(&format!(", {left_out} of them left out"));
        }
        let left = self.files.iter().map(Files::bytes).fold(0, u64::saturating_add);
        let read = bytes.saturating_sub(left);
        if read > 0 {
            let left_s = took_us * u128::from(left) / u128::from(read) / 1_000_000;
            text.push_str(&format!(
                ", {} %, about {left_s} s left",
                u128::from(read) * 100 / u128::from(bytes)
            ));
        }
        text
    }
}
