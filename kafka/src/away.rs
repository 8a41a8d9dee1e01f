//! Brokers that do not answer: since when, and what the client of Kafka said of it. Each going and each return is said once.
//!
//! librdkafka speaks up for every connection that breaks and every attempt that fails, and says nothing when all is well again. So what it
//! says is kept here as the reason, and whether brokers answer is known by asking them. Never here: what follows from it.

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the client said so long ago is no reason of what is now: of a connection without use, brokers break it off.
const LATELY: Duration = Duration::from_secs(60);

/// Somebody who may be away.
#[derive(Debug, Default)]
pub(crate) struct Away {
    since: Option<Instant>,
}

impl Away {
    /// He does not answer now; whether that is news.
    pub(crate) const fn gone(&mut self, now: Instant) -> bool {
        let news = self.since.is_none();
        if news {
            self.since = Some(now);
        }
        news
    }

    /// He answered now; for how long he did not, if that is news.
    pub(crate) fn back(&mut self, now: Instant) -> Option<Duration> {
        self.since.take().map(|since| now.saturating_duration_since(since))
    }

    /// Whether he did not answer when he was last asked.
    pub(crate) const fn is(&self) -> bool {
        self.since.is_some()
    }

    /// He went at this time at the latest.
    pub(crate) fn since(&mut self, at: Instant) {
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
    }
}

/// A time in words, as a log has it: to the second, below ten seconds to the tenth.
pub(crate) fn long(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} s", time.as_secs())
    }
}

/// What a client of Kafka said lately.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Since it was last asked, no broker was connected.
    nobody: AtomicBool,
    /// The reason it gave last, and when.
    why: Mutex<Option<(Instant, String)>>,
    /// What was said of other faults than absence: once each until brokers answer.
    said: Mutex<BTreeSet<String>>,
}

impl Heard {
    /// The client says this.
    pub(crate) fn error(&self, error: &KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        if code == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.nobody.store(true, Ordering::Relaxed);
            return;
        }
        let reason = short(reason);
        if code.is_some_and(is_absence) {
            tracing::debug!("Kafka: {error}: {reason}");
        } else if lock(&self.said).insert(format!("{code:?}")) {
            tracing::warn!("Kafka: {reason}");
        }
        *lock(&self.why) = Some((crate::clock::tick(), reason));
    }

    /// The client writes this to its own log, where it repeats what it says as an error: of each connection, for as long as brokers are away.
    pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, text: &str) {
        match level {
            _ if ["FAIL", "ERROR", "REQTMOUT"].contains(&facility) => {
                tracing::debug!(target: "librdkafka", "librdkafka: {facility} {text}");
            }
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => {
                tracing::error!(target: "librdkafka", "librdkafka: {facility} {text}");
            }
            RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", "librdkafka: {facility} {text}"),
            _ => tracing::debug!(target: "librdkafka", "librdkafka: {facility} {text}"),
        }
    }

    /// Whether it said since the last time that no broker is connected.
    pub(crate) fn nobody(&self) -> bool {
        self.nobody.swap(false, Ordering::Relaxed)
    }

    /// Why brokers do not answer: the client's reason, or else the error with which a question ended.
    pub(crate) fn why(&self, error: Option<&KafkaError>) -> String {
        let now = crate::clock::tick();
        let lately = |(at, _): &(Instant, String)| now.saturating_duration_since(*at) < LATELY;
        let why = lock(&self.why).clone().filter(lately).map(|(_, why)| why);
        why.or_else(|| error.map(ToString::to_string)).unwrap_or_else(|| "no reason is known".to_owned())
    }

    /// Brokers answer.
    pub(crate) fn well(&self) {
        self.nobody.store(false, Ordering::Relaxed);
        *lock(&self.why) = None;
        lock(&self.said).clear();
    }
}

/// What is under these locks is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Without librdkafka's remark on how long an attempt took and how many others ended alike, which makes each text another.
fn short(reason: &str) -> String {
    let end = reason.rfind(" (after ").unwrap_or(reason.len());
    reason.get(..end).unwrap_or(reason).to_owned()
}

/// Whether an error says that brokers do not answer, rather than what they answered.
pub(crate) const fn is_absence(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::BrokerDestroy
            | RDKafkaErrorCode::BrokerNotAvailable
            | RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::CoordinatorLoadInProgress
            | RDKafkaErrorCode::CoordinatorNotAvailable
            | RDKafkaErrorCode::LeaderNotAvailable
            | RDKafkaErrorCode::MessageTimedOut
            | RDKafkaErrorCode::NetworkException
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::RequestTimedOut
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::TimedOutQueue
            | RDKafkaErrorCode::WaitingForCoordinator
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_and_return_are_news_once() {
        let start = crate::clock::tick();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut away = Away::default();
        assert_eq!((away.is(), away.back(at(0))), (false, None));
        assert_eq!((away.gone(at(1)), away.gone(at(5)), away.is()), (true, false, true));
        assert_eq!((away.back(at(43)), away.back(at(44))), (Some(Duration::from_secs(42)), None));
        away.since(at(50));
        away.since(at(47));
        assert_eq!((away.gone(at(51)), away.back(at(57))), (false, Some(Duration::from_secs(10))));
        assert_eq!([long(Duration::from_millis(1_250)), long(Duration::from_secs(90))], ["1.2 s", "90 s"]);
    }

    #[test]
    fn what_the_client_says_is_kept_as_the_reason() {
        let heard = Heard::default();
        let says = |code, reason: &str| heard.error(&KafkaError::Global(code), reason);
        assert_eq!(heard.why(None), "no reason is known");
        says(
            RDKafkaErrorCode::BrokerTransportFailure,
            "b:9092/1: Connect failed: refused (after 3ms in state CONNECT)",
        );
        says(RDKafkaErrorCode::AllBrokersDown, "1/1 brokers are down");
        assert_eq!(heard.why(None), "b:9092/1: Connect failed: refused");
        assert_eq!((heard.nobody(), heard.nobody()), (true, false));
        says(RDKafkaErrorCode::AllBrokersDown, "1/1 brokers are down");
        heard.well();
        assert!(!heard.nobody());
        let timed_out = KafkaError::MetadataFetch(RDKafkaErrorCode::OperationTimedOut);
        assert!(heard.why(Some(&timed_out)).contains("Timed out"), "{}", heard.why(Some(&timed_out)));
    }
}
