//! A running `sumun serve` that sixteen pages watch while events come in: whether its memory grows.
//!
//! 500 lines a second of the exchange's go into `POST /v1/events` for a few thousand keys, over and over, so that what is remembered of
//! them is soon as large as it gets; once a second staff write something, so that those who watch are told. What is printed is the
//! resident memory of that process: the least and the most of each minute, and the slopes of both over the last two thirds. What is
//! written out whole now and then (detection's state) comes and goes as tens of MiB; a leak shows in the least of each minute. A
//! budget would be a guess: a leak is a slope that a longer run does not flatten.

use crate::clock::{Stopwatch, wall};
use crate::detect::house::House;
use crate::report::Row;
use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Lines a second, in batches so many a second.
const LINES_A_SECOND: u64 = 500;
const BATCHES_A_SECOND: u64 = 10;
/// Who watch: as many pages of each as one session may have open.
const WATCHERS: [&str; 2] = ["alice", "bob"];
const PAGES_EACH: usize = 8;
/// Keys that the lines are about.
const KEYS: u64 = 2_000;
/// Between two reads of each who watches, in seconds: a stream keeps no session from ending by the venue's idle minutes.
const AWAKE_S: u64 = 120;
/// Before memory is looked at for the first time: what is loaded lazily is loaded.
const WARM_S: u64 = 10;
const MIB: f64 = 1_048_576.0;

/// Runs it for so many seconds in a folder of its own.
///
/// # Errors
/// What the program said; a stream that ended.
pub fn measure(folder: &Path, seconds: u64) -> Result<Vec<Row>> {
    ensure!(seconds >= 3 * WARM_S, "less than {} s show nothing", 3 * WARM_S);
    let house = House::open(folder, nobody()?)?;
    let people = WATCHERS.iter().map(|who| house.token(who)).collect::<Result<Vec<_>>>()?;
    let backend = house.backend()?;
    let address = house.address()?;
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::new(AtomicU64::new(0));
    let mut readers = Vec::new();
    for token in people.iter().flat_map(|token| [token; PAGES_EACH]) {
        let (token, stop, told) = (token.clone(), Arc::clone(&stop), Arc::clone(&told));
        readers.push(thread::spawn(move || watches(address, &token, &stop, &told)));
    }
    let watched = || !readers.iter().any(thread::JoinHandle::is_finished);
    let (samples, late) = feed(&house, address, (&people, &backend), seconds, watched)?;
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        // A stream that ended early was told of by its own error.
        match reader.join() {
            Ok(done) => done?,
            Err(_) => bail!("a reader died"),
        }
    }
    let resident = house.resident()?;
    drop(house);
    Ok(rows(&samples, resident, (told.load(Ordering::Relaxed), late)))
}

/// Memory by second since the start, bytes.
type Samples = Vec<(u64, u64)>;

fn feed(
    house: &House,
    address: SocketAddr,
    (people, backend): (&[String], &str),
    seconds: u64,
    watched: impl Fn() -> bool,
) -> Result<(Samples, u64)> {
    let each = LINES_A_SECOND / BATCHES_A_SECOND;
    let (mut samples, mut sent, mut late) = (Vec::new(), 0, 0);
    let mut wire = Wire::open(address)?;
    let staff = people.first().context("nobody watches")?;
    let watch = Stopwatch::start();
    for batch in 0..seconds * BATCHES_A_SECOND {
        let due = Duration::from_micros(batch * 1_000_000 / BATCHES_A_SECOND);
        match due.checked_sub(watch.elapsed()) {
            Some(wait) => thread::sleep(wait),
            None => late += 1,
        }
        let body: String = (0..each).map(|n| line(sent + n)).collect();
        wire.post(&format!("/v1/events?from={}", sent + 1), backend, "application/x-ndjson", &body)?;
        sent += each;
        if batch % BATCHES_A_SECOND == 0 {
            let second = batch / BATCHES_A_SECOND;
            let body = json!({ "segment": "retail", "country": "KR" }).to_string();
            wire.put(&format!("/v1/customers/CU{}", second % 500), staff, second, &body)?;
            if second.is_multiple_of(AWAKE_S) {
                people.iter().try_for_each(|token| wire.get("/v1/overview", token))?;
            }
            samples.push((second, house.resident()?));
            if !watched() {
                // What was wrong with the stream that ended is told by who joins its reader.
                break;
            }
            if second.is_multiple_of(60) {
                eprintln!(
                    "{second} s: {:.1} MiB",
                    samples.last().map_or(0.0, |(_, bytes)| *bytes as f64 / MIB)
                );
            }
        }
    }
    Ok((samples, late))
}

/// What an account's key did, as the exchange tells it.
fn line(number: u64) -> String {
    let key = number % KEYS;
    let line = json!({
        "type": "order", "id": format!("o{number}"), "ts": wall(), "account": format!("A{key}"), "key": format!("K{key}"),
        "medium": "api", "market": "KRW-BTC", "order": format!("O{number}"), "action": "new", "side": "buy", "kind": "limit",
        "price": "95000000", "quantity": "0.0137", "remaining": "0.0137",
    });
    format!("{line}\n")
}

