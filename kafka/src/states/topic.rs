//! The topic of key states: read to its end at the start, then written, one message of a key at a time.
//!
//! The producer is idempotent and waits for every replica in sync: a message it sent twice stands there once, and messages keep their
//! order. What was not answered when the process ended is sent again by the control plane; whether it stands there already is read. Brokers
//! that are away are waited for, at the start and later.

use super::known::{Fate, Known, Place};
use super::message::{HEADERS, Signed, State};
use crate::away::{Away, Heard, is_absence, long};
use crate::clock;
use crate::exit::Failed;
use crate::settings::unusable;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tracing::{debug, error, info, warn};

/// Longest wait for the brokers at the start, without anything coming; then it is begun anew.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// So much of what the client says of it is listened to, each for so long.
const SAYS_MAX: usize = 16;
const SAYS: Duration = Duration::from_millis(20);
/// Pause before it is begun anew.
const AGAIN: Duration = Duration::from_secs(1);
/// How often brokers that are away are asked whether they are back, and how long one is waited for.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const LOOK_MAX: Duration = Duration::from_secs(3);
/// How long a message may wait for the brokers before it counts as not written, milliseconds; `kafka.properties` may say otherwise.
const DELIVERY_MS: &str = "30000";
/// After so long a broker that keeps its connection and says nothing counts as away, milliseconds; `kafka.properties` may say otherwise. Well
/// below [`DELIVERY_MS`]: what it may have taken is sent once more while the producer still knows it, so that it stands there once.
const SILENT_MS: &str = "10000";
/// Keys that are written at once at most: the control plane asks for sixteen.
const AT_ONCE_MAX: usize = 1_024;

/// Why a state was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WriteError {
    #[error(
        "the topic holds version {held} of this key, and this is {came}: the control plane's record was set back, or another writes this topic. \
         `sumun actuator retry` raises the version"
    )]
    Older { held: i64, came: i64 },
    #[error("the brokers did not take it: {0}")]
    NotTaken(String),
    #[error(
        "the brokers answer, but did not take it in time: are fewer replicas in sync than the topic's `min.insync.replicas`?"
    )]
    NotInTime,
    #[error("the brokers do not answer: {0}")]
    Away(String),
    #[error("more keys are being written than are at once; later")]
    Busy,
}

/// Keeps what the client of Kafka says.
#[derive(Default)]
struct Says {
    heard: Arc<Heard>,
}

impl ClientContext for Says {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        Heard::log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // That a partition ends somewhere is told as an error, too.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
            self.heard.error(&error, reason);
        }
    }
}

impl ConsumerContext for Says {}

/// The topic.
pub(super) struct States {
    producer: FutureProducer<Says>,
    topic: String,
    known: Mutex<Known>,
    /// One turn a key; those whom nobody waits for are gone.
    turns: Mutex<BTreeMap<String, Weak<tokio::sync::Mutex<()>>>>,
    fatal: Mutex<Option<String>>,
    heard: Arc<Heard>,
    away: Mutex<Away>,
    /// Who asks whether brokers answer, one at a time.
    asks: tokio::sync::Mutex<()>,
    ended: Arc<Notify>,
}

