//! The brokers: librdkafka's mock cluster, and somebody who writes to it and reads from it.

use crate::until;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) struct Cluster {
    pub(crate) mock: MockCluster<'static, DefaultProducerContext>,
    producer: ThreadedProducer<DefaultProducerContext>,
}

/// A message that was read.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) headers: BTreeMap<String, String>,
}

impl Cluster {
    pub(crate) fn start(topics: &[(&str, i32)]) -> Self {
        Self::of_brokers(1, topics)
    }

    /// Of so many brokers, numbered from 1.
    pub(crate) fn of_brokers(brokers: i32, topics: &[(&str, i32)]) -> Self {
        let mock = MockCluster::new(brokers).unwrap();
        for (topic, partitions) in topics {
            mock.create_topic(topic, *partitions, 1).unwrap();
        }
        let mut config = ClientConfig::new();
        // A broker of the mock that is down leaves its connections open, and answers nothing.
        config.set("bootstrap.servers", mock.bootstrap_servers()).set("socket.timeout.ms", "3000");
        let producer = config.set("enable.idempotence", "true").create().unwrap();
        Self { mock, producer }
    }

    /// Where it is.
    pub(crate) fn brokers(&self) -> String {
        self.mock.bootstrap_servers()
    }

    /// Writes these, and waits until they stand there.
    pub(crate) fn write(&self, topic: &str, partition: i32, values: impl IntoIterator<Item = String>) {
        self.send(topic, partition, values);
        self.producer.flush(Duration::from_secs(60)).unwrap();
    }

    /// Writes these, as soon as brokers are there, in this order.
    pub(crate) fn send(&self, topic: &str, partition: i32, values: impl IntoIterator<Item = String>) {
        for value in values {
            until("room to write", || {
                let record = BaseRecord::<(), str>::to(topic).partition(partition).payload(&value);
                self.producer.send(record).ok()
            });
        }
    }

    /// A broker keeps its connections and answers nothing, as a machine without power does; or it answers again.
    pub(crate) fn silent(&self, broker: i32, silent: bool) {
        let delay = if silent { Duration::from_secs(600) } else { Duration::ZERO };
        self.mock.broker_round_trip_time(broker, delay).unwrap();
    }

    fn reader(&self) -> BaseConsumer {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.brokers()).set("group.id", "made-up-reader");
        config.set("enable.partition.eof", "true").set("enable.auto.commit", "false").create().unwrap()
    }

    /// Where a partition begins and ends.
    pub(crate) fn ends(&self, topic: &str, partition: i32) -> (i64, i64) {
        self.reader().fetch_watermarks(topic, partition, Duration::from_secs(30)).unwrap()
    }

    /// What a group committed for the first partition of a topic: offset and text.
    pub(crate) fn committed(&self, group: &str, topic: &str) -> (Offset, String) {
        let mut list = TopicPartitionList::new();
        list.add_partition(topic, 0);
        let found = self.member(group).committed_offsets(list, Duration::from_secs(30)).unwrap();
        let one = &found.elements()[0];
        (one.offset(), one.metadata().to_owned())
    }

    /// Commits that.
    pub(crate) fn commit(&self, group: &str, topic: &str, (offset, text): &(Offset, String)) {
        let mut list = TopicPartitionList::new();
        let mut one = list.add_partition(topic, 0);
        one.set_offset(*offset).unwrap();
        one.set_metadata(text);
        self.member(group).commit(&list, CommitMode::Sync).unwrap();
    }

    fn member(&self, group: &str) -> BaseConsumer {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.brokers()).set("group.id", group);
        config.set("enable.auto.commit", "false").create().unwrap()
    }

    /// Everything in a topic.
    pub(crate) fn read(&self, topic: &str, partitions: i32) -> Vec<Read> {
        let reader = self.reader();
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        }
        reader.assign(&list).unwrap();
        let (mut found, mut open) = (Vec::new(), partitions);
        while open > 0 {
            match reader.poll(Duration::from_secs(30)).expect("the brokers say nothing") {
                Err(rdkafka::error::KafkaError::PartitionEOF(_)) => open -= 1,
                Err(error) => panic!("{error}"),
                Ok(message) => {
                    let text =
                        |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap_or_default().to_vec()).unwrap();
                    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
                    found.push(Read {
                        partition: message.partition(),
                        offset: message.offset(),
                        key: text(message.key()),
                        value: text(message.payload()),
                        headers: headers.map(|one| (one.key.to_owned(), text(one.value))).collect(),
                    });
                }
            }
        }
        found
    }
}

impl Read {
    pub(crate) fn data(&self) -> Value {
        serde_json::from_str::<Value>(&self.value).unwrap()["data"].take()
    }
}
