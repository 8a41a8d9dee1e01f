//! Where partitions begin and end, of many at once: those whose broker is away cost the others neither their answer nor much time.
//!
//! All are asked together, as long as all answer. If not, each broker is asked for its own, so that those who answer are known.

use super::Topic;
use crate::clock;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Longest wait for one broker's answer: one that is there gives it in milliseconds, and meanwhile nothing else is read.
const ONE_MAX: Duration = Duration::from_secs(3);
/// Longest wait for all of them.
const ALL_MAX: Duration = Duration::from_secs(10);
/// In the place of a broker's number: the partition has no leader.
const NOBODY: i32 = -1;

/// What brokers answered.
pub(in crate::tap) struct Ends<T> {
    pub(in crate::tap) found: BTreeMap<i32, T>,
    /// Partitions of which no broker told, and why.
    pub(in crate::tap) silent: Vec<i32>,
    pub(in crate::tap) why: Option<KafkaError>,
}

impl Topic {
    /// Offset of the oldest message of each, and the one behind its newest.
    pub(in crate::tap) fn ends(&self, numbers: &[i32]) -> Ends<(u64, u64)> {
        // In this order: what is removed meanwhile cannot put a beginning behind its end.
        let lows = self.offsets(numbers, Offset::Beginning);
        let low: Vec<i32> = lows.found.keys().copied().collect();
        let highs = self.offsets(&low, Offset::End);
        let both = |(number, high): (&i32, &u64)| lows.found.get(number).map(|low| (*number, (*low, *high)));
        let mut silent = lows.silent;
        silent.extend(highs.silent);
        Ends { found: highs.found.iter().filter_map(both).collect(), silent, why: lows.why.or(highs.why) }
    }

    /// The offset behind the newest message of each.
    pub(in crate::tap) fn highs(&self, numbers: &[i32]) -> Ends<u64> {
        self.offsets(numbers, Offset::End)
    }

    fn offsets(&self, numbers: &[i32], which: Offset) -> Ends<u64> {
        let mut ends = Ends { found: BTreeMap::new(), silent: Vec::new(), why: None };
        if numbers.is_empty() {
            return ends;
        }
        let until = clock::tick().checked_add(ALL_MAX);
        if !self.some_silent.load(Ordering::Relaxed) {
            match self.ask(numbers, which, until) {
                Ok(found) if found.len() == numbers.len() => {
                    ends.found = found;
                    return ends;
                }
                Ok(_) => {}
                Err(error) => ends.why = Some(error),
            }
        }
        for (leader, own) in self.by_leader(numbers) {
            let asked = if leader == NOBODY { Err(no_leader()) } else { self.ask(&own, which, until) };
            match asked {
                Ok(found) => {
                    ends.silent.extend(own.iter().filter(|number| !found.contains_key(number)));
                    ends.found.extend(found);
                }
                Err(error) => {
                    ends.silent.extend(own);
                    ends.why = Some(error);
                }
            }
        }
        self.some_silent.store(!ends.silent.is_empty(), Ordering::Relaxed);
        if ends.silent.is_empty() {
            ends.why = None;
        }
        ends
    }

    /// Asks for these together: all of their brokers must answer. One of which a broker tells a fault is not found.
    fn ask(&self, numbers: &[i32], which: Offset, until: Option<Instant>) -> KafkaResult<BTreeMap<i32, u64>> {
        let left = until.map_or(ONE_MAX, |until| until.saturating_duration_since(clock::tick()));
        let mut list = TopicPartitionList::new();
        for number in numbers {
            list.add_partition_offset(&self.name, *number, which)?;
        }
        let list = self.consumer.offsets_for_times(list, left.min(ONE_MAX))?;
        let found = |offset: &Offset| match offset {
            Offset::Offset(offset) => u64::try_from(*offset).ok(),
            _ => None,
        };
        let elements = list.elements();
        let told = elements.iter().filter(|one| one.error().is_ok());
        Ok(told.filter_map(|one| Some((one.partition(), found(&one.offset())?))).collect())
    }

    /// Partitions by the broker that has them, as the cluster says now, or said last.
    fn by_leader(&self, numbers: &[i32]) -> BTreeMap<i32, Vec<i32>> {
        let mut known = self.leaders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(metadata) = self.consumer.fetch_metadata(Some(&self.name), ONE_MAX) {
            let alive: Vec<i32> = metadata.brokers().iter().map(|broker| broker.id()).collect();
            let leader = |of: i32| if alive.contains(&of) { of } else { NOBODY };
            let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
            *known = partitions.map(|one| (one.id(), leader(one.leader()))).collect();
        }
        let mut by_leader: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for number in numbers {
            by_leader.entry(known.get(number).copied().unwrap_or(NOBODY)).or_default().push(*number);
        }
        by_leader
    }
}

const fn no_leader() -> KafkaError {
    KafkaError::MetadataFetch(RDKafkaErrorCode::LeaderNotAvailable)
}
