//! An exchange of raw bytes: it writes down exactly what it receives and answers as it is told.
//!
//! It reads heads and bodies by `Content-Length` only. A request with other framing is written down as it is, and
//! what follows is then read as another request: just what a smuggled one would look like.

use super::sink::Sink;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Got {
    pub method: String,
    pub target: String,
    /// In order, names as sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// How many requests had been written down as allowed when its first byte came.
    pub admitted_before: usize,
}

impl Got {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str()).collect()
    }

    pub fn names(&self) -> Vec<String> {
        self.headers.iter().map(|(n, _)| n.to_ascii_lowercase()).collect()
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub fn is_upgrade(&self) -> bool {
        self.header("upgrade").is_some()
    }
}

/// A connection of the upstream, for a behaviour to write to.
pub struct Conn {
    pub tcp: TcpStream,
}

impl Conn {
    pub async fn send(&mut self, bytes: &[u8]) {
        // A proxy that left is no failure of the upstream.
        let _ = self.tcp.write_all(bytes).await;
    }
}

type Answered = Pin<Box<dyn Future<Output = Option<Conn>> + Send>>;
/// Answers one request; without the connection it is not read any further.
pub type Behaviour = Arc<dyn Fn(Got, Conn) -> Answered + Send + Sync>;

/// Makes a behaviour of an async function.
pub fn behaviour<F, R>(answer: F) -> Behaviour
where
    F: Fn(Got, Conn) -> R + Send + Sync + 'static,
    R: Future<Output = Option<Conn>> + Send + 'static,
{
    Arc::new(move |got, conn| Box::pin(answer(got, conn)))
}

/// Answers each request with its own method and path.
pub fn answers_ok() -> Behaviour {
    behaviour(|got, mut conn| async move {
        let body = format!("{} {}", got.method, got.target);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nRemaining-Req: group=default; min=1799; sec=7\r\n\r\n",
            body.len()
        );
        conn.send(format!("{head}{body}").as_bytes()).await;
        Some(conn)
    })
}

pub struct Upstream {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    connections: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
}

impl Upstream {
    pub async fn start(behaviour: Behaviour, sink: Arc<Sink>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let (connections, open) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let this = Self {
            address,
            got: Arc::clone(&got),
            connections: Arc::clone(&connections),
            open: Arc::clone(&open),
        };
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tcp.set_nodelay(true).unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                open.fetch_add(1, Ordering::SeqCst);
                let (got, sink, behaviour) = (Arc::clone(&got), Arc::clone(&sink), Arc::clone(&behaviour));
                let open = Arc::clone(&open);
                tokio::spawn(async move {
                    serve(tcp, &got, &sink, &behaviour).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        this
    }

    pub fn requests(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.got.lock().unwrap().len()
    }

    /// Connections ever made.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Connections not ended.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// The one request so far.
    #[track_caller]
    pub fn only(&self) -> Got {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests.into_iter().next().unwrap()
    }
}

async fn serve(tcp: TcpStream, got: &Mutex<Vec<Got>>, sink: &Sink, behaviour: &Behaviour) {
    let mut conn = Some(Conn { tcp });
    let mut buffer = Vec::new();
    while let Some(mut at) = conn.take() {
        let Some(request) = read(&mut at.tcp, &mut buffer, sink).await else { return };
        got.lock().unwrap().push(request.clone());
        conn = behaviour(request, at).await;
    }
}

async fn read(tcp: &mut TcpStream, buffer: &mut Vec<u8>, sink: &Sink) -> Option<Got> {
    let mut admitted_before = (!buffer.is_empty()).then(|| sink.admit_count());
    let mut chunk = [0; 16 * 1024];
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        let n = tcp.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        admitted_before.get_or_insert_with(|| sink.admit_count());
        buffer.extend_from_slice(&chunk[..n]);
    };
    let rest = buffer.split_off(head_end);
    let head = String::from_utf8_lossy(&std::mem::replace(buffer, rest)).into_owned();
    let mut lines = head.trim_end_matches("\r\n").split("\r\n");
    let mut words = lines.next()?.splitn(3, ' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let headers: Vec<_> = lines
        .map(|line| line.split_once(':').unwrap_or((line, "")))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut request =
        Got { method, target, headers, body: Vec::new(), admitted_before: admitted_before.unwrap_or(0) };
    let length: usize = request.header("content-length").map_or(0, |l| l.parse().unwrap());
    while buffer.len() < length {
        let n = tcp.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        buffer.extend_from_slice(&chunk[..n]);
    }
    let rest = buffer.split_off(length);
    request.body = std::mem::replace(buffer, rest);
    Some(request)
}
