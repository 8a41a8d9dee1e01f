//! Exactly once, through crashes of either side; what is kept, and what may go.

use super::*;
use std::sync::atomic::AtomicI64;

const SECOND_US: i64 = 1_000_000;
static NOW_US: AtomicI64 = AtomicI64::new(1_795_000_000 * SECOND_US);

fn now() -> Timestamp {
    Timestamp::from_micros(NOW_US.load(Ordering::Relaxed))
}

fn config(folder: &std::path::Path) -> Config {
    let mut config = Config { data_dir: folder.to_owned(), ..Config::default() };
    config.events.segment_bytes_max = 4096.try_into().unwrap();
    config.events.bytes_max = 16_384.try_into().unwrap();
    config
}

fn line(position: u64, seq: Option<u64>) -> EventLine {
    let ts = now().plus_micros(-300_000);
    let text = seq.map_or_else(
        || format!(r#"{{"type":"tick","ts":"{ts}"}}"#),
        |seq| format!(r#"{{"type":"tick","ts":"{ts}","seq":{seq}}}"#),
    );
    EventLine { position, ts, seq, source: None, text }
}

fn batch(source: &str, after: u64, positions: &[u64]) -> Batch {
    let lines = positions.iter().map(|position| line(*position, Some(*position))).collect();
    Batch { source: source.to_owned(), after, lines, files: None }
}

fn all(events: &Events) -> Vec<(String, u64)> {
    let read = events.reader(events.first()).map(|record| {
        let record = record.unwrap();
        let event = record::decode(&record).unwrap();
        (event.source.to_owned(), event.position)
    });
    read.collect()
}

#[tokio::test]
async fn each_line_is_taken_once_whoever_crashes() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let events = Events::open(&config, now).unwrap();
    let taken =
        |taken: Result<Taken, EventsError>| taken.map(|taken| (taken.held, taken.taken, taken.skipped));
    assert_eq!(taken(events.take(batch("a", 0, &[1, 2, 3])).await), Ok((3, 3, 0)));
    assert_eq!(taken(events.take(batch("b", 0, &[1])).await), Ok((1, 1, 0)));
    assert_eq!(taken(events.take(batch("a", 1, &[2, 3, 4])).await), Ok((4, 1, 2)));
    assert_eq!(taken(events.take(batch("a", 9, &[10])).await), Err(EventsError::Gap { after: 9, held: 4 }));
    assert_eq!(
        taken(events.take(batch("a", 4, &[10, 11])).await),
        Ok((11, 2, 0)),
        "it no longer has what is between"
    );
    assert_eq!(taken(events.take(batch("a", 0, &[])).await), Ok((11, 0, 0)));
    let before = all(&events);
    // Killed: no book was ever written.
    drop(events);
    let events = Events::open(&config, now).unwrap();
    assert_eq!(all(&events), before);
    let sources = EventLog::sources(&events);
    let shown: Vec<_> = sources
        .iter()
        .map(|s| (s.source.as_str(), s.held, s.lines, s.passed_over, s.missing, s.repeated))
        .collect();
    assert_eq!(shown, [("a", 11, 6, 5, 5, 0), ("b", 1, 1, 0, 0, 0)]);
    assert_eq!(taken(events.take(batch("a", 4, &[10, 11, 12])).await), Ok((12, 1, 2)));
    // Stopped in order, and opened from the book and what came after it.
    events.keep_house();
    assert_eq!(taken(events.take(batch("b", 1, &[2])).await), Ok((2, 1, 0)));
    drop(events);
    let events = Events::open(&config, now).unwrap();
    assert_eq!((events.held("a"), events.held("b")), (12, 2));
    // A damaged book is no book.
    drop(events);
    std::fs::write(folder.path().join("events.json"), "{").unwrap();
    let events = Events::open(&config, now).unwrap();
    assert_eq!((events.held("a"), events.held("b")), (12, 2));
    // A book of a log that is gone knows nothing.
    events.keep_house();
    drop(events);
    std::fs::remove_dir_all(folder.path().join("events")).unwrap();
    let events = Events::open(&config, now).unwrap();
    assert_eq!((events.held("a"), events.held("b")), (0, 0));
}

#[tokio::test]
async fn a_silent_source_is_held_though_its_lines_are_dropped_and_nothing_that_detection_needs_is() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let events = Events::open(&config, now).unwrap();
    events.take(batch("silent", 0, &[1, 2, 3])).await.unwrap();
    for position in 1..600 {
        events.take(batch("loud", position - 1, &[position])).await.unwrap();
    }
    events.keep_house();
    assert_eq!(events.first(), Offset::ZERO, "detection has read nothing yet");
    events.needed_from(Offset::new(300));
    events.keep_house();
    let first = events.first().get();
    assert!(first > 100 && first <= 300, "{first}");
    events.needed_from(events.durable());
    events.keep_house();
    assert!(events.first().get() > 300);
    assert!(EventLog::standing(&events).bytes <= 16_384 + 4096);
    drop(events);
    let events = Events::open(&config, now).unwrap();
    assert_eq!((events.held("silent"), events.held("loud")), (3, 599));
}

