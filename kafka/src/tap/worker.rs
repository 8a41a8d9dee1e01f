//! One thread: a topic's messages in, lines of the wire out, one batch of a partition at a time.
//!
//! What a partition is worth lives in its book; lost with a partition, a rebalance or the process, it is made again of the group's commit
//! and of what the control plane holds. So nothing has to be remembered of a failure but that there was one.

mod brokers;
mod hand_in;
mod open;

use super::aside::{Aside, Quarantine};
use super::away::Away;
use super::book::{Arrived, Book, Told as Known};
use super::consumer::{Change, Topic};
use super::door::{Door, Told};
use super::lines::{self, Raw};
use super::settings::Follow;
use crate::clock;
use crate::exit::Failed;
use rdkafka::Message as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use sumun_tap::Made;
use tracing::{error, info, warn};

/// How long is waited for a message where nothing else is to be done.
const WAIT: Duration = Duration::from_millis(100);
/// Messages read before lines are handed in.
const READ_MAX: usize = 2_000;
/// First pause after a failure, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// A pause that grows.
#[derive(Clone, Copy)]
struct Pause {
    until: Option<Instant>,
    next: Duration,
}

impl Pause {
    const NONE: Self = Self { until: None, next: PAUSE_MIN };

    /// One more failure; the other side may have said how long to wait.
    fn grow(&mut self, now: Instant, at_least: Option<Duration>) {
        self.until = now.checked_add(self.next.max(at_least.unwrap_or_default()));
        self.next = (self.next * 2).min(PAUSE_MAX);
    }

    fn is_over(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }
}

/// A partition of ours.
enum Part {
    /// It is not known yet from where it is read.
    Waiting(Pause),
    Open(Box<Opened>),
}

struct Opened {
    /// Its log's name at the control plane.
    log: String,
    book: Book<Made>,
    /// It is read no further for now.
    paused: bool,
    /// Its first line is ahead of the control plane's clock.
    ahead: Pause,
    /// What became of the last batch is not known.
    ask: bool,
    /// Offset behind its newest message, as last heard.
    high: u64,
    /// Messages and bytes that were read.
    read: (u64, u64),
    told: Option<(Told, Instant)>,
    saved: Instant,
}

/// A topic that is followed.
pub(super) struct Worker {
    follow: Follow,
    topic: Arc<Topic>,
    door: Door,
    quarantine: Quarantine,
    parts: BTreeMap<i32, Part>,
    /// Bytes of one partition in memory at which it is read no further.
    held_bytes_max: usize,
    stopping: Arc<AtomicBool>,
    /// The control plane is not asked before.
    server: Pause,
    /// Who of the brokers does not answer.
    away: Away,
    /// When it is asked next how far partitions go.
    looks: Option<Instant>,
    /// Silent brokers are not asked about partitions before.
    silent: Pause,
    /// A silent group is not asked before.
    group: Pause,
    trouble: Option<String>,
    said_aside: bool,
}

impl Worker {
    pub(super) fn new(
        follow: Follow,
        topic: Topic,
        door: Door,
        quarantine: Quarantine,
        held_bytes_max: usize,
        stopping: Arc<AtomicBool>,
    ) -> Self {
        Self {
            follow,
            topic: Arc::new(topic),
            door,
            quarantine,
            parts: BTreeMap::new(),
            held_bytes_max,
            stopping,
            server: Pause::NONE,
            away: Away::default(),
            looks: None,
            silent: Pause::NONE,
            group: Pause::NONE,
            trouble: None,
            said_aside: false,
        }
    }

    /// Until it is told to stop.
    ///
    /// # Errors
    /// The client of Kafka cannot go on.
    pub(super) fn run(mut self) -> Result<(), Failed> {
        let mut moved = false;
        while !self.stopping.load(Ordering::Relaxed) {
            self.read(if moved { Duration::ZERO } else { WAIT })?;
            self.changed();
            self.open_what_waits();
            moved = self.hand_all_in();
            self.look();
            self.tell();
        }
        let numbers: Vec<i32> = self.parts.keys().copied().collect();
        for number in numbers {
            let unsaved = matches!(self.parts.get(&number), Some(Part::Open(part)) if part.book.unsaved());
            // Nothing is lost where it cannot be: what is held is known by counting.
            if unsaved && (self.away.group_is() || !self.commit(number)) {
                break;
            }
        }
        Ok(())
    }

