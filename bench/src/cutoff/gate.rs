//! A simulated gate: the real follower, table and stream registry behind a real connection to the feed.
//!
//! What it lacks of a real gate: a disk, and clients. An effect is when a key's end is in the table and the streams under
//! the key have ended; what it then acknowledges goes over a second connection, as a real gate's does.

use anyhow::{Context, Result, anyhow, bail};
use bytes::{Bytes, BytesMut};
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use sumun_cli::keys_file::KeyRecord;
use sumun_dialect::MacKey;
use sumun_feed::{
    Acknowledgement, Follower, GateProof, LastAdmitted, Mark, PublicKey, REQUEST_ACKNOWLEDGE, REQUEST_FEED,
    SigningKey, Step,
};
use sumun_gate::{Change, Gate, GatePolicy, KeySpec, KeyTable, ReplayMemory, Status, StreamHold};
use sumun_model::key::AllowlistEntry;
use sumun_model::{GateId, KeyId, KeyState, Scope, ScopeSet};
use sumun_proxy::streams::Streams;
use sumun_seal::Keyring;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::clock::{Stopwatch, fixed_now, wall};

/// No client signs anything here, and fifty gates share one machine's memory.
const NONCES_MAX: usize = 1_024;

/// What a gate tells the bench.
#[derive(Debug)]
pub enum News {
    /// All keys are in the table, and streams are open.
    Ready,
    /// A version is in force.
    InForce {
        /// Which.
        version: u64,
        /// Since the bench began.
        at: std::time::Duration,
        /// Streams that ended with it.
        streams: usize,
    },
    /// Govern has the receipt of a version.
    Receipted {
        /// Which, and all before it.
        version: u64,
    },
}

/// What all gates of a bench share.
#[derive(Debug)]
pub struct Shared {
    /// Where the server listens.
    pub server: SocketAddr,
    /// Venue that proofs name.
    pub venue: String,
    /// Verifies the feed.
    pub feed_key: PublicKey,
    /// Opens secrets.
    pub keyring: Keyring,
    /// Under which keys a stream is open at each gate.
    pub streams_of: Vec<KeyId>,
    /// Runs since the bench began.
    pub watch: Stopwatch,
}

/// One gate.
pub struct SimGate {
    shared: Arc<Shared>,
    id: GateId,
    key: SigningKey,
    gate: Arc<Gate>,
    streams: Arc<Streams>,
    closed: (mpsc::UnboundedSender<()>, mpsc::UnboundedReceiver<()>),
    news: mpsc::UnboundedSender<News>,
}

impl SimGate {
    /// A gate with an empty table.
    #[must_use]
    pub fn new(shared: Arc<Shared>, id: GateId, key: SigningKey, news: mpsc::UnboundedSender<News>) -> Self {
        let policy = GatePolicy { nonces_max: NONCES_MAX, ..GatePolicy::default() };
        let replay = ReplayMemory::new(policy.nonces_max, [7; 16]);
        let gate = Arc::new(Gate::new(policy, KeyTable::new([]), replay));
        gate.table.refreshed(fixed_now().wall);
        Self { shared, id, key, gate, streams: Arc::default(), closed: mpsc::unbounded_channel(), news }
    }