/// What is under these locks is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl States {
    /// Reads what the topic holds. Brokers that do not answer are waited for: what is to be written waits at the control plane meanwhile.
    ///
    /// # Errors
    /// It is not there, or brokers answer that it may not be read.
    pub(super) fn open(config: ClientConfig, topic: &str) -> anyhow::Result<Self> {
        let known = read_once_there(&config, topic)?;
        let (keys, _) = known.counts();
        info!(topic, keys, "The topic of key states is read");
        let mut writes = config;
        writes
            .set("acks", "all")
            .set("enable.idempotence", "true")
            // As Java's own: a gateway that asks which partition a key is in gets the same answer.
            .set("partitioner", "murmur2_random");
        if writes.get("message.timeout.ms").is_none() && writes.get("delivery.timeout.ms").is_none() {
            writes.set("message.timeout.ms", DELIVERY_MS);
        }
        if writes.get("socket.timeout.ms").is_none() {
            writes.set("socket.timeout.ms", SILENT_MS);
        }
        let heard = Arc::<Heard>::default();
        let producer: FutureProducer<Says> = writes
            .create_with_context(Says { heard: Arc::clone(&heard) })
            .map_err(|error| unusable(&error))?;
        Ok(Self {
            producer,
            topic: topic.to_owned(),
            known: Mutex::new(known),
            turns: Mutex::default(),
            fatal: Mutex::default(),
            heard,
            away: Mutex::default(),
            asks: tokio::sync::Mutex::default(),
            ended: Arc::default(),
        })
    }

    /// Keys, and messages that are no states.
    pub(super) fn counts(&self) -> (usize, u64) {
        lock(&self.known).counts()
    }

    /// Where it is.
    pub(super) fn name(&self) -> &str {
        &self.topic
    }

    /// Done when the producer cannot go on.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let ended = Arc::clone(&self.ended);
        async move { ended.notified().await }
    }

    /// Why it cannot.
    pub(super) fn fatal(&self) -> Option<String> {
        lock(&self.fatal).clone()
    }

    /// Asks brokers that are away whether they are back, and says it; runs until the process ends.
    pub(super) async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let nobody = self.heard.nobody();
            if nobody || lock(&self.away).is() {
                let _asks = self.asks.lock().await;
                match self.look(None).await {
                    Ok(()) => self.back(),
                    Err(error) => self.gone(&error),
                }
            }
        }
    }

    /// Asks the broker of this partition, or of each.
    async fn look(self: &Arc<Self>, partition: Option<i32>) -> KafkaResult<()> {
        let own = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || own.look_now(partition)).await;
        asked.unwrap_or_else(|fault| Err(KafkaError::ClientCreation(fault.to_string())))
    }

    /// Blocks.
    fn look_now(&self, partition: Option<i32>) -> KafkaResult<()> {
        let client = self.producer.client();
        let ask = |number| client.fetch_watermarks(&self.topic, number, LOOK_MAX).map(drop);
        if let Some(number) = partition {
            return ask(number);
        }
        let metadata = client.fetch_metadata(Some(&self.topic), LOOK_MAX)?;
        let mut partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
        partitions.try_for_each(|one| ask(one.id()))
    }

    fn gone(&self, error: &KafkaError) {
        if lock(&self.away).gone(clock::tick()) {
            let (topic, why) = (&self.topic, self.heard.why(Some(error)));
            warn!(
                topic,
                "Kafka does not answer: {why}. No state is written to `{topic}` and none acknowledged; each waits at the control plane"
            );
        }
    }

    fn back(&self) {
        if let Some(time) = lock(&self.away).back(clock::tick()) {
            self.heard.well();
            info!(topic = self.topic, "Kafka answers again, after {}", long(time));
        }
    }

    /// Writes a state, unless it or a newer one stands there; done once every replica in sync has it. One of a key at a time, in the order of
    /// asking. It goes on to its end though nobody waits: the next one of the key must know what became of it.
    ///
    /// # Errors
    /// It does not stand there.
    pub(super) async fn write(
        self: Arc<Self>,
        state: State,
        body: Vec<u8>,
        signed: Signed,
    ) -> Result<Place, WriteError> {
        let turn = self.turn(&state.key).ok_or(WriteError::Busy)?;
        let own = async move {
            let _turn = turn.lock().await;
            self.write_now(&state, &body, &signed).await
        };
        tokio::spawn(own).await.unwrap_or_else(|fault| Err(WriteError::NotTaken(format!("a fault: {fault}"))))
    }

    fn turn(&self, key: &str) -> Option<Arc<tokio::sync::Mutex<()>>> {
        let mut turns = lock(&self.turns);
        if let Some(turn) = turns.get(key).and_then(Weak::upgrade) {
            return Some(turn);
        }
        if turns.len() >= AT_ONCE_MAX {
            turns.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::default();
        (turns.len() < AT_ONCE_MAX).then(|| {
            turns.insert(key.to_owned(), Arc::downgrade(&turn));
            turn
        })
    }

    /// Says why it was not written: whoever asked for it may be gone by then.
    async fn write_now(
        self: &Arc<Self>,
        state: &State,
        body: &[u8],
        signed: &Signed,
    ) -> Result<Place, WriteError> {
        let outcome = self.try_to_write(state, body, signed).await;
        match &outcome {
            // That brokers are away was said when they went, and is not said of each state.
            Ok(_) | Err(WriteError::Away(_)) => {}
            Err(error @ WriteError::Older { .. }) => {
                error!(key.id = state.key, "A state of key {} is not written: {error}", state.key);
            }
            Err(error) => warn!(key.id = state.key, "A state of key {} is not written: {error}", state.key),
        }
        outcome
    }

    async fn try_to_write(
        self: &Arc<Self>,
        state: &State,
        body: &[u8],
        signed: &Signed,
    ) -> Result<Place, WriteError> {
        let fate = lock(&self.known).fate(&state.key, state.version);
        match fate {
            Fate::Stands(place) => return Ok(place),
            Fate::Older(place) => {
                return Err(WriteError::Older { held: place.version, came: state.version });
            }
            Fate::Write => {}
        }
        let values = [&signed.id, &signed.timestamp, &signed.signature];
        let headers = HEADERS.into_iter().zip(values).fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value.as_str()) })
        });
        let record = FutureRecord::to(&self.topic).key(state.key.as_str()).payload(body).headers(headers);
        let sent = match self.producer.send_result(record) {
            Ok(sent) => sent,
            Err((error, _)) => return Err(self.not_taken(&error, None).await),
        };
        let delivered = sent.await.map_err(|_| WriteError::NotTaken("the producer ended".to_owned()))?;
        let delivery = match delivered {
            Ok(delivery) => delivery,
            Err((error, message)) => {
                // Below zero: of which partition it is was not known yet.
                let partition = Some(message.partition()).filter(|number| *number >= 0);
                return Err(self.not_taken(&error, partition).await);
            }
        };
        let place = Place { version: state.version, partition: delivery.partition, offset: delivery.offset };
        lock(&self.known).note(&state.key, place);
        Ok(place)
    }

    /// Why a state was not written. The client waits for replicas as for brokers, in silence until its time is over: which it was, only the
    /// broker can tell.
    async fn not_taken(self: &Arc<Self>, error: &KafkaError, partition: Option<i32>) -> WriteError {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal)
            || self.producer.client().fatal_error().is_some()
        {
            *lock(&self.fatal) = Some(error.to_string());
            self.ended.notify_one();
        } else if error.rdkafka_error_code().is_some_and(is_absence) {
            let _asks = self.asks.lock().await;
            let away = lock(&self.away).is();
            let asked = if away { Err(error.clone()) } else { self.look(partition).await };
            return match asked {
                Ok(()) => WriteError::NotInTime,
                Err(silent) => {
                    self.gone(&silent);
                    WriteError::Away(self.heard.why(Some(&silent)))
                }
            };
        }
        WriteError::NotTaken(error.to_string())
    }
}

