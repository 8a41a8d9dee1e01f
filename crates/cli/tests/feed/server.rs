//! The server's end of the feed, as small as it can be, and as bad as a test wants it. Judges every proof and every
//! acknowledgement it gets.

use crate::stage::wait_for;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sumun_feed::{
    Acknowledgement, Frame, GateProof, Mark, PublicKey, REQUEST_ACKNOWLEDGE, REQUEST_FEED, SigningKey,
    SnapshotWriter,
};
use sumun_model::Timestamp;

pub(crate) const VENUE: &str = "made-up-venue";
const HEARTBEAT: Duration = Duration::from_millis(50);

/// One state of the record.
#[derive(Clone, Default)]
struct Record {
    head: u64,
    table: BTreeMap<String, Value>,
    deltas: BTreeMap<u64, Vec<Value>>,
    /// What each version is: it goes on from the one before.
    marks: BTreeMap<u64, Mark>,
}

impl Record {
    fn mark(&self, version: u64) -> Option<Mark> {
        self.marks.get(&version).copied()
    }
}

#[derive(Default)]
struct State {
    record: Record,
    /// As it was after each version.
    history: BTreeMap<u64, Record>,
    acknowledgements: Vec<Acknowledgement>,
    /// Raw lines for every gate that is connected, and which connections had how many of them.
    said: Vec<String>,
    /// Nobody is answered.
    closed: bool,
    deaf: bool,
    /// A gate that holds more than there is is told so at once, not by a heartbeat.
    tells_at_once: bool,
    /// What was acknowledged is forgotten.
    forgot: bool,
    /// Every connection so far ends.
    generation: u64,
    connections: usize,
    asked_from: Vec<u64>,
}

pub(crate) struct Inner {
    state: Mutex<State>,
    changed: Condvar,
    key: SigningKey,
    gate: PublicKey,
}

/// Listens until the test's process ends.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

