//! Progress on standard error.

use super::History;
use crate::clock;
use crate::commands::backfill::files::Files;

/// How often it is said, microseconds.
const SAY_EVERY_US: i64 = 2_000_000;

impl History {
    /// Says how far it is, every two seconds: lines, their rate, where in time, and how long it will take by what is left to be read.
    pub(super) fn say(&mut self) {
        let (began, lines_then, said, bytes) = self.said;
        let now = clock::now();
        if now.micros_since(said) < SAY_EVERY_US {
            return;
        }
        self.said.2 = now;
        let took_us = u128::try_from(now.micros_since(began)).unwrap_or(0).max(1);
        let rate = u128::from(self.progress.lines.saturating_sub(lines_then)) * 1_000_000 / took_us;
        let at = self.engine.now().map(|at| at.to_string().chars().take(16).collect::<String>());
        let mut text =
            format!("{} lines, {rate} a second, at {}", self.progress.lines, at.unwrap_or_default());
        let left = self.files.iter().map(Files::bytes).fold(0, u64::saturating_add);
        let read = bytes.saturating_sub(left);
        if read > 0 {
            let left_s = took_us * u128::from(left) / u128::from(read) / 1_000_000;
            text.push_str(&format!(
                ", {} %, about {left_s} s left",
                u128::from(read) * 100 / u128::from(bytes)
            ));
        }
        text.push('\n');
        crate::logging::say(&text);
    }
}