/// Listens to `GET /v1/live` until it is told to stop, and counts what it is told.
fn watches(address: SocketAddr, token: &str, stop: &AtomicBool, told: &AtomicU64) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    write!(stream, "GET /v1/live HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n")?;
    let (mut buffer, mut seen) = ([0; 4096], Vec::new());
    while !stop.load(Ordering::Relaxed) {
        match stream.read(&mut buffer) {
            Ok(0) => bail!("a stream of `GET /v1/live` ended: {}", String::from_utf8_lossy(&seen)),
            Ok(count) => {
                let some = buffer.get(..count).unwrap_or_default();
                if seen.is_empty() {
                    seen.extend_from_slice(some);
                    ensure!(
                        seen.starts_with(b"HTTP/1.1 200"),
                        "`GET /v1/live`: {}",
                        String::from_utf8_lossy(&seen)
                    );
                }
                let events = some.windows(14).filter(|part| part == b"event: changed").count();
                told.fetch_add(events as u64, Ordering::Relaxed);
            }
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error).context("a stream of `GET /v1/live`"),
        }
    }
    Ok(())
}

/// One connection that is kept.
struct Wire(BufReader<TcpStream>);

impl Wire {
    fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    fn post(&mut self, target: &str, token: &str, kind: &str, body: &str) -> Result<()> {
        self.send("POST", target, token, &format!("Content-Type: {kind}\r\n"), body)
    }

    fn get(&mut self, target: &str, token: &str) -> Result<()> {
        self.send("GET", target, token, "", "")
    }

    fn put(&mut self, target: &str, token: &str, number: u64, body: &str) -> Result<()> {
        let more = format!("Content-Type: application/json\r\nIdempotency-Key: made-up-{number:08}\r\n");
        self.send("PUT", target, token, &more, body)
    }

    fn send(&mut self, method: &str, target: &str, token: &str, more: &str, body: &str) -> Result<()> {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n{more}Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.0.get_mut().write_all(format!("{head}{body}").as_bytes())?;
        let (mut status, mut length, mut line) = (String::new(), 0, String::new());
        loop {
            line.clear();
            ensure!(self.0.read_line(&mut line)? > 0, "{method} {target}: the connection ended");
            if status.is_empty() {
                status = line.trim_end().to_owned();
            } else if line == "\r\n" {
                break;
            } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer)?;
        ensure!(status.contains(" 20"), "{method} {target}: {status}: {}", String::from_utf8_lossy(&answer));
        Ok(())
    }
}

/// An exchange that nobody asks.
fn nobody() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn rows(samples: &[(u64, u64)], last: u64, (told, late): (u64, u64)) -> Vec<Row> {
    const GROUP: &str = "console, memory of a running system that 16 pages watch";
    let at = |second: u64| {
        samples.iter().find(|(at, _)| *at >= second).map_or(last, |(_, bytes)| *bytes) as f64 / MIB
    };
    let mut rows = vec![Row::figure(GROUP, format!("at {WARM_S} s"), "MiB", at(WARM_S))];
    let minutes = of_minutes(samples);
    for (minute, (least, most)) in minutes.iter().enumerate() {
        let row = Row::figure(GROUP, format!("least in minute {}", minute + 1), "MiB", *least);
        rows.push(row.note(format!("most {most:.1}")));
    }
    rows.push(Row::figure(GROUP, "at the end".to_owned(), "MiB", last as f64 / MIB));
    let later = |of: fn(&(f64, f64)) -> f64| -> Vec<(f64, f64)> {
        minutes.iter().enumerate().skip(minutes.len() / 3).map(|(n, minute)| (n as f64, of(minute))).collect()
    };
    let note = format!(
        "{LINES_A_SECOND} lines a second over {KEYS} keys, {late} batches late, 16 pages of 2 people"
    );
    for (what, of) in [("least", (|minute| minute.0) as fn(&(f64, f64)) -> f64), ("most", |minute| minute.1)]
    {
        let figure = slope(&later(of));
        rows.push(Row::figure(GROUP, format!("slope of the {what}, last two thirds"), "MiB/min", figure));
    }
    rows.push(Row::figure(GROUP, "messages to those who watch".to_owned(), "", told as f64).note(note));
    rows
}

/// The least and the most of each whole minute, MiB.
fn of_minutes(samples: &[(u64, u64)]) -> Vec<(f64, f64)> {
    let mut minutes: Vec<(f64, f64)> = Vec::new();
    for of_minute in samples.chunk_by(|one, next| one.0 / 60 == next.0 / 60) {
        let bytes = of_minute.iter().map(|(_, bytes)| *bytes as f64 / MIB);
        let least = bytes.clone().fold(f64::INFINITY, f64::min);
        minutes.push((least, bytes.fold(0.0, f64::max)));
    }
    minutes
}

/// By least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len().max(1) as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), point| {
        (above + (point.0 - x) * (point.1 - y), below + (point.0 - x) * (point.0 - x))
    });
    if below > 0.0 { above / below } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::{of_minutes, slope};

    #[test]
    fn a_minute_has_its_least_and_its_most() {
        let mib = |many: u64| many * 1_048_576;
        let samples = [(0, mib(5)), (59, mib(3)), (60, mib(9)), (61, mib(4)), (119, mib(7))];
        assert_eq!(of_minutes(&samples), [(3.0, 5.0), (4.0, 9.0)]);
    }

    #[test]
    fn the_slope_of_a_line_is_its_slope() {
        assert!((slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) - 2.0).abs() < 1e-9);
        assert!(slope(&[(1.0, 4.0)]).abs() < 1e-9);
    }
}