impl Server {
    pub(crate) fn start(key: SigningKey, gate: PublicKey) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let inner = Inner { state: Mutex::default(), changed: Condvar::new(), key, gate };
        let this = Self { address: listener.local_addr().unwrap(), inner: Arc::new(inner) };
        let own = this.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(stream));
            }
        });
        this
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.inner.changed.notify_all();
        changed
    }

    /// A change of these keys: one version.
    pub(crate) fn commit(&self, records: &[Value]) -> u64 {
        self.change(|state| {
            let record = &mut state.record;
            record.head += 1;
            record.deltas.insert(record.head, records.to_vec());
            let before = record.mark(record.head - 1).map_or([0; 32], |mark| mark.root);
            let root = Sha256::new().chain_update(before).chain_update(serde_json::to_vec(records).unwrap());
            record.marks.insert(record.head, Mark { entry: record.head + 100, root: root.finalize().into() });
            for key in records {
                record.table.insert(key["key"].as_str().unwrap().to_owned(), key.clone());
            }
            let head = record.head;
            state.history.insert(head, state.record.clone());
            head
        })
    }

    /// Deltas up to this version are kept no more.
    pub(crate) fn forget_deltas(&self) {
        self.change(|state| state.record.deltas.clear());
    }

    /// The record as it stood at a version; every connection ends.
    pub(crate) fn roll_back(&self, version: u64) {
        self.change(|state| {
            state.record = state.history[&version].clone();
            state.generation += 1;
        });
    }

    /// As the product's own server does.
    pub(crate) fn tells_at_once(&self) {
        self.change(|state| state.tells_at_once = true);
    }

    /// Older acknowledgements are lost, as with storage of receipts rolled back.
    pub(crate) fn forget_acknowledgements(&self) {
        self.change(|state| {
            state.acknowledgements.clear();
            state.forgot = true;
        });
    }

    /// Nobody is heard any more, or everybody is again.
    pub(crate) fn close(&self, closed: bool) {
        self.change(|state| {
            state.closed = closed;
            state.generation += 1;
        });
    }

    /// Acknowledgements are refused, or taken again.
    pub(crate) fn deaf(&self, deaf: bool) {
        self.change(|state| state.deaf = deaf);
    }

    /// Says a line to whoever is connected.
    pub(crate) fn say(&self, line: String) {
        self.change(|state| state.said.push(line));
    }

    pub(crate) fn sign(&self, frame: &Frame) -> String {
        frame.sign(&self.inner.key).unwrap()
    }

    pub(crate) fn head(&self) -> u64 {
        self.state().record.head
    }

    pub(crate) fn asked_from(&self) -> Vec<u64> {
        self.state().asked_from.clone()
    }

    pub(crate) fn acknowledgements(&self) -> Vec<Acknowledgement> {
        self.state().acknowledgements.clone()
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.state().acknowledgements.iter().map(|ack| ack.to).max().unwrap_or(0)
    }

    /// Waits until a version is acknowledged.
    #[track_caller]
    pub(crate) fn waits_for(&self, version: u64) -> Acknowledgement {
        let found = wait_for(|| self.acknowledgements().into_iter().find(|ack| ack.to >= version));
        found.unwrap_or_else(|| {
            panic!("version {version} was never acknowledged: {:?}", self.acknowledgements())
        })
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let (method, target) = line.split_once(' ')?;
        let (method, target) = (method.to_owned(), target.split(' ').next()?.to_owned());
        let (mut proof, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "authorization" => proof = value.strip_prefix("Bearer ").unwrap().to_owned(),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let request = if method == "GET" { REQUEST_FEED } else { REQUEST_ACKNOWLEDGE };
        GateProof::verify(&proof, &self.inner.gate, VENUE, request, now()).unwrap();
        let mut stream = reader.into_inner();
        if self.state().closed {
            return None;
        }
        if method == "GET" {
            let asked = target.strip_prefix("/v1/feed?from=").unwrap().strip_suffix("&segments=1").unwrap();
            let (from, mark) =
                asked.split_once("&mark=").map_or((asked, None), |(from, mark)| (from, Some(mark)));
            let mark = mark.map(|mark| mark.parse().unwrap());
            return self.feed(&mut stream, from.parse().unwrap(), mark);
        }
        assert_eq!(target, "/v1/feed/acknowledgements");
        let status = self.take(&String::from_utf8(body).unwrap());
        let body = if status.starts_with("409") { "{\"code\":\"receipt_skips\"}" } else { "" };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all((head + body).as_bytes()).ok()
    }

    fn take(&self, token: &str) -> &'static str {
        let ack = Acknowledgement::verify(token, &self.inner.gate).unwrap();
        self.change(|state| {
            if state.deaf {
                return "503 Service Unavailable";
            }
            let last = state.acknowledgements.iter().map(|ack| ack.to).max().unwrap_or(0);
            if state.forgot && ack.from > last + 1 {
                return "409 Conflict";
            }
            assert!(ack.from <= last + 1, "{ack:?} after {last}");
            assert!(ack.applied_at <= ack.acknowledged_at);
            state.acknowledgements.push(ack);
            "201 Created"
        })
    }

    fn feed(&self, stream: &mut TcpStream, from: u64, mark: Option<Mark>) -> Option<()> {
        assert_eq!(mark.is_some(), from > 0, "a version and what it is go together");
        let (at_once, head, known) =
            self.change(|state| (state.tells_at_once, state.record.head, state.record.mark(from)));
        if at_once && from <= head && mark != known {
            let answer = b"HTTP/1.1 409 Conflict\r\nContent-Length: 22\r\n\r\n{\"code\":\"feed_forked\"}";
            return stream.write_all(answer).ok();
        }
        if at_once && from > head {
            let answer =
                b"HTTP/1.1 409 Conflict\r\nContent-Length: 27\r\n\r\n{\"code\":\"feed_behind_gate\"}";
            return stream.write_all(answer).ok();
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n")
            .ok()?;
        let mut at = from;
        let (generation, mut said) = self.change(|state| {
            state.connections += 1;
            state.asked_from.push(from);
            (state.generation, state.said.len())
        });
        if from == 0 {
            at = self.snapshot(stream)?;
        }
        loop {
            let mut state = self.state();
            if state.generation != generation {
                return None;
            }
            let next = if let Some(line) = state.said.get(said) {
                said += 1;
                line.clone()
            } else if let Some(records) = state.record.deltas.get(&(at + 1)) {
                at += 1;
                let records = records.clone();
                let mark = state.record.mark(at).unwrap();
                self.sign(&Frame::Delta { version: at, mark, at: now(), records })
            } else if at < state.record.head {
                drop(state);
                at = self.snapshot(stream)?;
                continue;
            } else {
                let version = state.record.head;
                let waited;
                (state, waited) = self.inner.changed.wait_timeout(state, HEARTBEAT).unwrap();
                if !waited.timed_out() || state.generation != generation || state.record.head != version {
                    continue;
                }
                self.sign(&Frame::Heartbeat { version, mark: state.record.mark(version), at: now() })
            };
            drop(state);
            stream.write_all(format!("{next}\n").as_bytes()).ok()?;
        }
    }

    fn snapshot(&self, stream: &mut TcpStream) -> Option<u64> {
        let record = self.state().record.clone();
        let (count, mark) = (record.table.len() as u64, record.mark(record.head));
        let (mut writer, line) =
            SnapshotWriter::begin(&self.inner.key, record.head, now(), count, 0).unwrap();
        let mut lines = vec![line];
        let records: Vec<Value> = record.table.into_values().collect();
        lines.extend(records.chunks(2).map(|part| writer.part(part.to_vec(), Vec::new()).unwrap()));
        lines.push(writer.end(mark).unwrap());
        stream.write_all((lines.join("\n") + "\n").as_bytes()).ok()?;
        Some(record.head)
    }
}
