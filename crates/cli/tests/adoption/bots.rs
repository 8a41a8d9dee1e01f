//! The exchange's customers: programs that trade from week 1 to the end, and what became of each request.

use crate::signing::Asked;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Between two requests of one customer.
const PAUSE: Duration = Duration::from_millis(60);
/// Longest that a customer waits for an answer, two busy cores considered.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where the lender's key is used by somebody else.
pub(crate) const BORROWER: &str = "127.0.0.99";
const BORROWERS_AGENT: &str = "pyupbit/0.2";

/// One who has a key.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) key: &'static str,
    pub(crate) account: &'static str,
    pub(crate) segment: &'static str,
    /// Where he is, and where he says that he is.
    pub(crate) home: &'static str,
    pub(crate) allowed: &'static str,
    pub(crate) agent: &'static str,
}

const fn client(
    key: &'static str,
    account: &'static str,
    segment: &'static str,
    home: &'static str,
    agent: &'static str,
) -> Client {
    Client { key, account, segment, home, allowed: home, agent }
}

/// Who trades: the second one is in the first quarter of retail, the fifth one lends his key, the last one never answers a letter.
pub(crate) const CUSTOMERS: [Client; 6] = [
    client("K1", "A1", "retail", "127.0.0.11", "ccxt/4.5"),
    client("K12", "A2", "retail", "127.0.0.12", "made-up-bot/1.0"),
    client("K3", "A3", "corporate", "127.0.0.13", "upbit-sdk/1.2"),
    client("K4", "A4", "market_maker", "127.0.0.14", "made-up-desk/7"),
    client(LENT, "A9", "retail", "127.0.0.19", "ccxt/4.4"),
    client(SILENT, "A6", "retail", "127.0.0.16", "made-up-script/3"),
];
pub(crate) const LENT: &str = "K9";
pub(crate) const SILENT: &str = "K6";

/// The exchange's own: registered at an address from which it never calls. Its place of a hundred is within the first quarter.
pub(crate) const TEST_KEY: Client = Client {
    key: "T11",
    account: "A5",
    segment: "retail",
    home: "127.0.0.31",
    allowed: "203.0.113.7",
    agent: "made-up-test/1",
};

impl Client {
    /// Who does what is asked of him, and must never be refused.
    pub(crate) fn is_honest(&self) -> bool {
        self.key != LENT && self.key != SILENT
    }

    /// Whose requests a gate decides: honest retail customers.
    pub(crate) fn is_pilot(&self) -> bool {
        self.is_honest() && self.segment == "retail"
    }

    /// Of these, whose program connects to the gate itself. About the others the exchange's own gateway asks.
    pub(crate) fn connects_to_gate(&self) -> bool {
        self.key == "K1"
    }

    pub(crate) fn secret(&self) -> String {
        format!("made-up-secret-of-{}", self.key)
    }
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Served,
    /// By whom, and in which words.
    Refused {
        gate: bool,
        said: String,
    },
}

/// Requests of one customer in one week.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count {
    pub(crate) served: u64,
    pub(crate) served_by_gate: u64,
    /// Of those that were served, how many came behind a refusal, in whichever week that was.
    pub(crate) served_since_refused: u64,
    pub(crate) refused: Vec<Outcome>,
}

/// What all of them share.
#[derive(Default)]
struct Shared {
    week: AtomicUsize,
    /// Whether those connect to the gate who shall.
    at_gate: AtomicBool,
    /// Whether somebody else uses the lender's key too.
    lent: AtomicBool,
    over: AtomicBool,
    number: AtomicU64,
    gate: Mutex<Option<SocketAddr>>,
    counts: Mutex<BTreeMap<(usize, &'static str), Count>>,
    refused: Mutex<BTreeSet<&'static str>>,
}

/// All of them, trading until this is dropped.
pub(crate) struct Bots {
    shared: Arc<Shared>,
    gateway: SocketAddr,
    threads: Vec<JoinHandle<()>>,
}

impl Bots {
    pub(crate) fn start(gateway: SocketAddr) -> Self {
        let shared = Arc::<Shared>::default();
        shared.week.store(1, Ordering::Relaxed);
        let trade = |client: &'static Client| {
            let own = Arc::clone(&shared);
            std::thread::spawn(move || own.trades(client, gateway))
        };
        let threads = CUSTOMERS.iter().map(trade).collect();
        Self { shared, gateway, threads }
    }

    pub(crate) fn week(&self, week: usize) {
        self.shared.week.store(week, Ordering::SeqCst);
    }

    /// From now on another's program uses the key as well.
    pub(crate) fn lends(&self) {
        self.shared.lent.store(true, Ordering::SeqCst);
    }

    /// The pilot's name points at the gate, or at the exchange's own gateway again.
    pub(crate) fn go_by_gate(&self, gate: Option<SocketAddr>) {
        if let Some(gate) = gate {
            *lock(&self.shared.gate) = Some(gate);
        }
        self.shared.at_gate.store(gate.is_some(), Ordering::SeqCst);
    }

