//! Brokers that are away: asked for, told of once each way, and nobody is told how far behind a partition is that nobody knows of.

use super::{Part, Pause, Worker};
use crate::away::{is_absence, long};
use crate::clock;
use rdkafka::error::KafkaError;
use std::time::Duration;
use tracing::{info, warn};

/// How often it is asked how far partitions go.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Worker {
    /// Asks how far the partitions go, those of silent brokers less and less often.
    pub(super) fn look(&mut self) {
        let now = clock::tick();
        // All connections are gone: whether that is so is seen at once.
        let nobody = self.topic.heard().nobody();
        self.look_for_group(nobody);
        if !nobody && self.looks.is_some_and(|at| now < at) {
            return;
        }
        let silent_too = self.silent.is_over(now);
        let is_asked = |(number, part): (&i32, &Part)| {
            let open = matches!(part, Part::Open(_));
            (open && (silent_too || !self.away.is(*number))).then_some(*number)
        };
        let numbers: Vec<i32> = self.parts.iter().filter_map(is_asked).collect();
        let ends = self.topic.highs(&numbers);
        for (number, high) in &ends.found {
            if let Some(Part::Open(part)) = self.parts.get_mut(number) {
                part.high = *high;
            }
        }
        if silent_too {
            if ends.silent.is_empty() {
                self.silent = Pause::NONE;
            } else {
                self.silent.grow(clock::tick(), None);
            }
        }
        let answered: Vec<i32> = ends.found.keys().copied().collect();
        self.asked(&answered, &ends.silent, ends.why.as_ref());
        self.looks = clock::tick().checked_add(LOOK_EVERY);
    }

    /// While nothing else asks the group, it is asked here whether it is back.
    fn look_for_group(&mut self, nobody: bool) {
        let asks = self.parts.values().any(|part| matches!(part, Part::Waiting(_)));
        let due = self.away.group_is() || (nobody && self.parts.is_empty());
        if due && !asks && self.group.is_over(clock::tick()) {
            match self.topic.committed() {
                Ok(_) => self.group_answers(),
                Err(error) => {
                    self.group.grow(clock::tick(), None);
                    self.group_failed(&error);
                }
            }
        }
    }

    /// These partitions were asked about: of those there was an answer, of those none.
    pub(super) fn asked(&mut self, answered: &[i32], silent: &[i32], why: Option<&KafkaError>) {
        let news = self.away.asked(clock::tick(), answered, silent);
        let (tap, topic) = (&self.follow.name, &self.follow.topic);
        if !news.gone.is_empty() {
            let why = self.topic.heard().why(why);
            warn!(
                tap,
                partitions = ?news.gone,
                "Kafka does not answer for partitions {} of `{topic}`: {why}. Their lines wait there, and until it answers nobody is told how far \
                 behind they are",
                listed(&news.gone)
            );
        }
        if let Some((back, time)) = news.back {
            self.topic.heard().well();
            let (partitions, time) = (listed(&back), long(time));
            info!(tap, partitions = ?back, "Kafka answers again for partitions {partitions} of `{topic}`, after {time}");
        }
    }

    /// The group could not be asked, or told.
    pub(super) fn group_failed(&mut self, error: &KafkaError) {
        if error.rdkafka_error_code().is_some_and(is_absence) {
            if self.away.group_gone(clock::tick()) {
                let (tap, topic) = (&self.follow.name, &self.follow.topic);
                let why = self.topic.heard().why(Some(error));
                warn!(
                    tap,
                    "Kafka does not answer: {why}. Lines wait in `{topic}`, and nobody is told how many"
                );
            }
        } else {
            self.say_trouble(format!("Kafka: {error}"));
        }
    }

    pub(super) fn group_answers(&mut self) {
        self.group = Pause::NONE;
        if let Some(time) = self.away.group_back(clock::tick()) {
            self.topic.heard().well();
            info!(tap = self.follow.name, "Kafka answers again, after {}", long(time));
        }
    }
}

fn listed(numbers: &[i32]) -> String {
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