    /// Follows the feed until it is aborted.
    ///
    /// # Errors
    /// The feed ended, or said what a gate does not take.
    pub async fn run(mut self) -> Result<()> {
        let mut follower = Follower::new(self.shared.feed_key, None, 0);
        let mut feed = self.connect().await?;
        let request = self.request(Method::GET, "/v1/feed?from=0", REQUEST_FEED, Bytes::new())?;
        let mut lines = Lines::new(feed.send_request(request).await?)?;
        let (acknowledge, due) = mpsc::unbounded_channel();
        tokio::spawn(acknowledge_all(self.connect().await?, self.signer(), due, self.news.clone()));
        loop {
            let line = lines.next().await?;
            match follower.line(&line)? {
                Step::Wait | Step::Heard(_) => {}
                Step::Replace(snapshot) => {
                    let specs = snapshot.records.iter().map(|record| self.spec(record));
                    let refused = self.gate.table.load(specs.collect::<Result<Vec<_>>>()?);
                    if !refused.is_empty() {
                        bail!("{} records would revive dead keys", refused.len());
                    }
                    self.open_streams();
                    follower.settled(snapshot.version, snapshot.mark);
                    let _ = self.news.send(News::Ready);
                }
                Step::Change(delta) => {
                    let mut ended = Vec::new();
                    for record in &delta.records {
                        ended.extend(self.apply(record)?);
                    }
                    let streams = self.close_streams().await?;
                    let at = self.shared.watch.elapsed();
                    let _ = self.news.send(News::InForce { version: delta.version, at, streams });
                    follower.settled(delta.version, Some(delta.mark));
                    if let Some((from, to, mark)) = follower.due() {
                        follower.acknowledged(to);
                        let _ = acknowledge.send(self.acknowledgement((from, to, mark), ended, streams));
                    }
                }
            }
        }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>> {
        let tcp = TcpStream::connect(self.shared.server).await.context("no connection to the server")?;
        tcp.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(tcp)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    fn signer(&self) -> impl Fn(&Acknowledgement) -> Result<Request<Full<Bytes>>> + Send + Sync + use<> {
        let (shared, id, key) = (Arc::clone(&self.shared), self.id.clone(), self.key.clone());
        move |acknowledgement| {
            let body = acknowledgement.sign(&key)?.into();
            request(&shared, &id, &key, Method::POST, "/v1/feed/acknowledgements", REQUEST_ACKNOWLEDGE, body)
        }
    }

    fn request(&self, method: Method, path: &str, named: &str, body: Bytes) -> Result<Request<Full<Bytes>>> {
        request(&self.shared, &self.id, &self.key, method, path, named, body)
    }

    fn record(record: &Value) -> Result<KeyRecord> {
        serde_json::from_value(record.clone()).with_context(|| format!("a record of the feed: {record}"))
    }

    fn spec(&self, record: &Value) -> Result<KeySpec> {
        let record = Self::record(record)?;
        let sealed = record.secret.as_ref().context("a key without a secret")?;
        let secret = self.shared.keyring.open(&record.key, sealed).context("a secret does not open")?;
        Ok(KeySpec {
            id: record.key,
            account: record.account,
            segment: None,
            status: Status { state: record.state, measure: record.measure, registration_due: false },
            scopes: record.scopes,
            allowlist: record.allowlist.iter().map(AllowlistEntry::prefix).collect(),
            expires: record.expires,
            markets: None,
            orders_per_second_max: None,
            mac: Some(MacKey::new(&secret)),
        })
    }

    /// Puts a change of a key into the table; answers the key if it ended.
    fn apply(&self, record: &Value) -> Result<Option<KeyId>> {
        let read = Self::record(record)?;
        if read.state == KeyState::Active {
            self.gate.table.apply(Change::Put(Box::new(self.spec(record)?)))?;
            return Ok(None);
        }
        let status = Status { state: read.state, measure: read.measure, registration_due: false };
        self.gate.table.apply(Change::Status(read.key.clone(), status))?;
        Ok((read.state == KeyState::Expired).then_some(read.key))
    }

    /// One open stream for each key told, each with a task that ends it as the proxy's does.
    fn open_streams(&self) {
        for key in &self.shared.streams_of {
            let hold = StreamHold {
                key: key.clone(),
                source: IpAddr::V4(Ipv4Addr::LOCALHOST),
                route: None,
                scopes: ScopeSet::EMPTY.with(Scope::ReadOrders),
            };
            let stream = self.streams.register(hold);
            let (mut ends, closed) = (self.streams.ends(Some(&stream)), self.closed.0.clone());
            tokio::spawn(async move {
                ends.end().await;
                drop(stream);
                let _ = closed.send(());
            });
        }
    }

    async fn close_streams(&mut self) -> Result<usize> {
        let refused = self.streams.recheck(&self.gate, fixed_now());
        for _ in 0..refused {
            self.closed.1.recv().await.context("the streams' tasks are gone")?;
        }
        Ok(refused)
    }

    fn acknowledgement(
        &self,
        (from, to, mark): (u64, u64, Mark),
        ended: Vec<KeyId>,
        streams: usize,
    ) -> Acknowledgement {
        let now = wall();
        Acknowledgement {
            gate: self.id.clone(),
            boot: "0123456789abcdef".to_owned(),
            from,
            to,
            mark,
            applied_at: now,
            acknowledged_at: now,
            last_admitted: ended.into_iter().map(|key| LastAdmitted { key, at: None }).collect(),
            streams_closed: streams as u64,
            unusable: Vec::new(),
        }
    }
}

fn request(
    shared: &Shared,
    id: &GateId,
    key: &SigningKey,
    method: Method,
    path: &str,
    named: &str,
    body: Bytes,
) -> Result<Request<Full<Bytes>>> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| anyhow!("no randomness: {error}"))?;
    let proof = GateProof {
        gate: id.clone(),
        venue: shared.venue.clone(),
        request: named.to_owned(),
        at: wall(),
        nonce: hex::encode(nonce),
    };
    Ok(Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, shared.server.to_string())
        .header(header::AUTHORIZATION, format!("Bearer {}", proof.sign(key)?))
        .header(header::CONTENT_TYPE, "application/jose")
        .body(Full::new(body))?)
}

/// Sends acknowledgements in order; several that have come together go one by one, each a receipt.
async fn acknowledge_all(
    mut connection: SendRequest<Full<Bytes>>,
    sign: impl Fn(&Acknowledgement) -> Result<Request<Full<Bytes>>>,
    mut due: mpsc::UnboundedReceiver<Acknowledgement>,
    news: mpsc::UnboundedSender<News>,
) -> Result<()> {
    while let Some(acknowledgement) = due.recv().await {
        connection.ready().await?;
        let answer = connection.send_request(sign(&acknowledgement)?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            let error =
                anyhow!("an acknowledgement was answered {status}: {}", String::from_utf8_lossy(&body));
            eprintln!("{error}");
            return Err(error);
        }
        let _ = news.send(News::Receipted { version: acknowledgement.to });
    }
    Ok(())
}

/// The lines of an answer as they come.
struct Lines {
    body: Incoming,
    held: BytesMut,
}

impl Lines {
    fn new(answer: http::Response<Incoming>) -> Result<Self> {
        if !answer.status().is_success() {
            bail!("the feed answered {}", answer.status());
        }
        Ok(Self { body: answer.into_body(), held: BytesMut::new() })
    }

    async fn next(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                let line = self.held.split_to(end + 1);
                return Ok(std::str::from_utf8(&line)?.trim_end().to_owned());
            }
            let frame = self.body.frame().await.context("the feed ended")??;
            if let Some(data) = frame.data_ref() {
                self.held.extend_from_slice(data);
            }
        }
    }
}