    /// One request of the exchange's own test key, by the gate.
    pub(crate) fn tests(&self, gate: SocketAddr) -> Outcome {
        self.asks(&TEST_KEY, gate, true)
    }

    /// The same at the exchange's own gateway.
    pub(crate) fn tests_own(&self) -> Outcome {
        self.asks(&TEST_KEY, self.gateway, false)
    }

    /// What the exchange's own gateway adds to the answer of such a request: why the gate would refuse it.
    pub(crate) fn own_says(&self) -> Option<String> {
        let number = self.shared.number.fetch_add(1, Ordering::Relaxed);
        let wire = Asked::new(&TEST_KEY, number, 0).wire(TEST_KEY.agent);
        reason(&runtime().block_on(ask(TEST_KEY.home, self.gateway, &wire)).ok()?)
    }

    /// One request of the lender's key, where the lender is, at the exchange's own gateway.
    pub(crate) fn lender_asks(&self) -> Outcome {
        let lender = CUSTOMERS.iter().find(|client| client.key == LENT).unwrap();
        self.asks(lender, self.gateway, false)
    }

    fn asks(&self, client: &'static Client, to: SocketAddr, gate: bool) -> Outcome {
        let asked = Asked::new(client, self.shared.number.fetch_add(1, Ordering::Relaxed), 0);
        let outcome = of_answer(runtime().block_on(ask(client.home, to, &asked.wire(client.agent))), gate);
        self.shared.note(client.key, &outcome, gate);
        outcome
    }

    /// Nobody trades any more.
    pub(crate) fn ends(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }

    pub(crate) fn counts(&self) -> BTreeMap<(usize, &'static str), Count> {
        lock(&self.shared.counts).clone()
    }

    /// What a customer's requests of a week came to.
    pub(crate) fn count(&self, week: usize, key: &'static str) -> Count {
        lock(&self.shared.counts).get(&(week, key)).cloned().unwrap_or_default()
    }
}

impl Drop for Bots {
    fn drop(&mut self) {
        self.ends();
    }
}

impl Shared {
    fn note(&self, key: &'static str, outcome: &Outcome, gate: bool) {
        let week = self.week.load(Ordering::SeqCst);
        let mut counts = lock(&self.counts);
        let count = counts.entry((week, key)).or_default();
        match outcome {
            Outcome::Served => {
                count.served += 1;
                count.served_by_gate += u64::from(gate);
                count.served_since_refused += u64::from(lock(&self.refused).contains(key));
            }
            refused => {
                lock(&self.refused).insert(key);
                count.refused.push(refused.clone());
            }
        }
    }

    /// Reads, orders, cancels what was ordered, by turns.
    fn trades(&self, client: &'static Client, gateway: SocketAddr) {
        let runtime = runtime();
        let mut turn = 0;
        while !self.over.load(Ordering::Relaxed) {
            let gate = (*lock(&self.gate))
                .filter(|_| client.connects_to_gate() && self.at_gate.load(Ordering::SeqCst));
            let borrowed = client.key == LENT && self.lent.load(Ordering::SeqCst) && turn % 2 == 1;
            let (from, agent) =
                if borrowed { (BORROWER, BORROWERS_AGENT) } else { (client.home, client.agent) };
            let number = self.number.fetch_add(1, Ordering::Relaxed);
            let asked = Asked::new(client, number, turn);
            let at = gate.unwrap_or(gateway);
            let outcome = of_answer(runtime.block_on(ask(from, at, &asked.wire(agent))), gate.is_some());
            self.note(client.key, &outcome, gate.is_some());
            turn += 1;
            std::thread::sleep(PAUSE);
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Sends it from this address of the machine; the whole answer, or why there is none.
async fn ask(from: &str, to: SocketAddr, wire: &str) -> Result<String, String> {
    let from: IpAddr = from.parse().unwrap();
    let exchange = async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let mut stream = socket.connect(to).await?;
        stream.write_all(wire.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(answered) => answered.map_err(|error| error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

/// Why the gate would refuse a request, or did, as the front says in a header.
fn reason(answer: &str) -> Option<String> {
    let head = answer.split("\r\n\r\n").next()?;
    let named = head.lines().filter_map(|line| line.split_once(": "));
    named
        .into_iter()
        .find_map(|(name, value)| name.eq_ignore_ascii_case("x-sumun-reason").then(|| value.to_owned()))
}

/// Whoever is not served is refused, whatever the reason: a broken connection, too, is somebody's doing.
fn of_answer(answer: Result<String, String>, gate: bool) -> Outcome {
    let said = match answer {
        Ok(answer) => {
            let status = answer.split(' ').nth(1).unwrap_or_default();
            if status.starts_with('2') {
                return Outcome::Served;
            }
            let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
            format!("{status} {} {body}", reason(&answer).unwrap_or_default())
        }
        Err(said) => said,
    };
    Outcome::Refused { gate, said }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
