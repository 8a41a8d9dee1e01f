//! Where partitions begin and end, of many at once: those whose broker is away cost the others neither their answer nor much time.
//!
//! All are asked together, as long as all answer. If not, each broker is asked for its own, and all of them at once: none has to wait behind
//! one that is silent, and each has its whole time to answer.

use super::Topic;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Longest wait for one broker's answer: one that is there gives it in milliseconds, and meanwhile nothing else is read.
const ONE_MAX: Duration = Duration::from_secs(3);
/// Brokers that are asked at once. A sender has at most 256 partitions, so the worst that can be costs four times the wait for one.
const AT_ONCE_MAX: usize = 64;
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
        if !self.some_silent.load(Ordering::Relaxed) {
            match self.ask(numbers, which) {
                Ok(found) if found.len() == numbers.len() => {
                    ends.found = found;
                    return ends;
                }
                Ok(_) => {}
                Err(error) => ends.why = Some(error),
            }
        }
        let asks = self.by_leader(numbers);
        let ask =
            |leader, own: &[i32]| if leader == NOBODY { Err(no_leader()) } else { self.ask(own, which) };
        for (own, told) in at_once(asks, AT_ONCE_MAX, &ask) {
            match told {
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
        // They come in the order of answers.
        ends.silent.sort_unstable();
        self.some_silent.store(!ends.silent.is_empty(), Ordering::Relaxed);
        if ends.silent.is_empty() {
            ends.why = None;
        }
        ends
    }

    /// Asks for these together: all of their brokers must answer. One of which a broker tells a fault is not found.
    fn ask(&self, numbers: &[i32], which: Offset) -> KafkaResult<BTreeMap<i32, u64>> {
        let mut list = TopicPartitionList::new();
        for number in numbers {
            list.add_partition_offset(&self.name, *number, which)?;
        }
        let list = self.consumer.offsets_for_times(list, ONE_MAX)?;
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

/// Asks each broker for its partitions, so many brokers at once, and gives what each told.
fn at_once<T: Send>(
    asks: BTreeMap<i32, Vec<i32>>,
    brokers_max: usize,
    ask: &(impl Fn(i32, &[i32]) -> T + Sync),
) -> Vec<(Vec<i32>, T)> {
    let threads = asks.len().min(brokers_max);
    let (waiting, told) = (Mutex::new(asks.into_iter()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            // Of its own, so that nobody else waits for the answer.
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((leader, own)) = next else { return };
            let answer = ask(leader, &own);
            told.lock().unwrap_or_else(PoisonError::into_inner).push((own, answer));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where the machine gives no more threads, those there are go on until all were asked.
            if thread::Builder::new().name("ask".to_owned()).spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    told.into_inner().unwrap_or_else(PoisonError::into_inner)
}

const fn no_leader() -> KafkaError {
    KafkaError::MetadataFetch(RDKafkaErrorCode::LeaderNotAvailable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn no_broker_waits_behind_silent_ones() {
        let asks = BTreeMap::from([(1, vec![0, 5]), (2, vec![1]), (3, vec![2]), (4, vec![3]), (5, vec![4])]);
        // The first four answer nothing before the last was asked: one behind the other this would never end.
        let all = Barrier::new(5);
        let answers = |leader: i32, own: &[i32]| {
            all.wait();
            (leader == 5).then(|| own.to_vec())
        };
        let mut told = at_once(asks.clone(), AT_ONCE_MAX, &answers);
        told.sort_unstable();
        let silent = |own: &[i32]| (own.to_vec(), None);
        let want = [silent(&[0, 5]), silent(&[1]), silent(&[2]), silent(&[3]), (vec![4], Some(vec![4]))];
        assert_eq!(told, want);
        // More brokers than are asked at once: all are asked, each once.
        let mut told = at_once(asks, 2, &|leader, _| leader);
        told.sort_unstable();
        let leaders: Vec<i32> = told.into_iter().map(|(_, leader)| leader).collect();
        assert_eq!(leaders, [1, 2, 3, 4, 5]);
        assert_eq!(at_once(BTreeMap::new(), 2, &|leader, _| leader), []);
    }
}