#[tokio::test]
async fn how_late_sources_deliver_is_forgotten_after_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let events = Events::open(&config(folder.path()), now).unwrap();
    events.take(batch("a", 0, &[1])).await.unwrap();
    assert_eq!(events.lag_us(), 300_000);
    assert!(events.catching_up(200_000) && !events.catching_up(300_000));
    NOW_US.fetch_add(61 * SECOND_US, Ordering::Relaxed);
    assert_eq!(events.lag_us(), 0);
    assert!(!events.catching_up(200_000));
}

#[tokio::test]
async fn no_sender_leaves_the_others_without_room() {
    let folder = tempfile::tempdir().unwrap();
    let events = Events::open(&config(folder.path()), now).unwrap();
    let mut refused = 0;
    for log in 0..300 {
        let taken = events.append(&batch(&format!("gate:g1:{log}"), 0, &[1]));
        refused += usize::from(matches!(taken, Err(EventsError::Sources(_))));
    }
    assert_eq!(refused, 44);
    assert!(events.append(&batch("gate:g1:7", 1, &[2])).is_ok(), "a log that is known goes on");
    assert!(events.append(&batch("gate:g2:0", 0, &[1])).is_ok());
    assert!(events.append(&batch("exchange:orders", 0, &[1])).is_ok());
}

#[tokio::test]
async fn numbers_are_counted_source_by_source_over_a_kill_and_a_start_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let taken = async |events: &Events, after: u64, numbers: &[(&str, u64)]| {
        let lines = numbers.iter().zip(after + 1..).map(|((source, seq), position)| {
            let ts = now();
            let text = format!(r#"{{"type":"tick","ts":"{ts}","source":"{source}","seq":{seq}}}"#);
            EventLine { position, ts, seq: Some(*seq), source: Some((*source).to_owned()), text }
        });
        let batch = Batch { source: "exchange:main".to_owned(), after, lines: lines.collect(), files: None };
        events.take(batch).await.unwrap();
    };
    let told = |events: &Events| {
        let of = EventLog::sources(events).swap_remove(0);
        let apart =
            of.numbered.iter().map(|one| (one.source.clone(), one.seq, one.missing)).collect::<Vec<_>>();
        (of.missing, of.repeated, apart)
    };
    let events = Events::open(&config, now).unwrap();
    taken(&events, 0, &[("edge4", 1), ("edge5", 1), ("edge4", 2), ("edge5", 2), ("edge4", 4)]).await;
    let before = told(&events);
    assert_eq!(before, (1, 0, vec![("edge4".to_owned(), 4, 1), ("edge5".to_owned(), 2, 0)]));
    // Killed: no book was ever written.
    drop(events);
    let events = Events::open(&config, now).unwrap();
    assert_eq!(told(&events), before);
    events.keep_house();
    drop(events);
    let events = Events::open(&config, now).unwrap();
    assert_eq!(told(&events), before);
    // The one that was missing comes, and the other source loses one.
    taken(&events, 5, &[("edge4", 3), ("edge5", 4)]).await;
    assert_eq!(told(&events), (1, 0, vec![("edge4".to_owned(), 4, 0), ("edge5".to_owned(), 4, 1)]));
}
