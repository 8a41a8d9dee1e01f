//! An exchange that writes down every request before it answers, and looks at the gate's disk when money would move.

use super::disk;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What it got.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) target: String,
    pub(crate) authorization: String,
    /// How often a request of this agent came.
    pub(crate) times: u32,
    /// For a transfer: whether its record was acknowledged by the gate's disk when it came.
    pub(crate) was_durable: bool,
}

#[derive(Default)]
struct Shared {
    got: Mutex<HashMap<String, Got>>,
    spool: Mutex<Option<PathBuf>>,
}

/// Listens until the test's process ends.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap())
    }

    pub(crate) fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let this = Self { address: listener.local_addr().unwrap(), shared: Arc::default() };
        let own = this.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(stream));
            }
        });
        this
    }

    /// From now on every transfer is looked for in this spool when it comes.
    pub(crate) fn watch_spool(&self, folder: PathBuf) {
        *lock(&self.shared.spool) = Some(folder);
    }

    /// All that came, by agent.
    pub(crate) fn got(&self) -> HashMap<String, Got> {
        lock(&self.shared.got).clone()
    }

    pub(crate) fn count(&self) -> usize {
        lock(&self.shared.got).values().map(|got| got.times as usize).sum()
    }

    /// `None` when the peer is gone.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut stream = BufReader::new(stream);
        loop {
            let mut line = String::new();
            let count = stream.read_line(&mut line).ok()?;
            if count == 0 {
                return None;
            }
            let target = line.split(' ').nth(1)?.to_owned();
            let mut headers = HashMap::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).ok()?;
                if line == "\r\n" {
                    break;
                }
                // A gate that is killed may leave half a head.
                let (name, value) = line.strip_suffix("\r\n")?.split_once(": ")?;
                headers.insert(name.to_ascii_lowercase(), value.to_owned());
            }
            let length = headers.get("content-length").map_or(0, |text| text.parse().unwrap_or(0));
            let mut body = vec![0; length];
            stream.read_exact(&mut body).ok()?;
            let agent = headers.remove("user-agent").unwrap_or_default();
            self.note(agent, target, headers.remove("authorization").unwrap_or_default());
            let answer: &[u8] = if headers.contains_key("upgrade") {
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                  Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n"
            } else {
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            };
            stream.get_mut().write_all(answer).ok()?;
        }
    }

    fn note(&self, agent: String, target: String, authorization: String) {
        let spool = lock(&self.shared.spool).clone().filter(|_| target.contains("/withdraws/"));
        let was_durable = spool.is_none_or(|folder| disk::holds_durably(&folder, &agent));
        let mut got = lock(&self.shared.got);
        let got = got.entry(agent).or_insert(Got { target, authorization, times: 0, was_durable });
        got.times += 1;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
