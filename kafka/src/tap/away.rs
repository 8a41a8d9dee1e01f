//! Of one topic: whose brokers do not answer, and since when. A topic's partitions lie with several brokers, and its group with one.
//!
//! Pure: who asked the brokers says what came of it, and gets what is news. As long as a partition's broker is away nobody knows how far
//! behind it is, and so nobody is told.

use crate::away::Away as One;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Of one topic.
#[derive(Debug, Default)]
pub(super) struct Away {
    partitions: BTreeMap<i32, One>,
    /// Those that were away when they were taken from us, until it is known what the group gives next.
    taken: BTreeMap<i32, One>,
    /// The group's, or all brokers' while no partition is ours.
    group: One,
}

/// What is news of partitions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) gone: Vec<i32>,
    /// With the longest time that one of them was away.
    pub(super) back: Option<(Vec<i32>, Duration)>,
}

impl Away {
    /// These were asked: those answered, and those did not.
    pub(super) fn asked(&mut self, now: Instant, answered: &[i32], silent: &[i32]) -> News {
        let is_news = |number: &i32| self.partitions.entry(*number).or_default().gone(now);
        let gone = silent.iter().copied().filter(is_news).collect();
        let mut back: Option<(Vec<i32>, Duration)> = None;
        for number in answered {
            if let Some(time) = self.partitions.get_mut(number).and_then(|one| one.back(now)) {
                let (numbers, longest) = back.get_or_insert_default();
                numbers.push(*number);
                *longest = time.max(*longest);
            }
        }
        News { gone, back }
    }

    /// Whether one did not answer when it was last asked.
    pub(super) fn is(&self, number: i32) -> bool {
        self.partitions.get(&number).is_some_and(One::is)
    }

    /// The group does not answer; whether that is news. If it took partitions from us that were away, it is away with them, and that was said.
    pub(super) fn group_gone(&mut self, now: Instant) -> bool {
        for mut one in std::mem::take(&mut self.taken).into_values() {
            if let Some(time) = one.back(now) {
                self.group.since(now.checked_sub(time).unwrap_or(now));
            }
        }
        self.group.gone(now)
    }

    /// The group answered; for how long it did not, if that is news.
    pub(super) fn group_back(&mut self, now: Instant) -> Option<Duration> {
        self.group.back(now)
    }

    /// Whether the group did not answer when it was last asked.
    pub(super) const fn group_is(&self) -> bool {
        self.group.is()
    }

    /// These are ours no more. What was away is away still, though it is no longer asked about.
    pub(super) fn taken(&mut self, numbers: &[i32]) {
        for number in numbers {
            if let Some(one) = self.partitions.remove(number).filter(One::is) {
                self.taken.insert(*number, one);
            }
        }
    }

    /// These are ours now. Those that were ours before and away are away until they answer; of what became another's he tells.
    pub(super) fn given(&mut self, numbers: &[i32]) {
        let mut taken = std::mem::take(&mut self.taken);
        let back = |number: &i32| taken.remove(number).map(|one| (*number, one));
        self.partitions.extend(numbers.iter().filter_map(back));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_partitions_each_going_and_each_return_is_news_once() {
        let start = crate::clock::tick();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut away = Away::default();
        assert_eq!(away.asked(at(0), &[0, 1, 2], &[]), News::default());
        assert_eq!(away.asked(at(5), &[0], &[1, 2]), News { gone: vec![1, 2], back: None });
        assert_eq!(away.asked(at(10), &[0], &[1, 2]), News::default());
        assert_eq!((away.is(0), away.is(1)), (false, true));
        let back = Some((vec![1], Duration::from_secs(10)));
        assert_eq!(away.asked(at(15), &[0, 1], &[2]), News { gone: vec![], back });
        // The group lost us, and does not answer either: it is away with them, and its return is told of the whole time.
        away.taken(&[0, 1, 2]);
        assert_eq!((away.is(2), away.group_is(), away.group_gone(at(21))), (false, false, false));
        assert!(away.group_is());
        away.given(&[0, 1, 2]);
        assert_eq!(away.group_back(at(65)), Some(Duration::from_secs(60)));
        assert_eq!(away.asked(at(66), &[0, 1, 2], &[]), News::default());
        assert_eq!((away.group_back(at(66)), away.group_gone(at(67))), (None, true));
    }

    #[test]
    fn a_rebalance_is_no_answer_of_partitions_that_are_away() {
        let start = crate::clock::tick();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut away = Away::default();
        away.asked(at(0), &[2], &[0, 1]);
        // Another member came: one that is away stays ours, the other is his.
        away.taken(&[0, 1, 2]);
        away.given(&[0, 2]);
        assert_eq!((away.group_is(), away.group_back(at(11))), (false, None));
        assert_eq!(away.asked(at(12), &[2], &[0]), News::default(), "it was said, and goes on");
        let back = Some((vec![0], Duration::from_secs(42)));
        assert_eq!(away.asked(at(42), &[0, 2], &[]), News { gone: vec![], back });
        // He left: what was his is asked about as if for the first time.
        away.taken(&[0, 2]);
        away.given(&[0, 1, 2]);
        assert_eq!(away.asked(at(50), &[0, 2], &[1]), News { gone: vec![1], back: None });
        // What is another's says nothing of when the group went.
        away.taken(&[0, 1, 2]);
        away.given(&[0]);
        assert_eq!((away.group_gone(at(60)), away.group_back(at(65))), (true, Some(Duration::from_secs(5))));
    }
}