    fn read(&mut self, wait: Duration) -> Result<(), Failed> {
        let topic = Arc::clone(&self.topic);
        let mut wait = wait;
        for _ in 0..READ_MAX {
            match topic.consumer().poll(wait) {
                None => break,
                Some(Ok(message)) => self.arrived(&message),
                Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                    return Err(Failed(format!("the client of Kafka cannot go on: {code}")));
                }
                Some(Err(KafkaError::MessageConsumption(
                    RDKafkaErrorCode::AutoOffsetReset
                    | RDKafkaErrorCode::OffsetOutOfRange
                    | RDKafkaErrorCode::LogTruncation,
                ))) => {
                    // Which partition it was is not said: where each stands is asked anew.
                    let numbers: Vec<i32> = self.parts.keys().copied().collect();
                    numbers.into_iter().for_each(|number| self.anew(number));
                    break;
                }
                // What it was is said where the client says it, once; whether brokers answer is asked.
                Some(Err(error)) => tracing::debug!("Kafka: {error}"),
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    /// What the group gave or took.
    fn changed(&mut self) {
        for change in self.topic.changes() {
            match change {
                Change::Given(numbers) => {
                    info!(tap = self.follow.name, partitions = ?numbers, "Partitions are ours");
                    self.away.given(&numbers);
                    self.group_answers();
                    self.parts.extend(numbers.into_iter().map(|number| (number, Part::Waiting(Pause::NONE))));
                }
                Change::Taken(numbers) => {
                    info!(tap = self.follow.name, partitions = ?numbers, "Partitions are another's");
                    // Whoever has them next reads again what was not committed, and passes over what is held.
                    self.parts.retain(|number, _| !numbers.contains(number));
                    self.away.taken(&numbers);
                }
            }
        }
    }

    fn arrived(&mut self, message: &BorrowedMessage<'_>) {
        let number = message.partition();
        let Some(Part::Open(part)) = self.parts.get_mut(&number) else { return };
        let offset = u64::try_from(message.offset()).unwrap_or_default();
        let raw = Raw {
            offset,
            at_ms: message.timestamp().to_millis(),
            key: message.key(),
            payload: message.payload(),
        };
        let incarnation = part.book.mark().incarnation;
        let (read, refused) =
            lines::read(&self.follow.form, (&part.log, &self.follow.name), incarnation, raw);
        part.read.0 = part.read.0.saturating_add(1);
        part.read.1 = part.read.1.saturating_add(u64::try_from(message.payload_len()).unwrap_or_default());
        let (arrived, known) = part.book.arrived(read);
        let (log, bytes) = (part.log.clone(), part.book.bytes());
        if let Some(known) = known {
            say(&self.follow.name, &log, &known);
        }
        match arrived {
            Arrived::Passed => {}
            Arrived::Kept => {
                for one in refused {
                    self.put_aside(
                        number,
                        offset,
                        (one.number, &one.raw),
                        (&one.code, &one.field, &one.detail),
                    );
                }
                if bytes > self.held_bytes_max {
                    self.pause(number, true);
                }
            }
            Arrived::GoTo(_) => self.read_on(),
            Arrived::NotTheSame => {
                let ends = self.topic.ends(&[number]);
                match (ends.found.get(&number), self.parts.get_mut(&number)) {
                    (Some((low, high)), Some(Part::Open(part))) => {
                        part.book.suspect(*low, *high);
                        self.read_on();
                    }
                    _ => {
                        self.asked(&[], &ends.silent, ends.why.as_ref());
                        self.anew(number);
                    }
                }
            }
        }
    }

    fn pause(&mut self, number: i32, pause: bool) {
        let Some(Part::Open(part)) = self.parts.get_mut(&number) else { return };
        if part.paused != pause && self.topic.pause(number, pause).is_ok() {
            part.paused = pause;
        }
    }

    /// Puts one line aside: where it stands, and why.
    fn put_aside(
        &mut self,
        partition: i32,
        offset: u64,
        (line, raw): (u64, &str),
        (code, field, detail): (&str, &str, &str),
    ) {
        let at = clock::now().to_string();
        let topic = &self.follow.topic;
        self.quarantine.add(&Aside { at, topic, partition, offset, line, code, field, detail, raw });
        if !std::mem::replace(&mut self.said_aside, true) {
            warn!(
                tap = self.follow.name,
                partition,
                offset,
                code,
                "A line is put aside; it and those after it stand in `{}.refused.ndjson`",
                self.follow.name
            );
        }
    }

    fn say_trouble(&mut self, text: String) {
        if self.trouble.as_ref() != Some(&text) {
            warn!(tap = self.follow.name, "Lines wait in their topic: {text}");
            self.trouble = Some(text);
        }
    }

    /// Lines that waited are handed in.
    fn say_well(&mut self) {
        self.server = Pause::NONE;
        if self.trouble.take().is_some() {
            self.topic.heard().well();
            info!(tap = self.follow.name, "Lines are handed in again");
        }
    }
}

/// Says what was found of a partition.
fn say(tap: &str, log: &str, known: &Known) {
    match known {
        Known::Begun(_) => info!(tap, log, "Partition {log}: {known}"),
        _ => error!(tap, log, "Partition {log}: {known}"),
    }
}
