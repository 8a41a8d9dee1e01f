//! The campaign's end: whoever never registered is told in time, reads and cancels only, and then his key ends, at the exchange as well.

use crate::bots::SILENT;
use crate::waiting::until;
use crate::weeks::{Run, now};
use serde_json::Value;
use std::time::Duration;

/// What its owner is told, in this order. Before each of the two steps he is reminded twice, if the machine is quick enough.
const LETTERS: [&str; 6] = ["announced", "opened", "reminded", "read_only", "reminded_end", "ended"];

impl Run {
    /// Waits for the campaign's last date, and looks at what became of the key that nobody registered.
    pub(crate) fn campaign_ends(&mut self) {
        // Dates of a plan come when they come: nothing else is waited for.
        let left = self.campaign_ends.micros_since(now());
        std::thread::sleep(Duration::from_micros(u64::try_from(left).unwrap_or(0)));
        self.covers("ended", 1);
        until("the exchange to have been told", || {
            (self.exchange.was_asked_of(SILENT) == ["restricted", "deleted"]).then_some(())
        });
        let key = self.rest().get("alice", &format!("/v1/keys/{SILENT}"));
        assert_eq!((&key["state"], &key["cause"]), (&"expired".into(), &"natural".into()), "{key}");
        until("the exchange to refuse it", || {
            let refused = self.bots.count(self.week, SILENT).refused;
            refused.iter().any(|said| crate::seen::is_said(said, "there is no such access key")).then_some(())
        });
        // Between the two it read and cancelled.
        let counts = self.bots.counts();
        let mut of = counts.iter().filter(|((_, key), _)| *key == SILENT).map(|(_, count)| count);
        let ordered = |said: &&crate::bots::Outcome| crate::seen::is_said(said, "may only read and cancel");
        assert!(of.clone().any(|count| count.refused.iter().any(|said| ordered(&said))));
        assert!(of.any(|count| count.served_since_refused > 0), "it could not even read");
        until("its owner to have been told each, in order", || {
            let told = self.letters();
            let mut all = told.iter();
            LETTERS.iter().all(|kind| all.any(|told| told == kind)).then_some(())
        });
        let coverage = self.coverage();
        let of = |state: &str| coverage.iter().map(|states| states[state].as_u64().unwrap_or(0)).sum::<u64>();
        assert_eq!((of("ended"), of("read_only"), of("unreachable"), of("not_told")), (1, 0, 0, 0));
    }

    /// What its owner was told, as the notices' file has it.
    fn letters(&self) -> Vec<String> {
        let sent = self.hand.place.read("sumun-data/notices.ndjson");
        let of_key = sent.lines().filter(|line| line.contains(&format!("\"{SILENT}\"")));
        let kinds = of_key.filter_map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["body"]["kind"].as_str().unwrap().strip_prefix("campaign.").map(str::to_owned)
        });
        kinds.collect()
    }
}
