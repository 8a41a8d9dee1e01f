//! The topic, as far as the tap needs it: a member of a group, offsets with their marks, and what is assigned. No rule stands here.
//!
//! [`ends`] asks where partitions begin and end.

mod ends;

use super::book::Committed;
use super::mark::Mark;
use crate::away::Heard;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// After so long a broker that keeps its connection and says nothing counts as away, milliseconds; `kafka.properties` may say otherwise.
/// librdkafka's own minute would keep a group's commit, and with it everything else, waiting for as long.
const SILENT_MS: &str = "10000";
/// Longest wait for a broker's answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What the group gave or took.
#[derive(Debug)]
pub(super) enum Change {
    Given(Vec<i32>),
    Taken(Vec<i32>),
}

/// What the group said since it was last asked.
#[derive(Default)]
pub(super) struct Group {
    changes: Mutex<Vec<Change>>,
    heard: Heard,
}

impl ClientContext for Group {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        Heard::log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.heard.error(&error, reason);
    }
}

impl ConsumerContext for Group {
    /// Nothing is read of a partition before it is known from where.
    fn rebalance(&self, consumer: &BaseConsumer<Self>, error: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions = list.elements().iter().map(|one| one.partition()).collect();
        let (change, done) = match error {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                (Change::Given(partitions), consumer.assign(&TopicPartitionList::new()))
            }
            _ => (Change::Taken(partitions), consumer.unassign()),
        };
        if let Err(error) = done {
            tracing::error!("Kafka: what the group gave could not be taken up: {error}");
        }
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }
}

/// One topic, read as a member of a group.
pub(super) struct Topic {
    consumer: BaseConsumer<Group>,
    name: String,
    /// Which broker each partition lies with, as last heard.
    leaders: Mutex<BTreeMap<i32, i32>>,
    /// Not all brokers answered when they were last asked.
    some_silent: AtomicBool,
}

impl Topic {
    /// Joins the group.
    pub(super) fn join(mut config: ClientConfig, topic: &str, group: &str) -> KafkaResult<Self> {
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // What is gone is told, and never passed over.
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_committed")
            .set("enable.partition.eof", "false")
            // All partitions change hands at once: a book is opened anew with each.
            .set("partition.assignment.strategy", "range,roundrobin");
        if config.get("queued.max.messages.kbytes").is_none() {
            config.set("queued.max.messages.kbytes", "16384");
        }
        if config.get("socket.timeout.ms").is_none() {
            config.set("socket.timeout.ms", SILENT_MS);
        }
        let consumer: BaseConsumer<Group> = config.create_with_context(Group::default())?;
        consumer.subscribe(&[topic])?;
        let (leaders, some_silent) = (Mutex::default(), AtomicBool::new(false));
        Ok(Self { consumer, name: topic.to_owned(), leaders, some_silent })
    }

    /// What the client says of itself.
    pub(super) fn heard(&self) -> &Heard {
        &self.consumer.context().heard
    }

    /// For reading messages.
    pub(super) const fn consumer(&self) -> &BaseConsumer<Group> {
        &self.consumer
    }

    /// What the group gave or took since it was last asked.
    pub(super) fn changes(&self) -> Vec<Change> {
        std::mem::take(&mut *self.consumer.context().changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The commits of all partitions there are.
    pub(super) fn committed(&self) -> KafkaResult<BTreeMap<i32, Committed>> {
        let metadata = self.consumer.fetch_metadata(Some(&self.name), ANSWER_MAX)?;
        let mut list = TopicPartitionList::new();
        for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
            list.add_partition(&self.name, partition.id());
        }
        let list = self.consumer.committed_offsets(list, ANSWER_MAX)?;
        let mut found = BTreeMap::new();
        for one in list.elements() {
            one.error()?;
            let committed = match one.offset() {
                Offset::Offset(offset) => {
                    let offset = u64::try_from(offset).unwrap_or_default();
                    let ours = Mark::read(offset, one.metadata());
                    ours.map_or(Committed::Foreign(offset), Committed::Ours)
                }
                _ => Committed::Nothing,
            };
            found.insert(one.partition(), committed);
        }
        Ok(found)
    }

    /// Writes down how far a partition is; done once the brokers have it. A member whom the group has put out is refused.
    pub(super) fn commit(&self, partition: i32, mark: &Mark) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        let mut one = list.add_partition(&self.name, partition);
        one.set_offset(Offset::Offset(i64::try_from(mark.offset).unwrap_or(i64::MAX)))?;
        one.set_metadata(mark.text());
        self.consumer.commit(&list, CommitMode::Sync)
    }

    /// Reads these, each from its offset; what was fetched before is dropped.
    pub(super) fn read(&self, from: impl Iterator<Item = (i32, u64)>) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in from {
            let offset = Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
            list.add_partition_offset(&self.name, partition, offset)?;
        }
        self.consumer.assign(&list)
    }

    /// Reads no further for now, or does again.
    pub(super) fn pause(&self, partition: i32, pause: bool) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.name, partition);
        if pause { self.consumer.pause(&list) } else { self.consumer.resume(&list) }
    }
}