/// Reads the topic, as soon as brokers answer.
fn read_once_there(config: &ClientConfig, topic: &str) -> anyhow::Result<Known> {
    let mut away = Away::default();
    loop {
        match read(config, topic) {
            Ok(known) => {
                if let Some(time) = away.back(clock::tick()) {
                    info!(topic, "Kafka answers, after {}", long(time));
                }
                return Ok(known);
            }
            Err(Unread::Away(why)) => {
                if away.gone(clock::tick()) {
                    warn!(
                        topic,
                        "Kafka does not answer: {why}. Nothing is taken before `{topic}` is read; what is to be written waits at the control plane"
                    );
                } else {
                    debug!("Kafka does not answer: {why}");
                }
            }
            Err(Unread::Failed(error)) => return Err(error),
        }
        std::thread::sleep(AGAIN);
    }
}

/// Why the topic could not be read.
enum Unread {
    /// Brokers do not answer.
    Away(String),
    Failed(anyhow::Error),
}

/// Reads the topic from its beginning to where it ends now.
fn read(config: &ClientConfig, topic: &str) -> Result<Known, Unread> {
    let mut reads = config.clone();
    // A member of no group in fact: partitions are assigned by hand, and nothing is committed.
    reads
        .set("group.id", "sumun-states")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true");
    let consumer: BaseConsumer<Says> = reads
        .create_with_context(Says::default())
        .map_err(|error| Unread::Failed(unusable(&error).into()))?;
    let heard = &consumer.context().heard;
    let failed = |error: KafkaError| match error.rdkafka_error_code() {
        Some(code) if is_absence(code) => Unread::Away(heard.why(Some(&error))),
        _ => Unread::Failed(Failed(format!("the topic `{topic}` cannot be read: {error}")).into()),
    };
    let metadata = consumer.fetch_metadata(Some(topic), ANSWER_MAX).map_err(|error| {
        // What the client has to say comes by way of its queue, among what it writes to its log.
        (0..SAYS_MAX).take_while(|_| consumer.poll(SAYS).is_some()).for_each(drop);
        failed(error)
    })?;
    let found = metadata.topics().iter().find(|one| one.name() == topic);
    let partitions: Vec<i32> =
        found.into_iter().flat_map(|one| one.partitions()).map(|one| one.id()).collect();
    if partitions.is_empty() {
        return Err(Unread::Failed(
            Failed(format!(
                "there is no topic `{topic}`: make it, with `cleanup.policy=compact`, as docs/adopt/kafka.md says"
            ))
            .into(),
        ));
    }
    let mut list = TopicPartitionList::new();
    for partition in &partitions {
        list.add_partition_offset(topic, *partition, Offset::Beginning).map_err(failed)?;
    }
    consumer.assign(&list).map_err(failed)?;
    let (mut known, mut open) = (Known::default(), BTreeSet::from_iter(partitions));
    let mut came = clock::tick();
    while !open.is_empty() {
        let polled = consumer.poll(LOOK_MAX);
        match polled {
            // One connection of several that breaks is an error, too: it counts once nothing comes at all.
            None
            | Some(Err(KafkaError::MessageConsumption(
                RDKafkaErrorCode::SSL | RDKafkaErrorCode::Authentication,
            ))) => {}
            Some(Err(KafkaError::MessageConsumption(code))) if is_absence(code) => {}
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                open.remove(&partition);
                came = clock::tick();
            }
            Some(Err(error)) => return Err(failed(error)),
            Some(Ok(message)) => {
                came = clock::tick();
                note(&mut known, &message);
            }
        }
        if clock::tick().saturating_duration_since(came) > ANSWER_MAX {
            return Err(Unread::Away(heard.why(None)));
        }
    }
    Ok(known)
}

/// What a message of the topic says.
fn note(known: &mut Known, message: &BorrowedMessage<'_>) {
    let key = message.key().and_then(|key| std::str::from_utf8(key).ok());
    match (key, message.payload()) {
        (Some(key), None) => known.forget(key),
        (Some(key), Some(payload)) => match State::read(payload) {
            Ok(state) if state.key == key => {
                let (partition, offset) = (message.partition(), message.offset());
                known.note(key, Place { version: state.version, partition, offset });
            }
            _ => known.strange(),
        },
        (None, _) => known.strange(),
    }
}
