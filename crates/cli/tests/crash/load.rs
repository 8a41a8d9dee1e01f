//! Clients that never stop sending, and what each of them knows of what it sent.

use crate::stage::chance::Chance;
use crate::stage::client::{Client, EFFECTS, Failure, Signed};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What should become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    Pass,
    /// Refused, with this reason on record.
    Refuse(&'static str),
}

/// One request as its client knows it.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) signed: Signed,
    pub(crate) expect: Expect,
    /// The status of the answer, once there was one.
    pub(crate) status: Option<u16>,
}

/// All requests made, by agent.
#[derive(Default)]
pub(crate) struct Book {
    made: Mutex<HashMap<String, Made>>,
    /// Where the gate is now; changes with every start.
    gate: Mutex<Option<SocketAddr>>,
    number: AtomicU64,
}

impl Book {
    pub(crate) fn gate_is(&self, at: Option<SocketAddr>) {
        *lock(&self.gate) = at;
    }

    pub(crate) fn made(&self) -> HashMap<String, Made> {
        lock(&self.made).clone()
    }

    /// Sends a request under a name of its own and writes down what came of it.
    pub(crate) fn send(&self, client: &mut Client, signed: Signed, expect: Expect) -> Option<u16> {
        let Some(gate) = *lock(&self.gate) else {
            std::thread::sleep(Duration::from_millis(1));
            return None;
        };
        let agent = format!("agent-{}", self.number.fetch_add(1, Ordering::Relaxed));
        // Known before it is sent: the exchange may see it though no answer ever comes.
        let made = Made { signed: signed.clone(), expect, status: None };
        lock(&self.made).insert(agent.clone(), made);
        match client.send(gate, &signed, &agent) {
            Ok(answer) => {
                lock(&self.made).get_mut(&agent).unwrap().status = Some(answer.status);
                Some(answer.status)
            }
            Err(Failure::NotSent) => {
                lock(&self.made).remove(&agent);
                std::thread::sleep(Duration::from_millis(1));
                None
            }
            Err(Failure::Unknown) => None,
        }
    }
}

/// Clients at work until told to stop.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// One thread per client.
    pub(crate) fn start(book: &Arc<Book>, clients: u64, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..clients)
            .map(|client| {
                let (book, stop) = (Arc::clone(book), Arc::clone(&stop));
                std::thread::spawn(move || work(&book, &stop, client, seed))
            })
            .collect();
        Self { stop, threads }
    }

    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}

fn work(book: &Book, stop: &AtomicBool, number: u64, seed: u64) {
    let mut chance = Chance::new(seed ^ (number + 1));
    let mut client = Client::default();
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        count += 1;
        let nonce = format!("nonce-{number}-{count}");
        let key = ["K1", "K2", "K3"][chance.below(3) as usize];
        let effect = EFFECTS[chance.below(4) as usize];
        let (signed, expect) = match chance.below(10) {
            0 => (Signed::forged(effect, key, &nonce), Expect::Refuse("signature_invalid")),
            1 => (Signed::new(effect, "K9", &nonce), Expect::Refuse("unknown_key")),
            _ => (Signed::new(effect, key, &nonce), Expect::Pass),
        };
        book.send(&mut client, signed, expect);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
