//! A strange budget: nothing bounded, what never counts, numbers that stop everything or nothing.

use super::{Linter, Severity};
use sumun_model::Measure;

impl Linter<'_> {
    pub(super) fn budget(&mut self) {
        use Severity::Warning;
        let policy = self.policy;
        let at = |path: &str| policy.places.first(&[path]);
        let budget = &policy.budget;
        if budget.counts.is_empty() {
            let message =
                "`budget.counts` is empty: nothing bounds how many warnings a machine sends in a day"
                    .to_owned();
            self.say(at("budget.counts"), Warning, "budget_unbounded", message);
        }
        for measure in [Measure::Monitor, Measure::Expire] {
            if budget.counts.contains(&measure) {
                let why =
                    if measure == Measure::Monitor { "tells nobody" } else { "never waits for a budget" };
                let message = format!("`budget.counts` has `{measure}`, which {why}");
                self.say(at("budget.counts"), Warning, "budget_counts", message);
            }
        }
        let of_segments =
            budget.segments.iter().map(|(segment, n)| (format!("budget.segments.{segment}"), *n));
        let numbers = std::iter::once(("budget.alerts_per_day".to_owned(), budget.alerts_per_day));
        for (path, number) in numbers.chain(of_segments) {
            if number == 0 {
                let message =
                    "a budget of 0 alerts a day turns every counted step into a proposal".to_owned();
                self.say(at(&path), Warning, "budget_zero", message);
            } else if number > 10_000 {
                let message = format!("a budget of {number} alerts a day is more than people can look at");
                self.say(at(&path), Warning, "budget_large", message);
            }
        }
    }
}
