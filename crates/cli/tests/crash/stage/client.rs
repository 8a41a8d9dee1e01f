//! A client that signs as Upbit's documentation says, apart from the product's own code, and speaks plain HTTP/1.1.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Above the gate's own deadlines: a client that gives up first would hide them.
const TIMEOUT: Duration = Duration::from_secs(40);

/// The made-up secret of a key.
pub(crate) fn secret_of(key: &str) -> String {
    format!("made-up-secret-of-{key}")
}

/// What a request would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Read,
    Order,
    Cancel,
    Transfer,
}

pub(crate) const EFFECTS: [Effect; 4] = [Effect::Read, Effect::Order, Effect::Cancel, Effect::Transfer];

/// A request ready to be sent, as often as one likes.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) key: String,
    pub(crate) nonce: String,
    pub(crate) effect: Effect,
    method: &'static str,
    target: String,
    body: String,
    authorization: String,
    upgrade: bool,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Why nothing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nobody listens: the gate never saw it.
    NotSent,
    /// The connection broke.
    Unknown,
}

impl Signed {
    /// A request of each kind; `nonce` should be new.
    pub(crate) fn new(effect: Effect, key: &str, nonce: &str) -> Self {
        Self::with_secret(effect, key, &secret_of(key), nonce)
    }

    /// As [`Signed::new`], with a secret that is not made up from the key's id.
    pub(crate) fn with_secret(effect: Effect, key: &str, secret: &str, nonce: &str) -> Self {
        let (method, path, parameters) = match effect {
            Effect::Read => ("GET", "/v1/accounts", ""),
            Effect::Order => {
                ("POST", "/v1/orders", "market=KRW-BTC&ord_type=limit&price=1000&side=bid&volume=1")
            }
            Effect::Cancel => ("DELETE", "/v1/order", "uuid=00000000-0000-4000-8000-000000000001"),
            Effect::Transfer => ("POST", "/v1/withdraws/krw", "amount=10000&two_factor_type=kakao"),
        };
        let in_body = method == "POST";
        let body = if in_body { json_of(parameters) } else { String::new() };
        let target =
            if in_body || parameters.is_empty() { path.to_owned() } else { format!("{path}?{parameters}") };
        let authorization = format!("Bearer {}", token(key, secret, nonce, parameters));
        let (key, nonce) = (key.to_owned(), nonce.to_owned());
        Self { key, nonce, effect, method, target, body, authorization, upgrade: false }
    }

    /// A read that carries a control test's code.
    pub(crate) fn with_code(key: &str, secret: &str, nonce: &str, code: &str) -> Self {
        let parameters = format!("sumun_code={code}");
        let authorization = format!("Bearer {}", token(key, secret, nonce, &parameters));
        let read = Self::with_secret(Effect::Read, key, secret, nonce);
        Self { target: format!("{}?{parameters}", read.target), authorization, ..read }
    }

    /// Opens the private WebSocket.
    pub(crate) fn stream(key: &str, nonce: &str) -> Self {
        let read = Self::new(Effect::Read, key, nonce);
        Self { target: "/websocket/v1/private".to_owned(), upgrade: true, ..read }
    }

    /// The same token on the balances' route.
    pub(crate) fn as_read(&self) -> Self {
        Self { target: "/v1/accounts".to_owned(), upgrade: false, ..self.clone() }
    }

    /// With a signature made with another key's secret.
    pub(crate) fn forged(effect: Effect, key: &str, nonce: &str) -> Self {
        let mut made = Self::new(effect, key, nonce);
        let cut = made.authorization.rfind('.').unwrap();
        made.authorization.replace_range(cut.., ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        made
    }

    fn head(&self, agent: &str) -> String {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: exchange.example\r\nUser-Agent: {agent}\r\nAuthorization: {}\r\n",
            self.method, self.target, self.authorization
        );
        if !self.body.is_empty() {
            head.push_str(&format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                self.body.len()
            ));
        }
        if self.upgrade {
            head.push_str(
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
            );
        }
        head.push_str("\r\n");
        head
    }
}

fn json_of(parameters: &str) -> String {
    let members: Vec<String> = parameters
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            format!("\"{name}\":\"{value}\"")
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

fn token(key: &str, secret: &str, nonce: &str, parameters: &str) -> String {
    let mut claims = serde_json::json!({ "access_key": key, "nonce": nonce });
    if !parameters.is_empty() {
        claims["query_hash"] = hex::encode(Sha512::digest(parameters.as_bytes())).into();
        claims["query_hash_alg"] = "SHA512".into();
    }
    let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{head}.{body}").as_bytes());
    format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// A connection that is kept while it lasts.
#[derive(Default)]
pub(crate) struct Client {
    kept: Option<(SocketAddr, BufReader<TcpStream>)>,
}

impl Client {
    /// Sends a request as `agent` and reads the answer.
    pub(crate) fn send(&mut self, to: SocketAddr, request: &Signed, agent: &str) -> Result<Answer, Failure> {
        let kept = self.kept.take().filter(|(at, _)| *at == to);
        let mut connection = match kept {
            Some((_, connection)) => connection,
            None => connect(to)?,
        };
        let wire = format!("{}{}", request.head(agent), request.body);
        let (answer, last) = exchange(&mut connection, wire.as_bytes()).ok_or(Failure::Unknown)?;
        if !last {
            self.kept = Some((to, connection));
        }
        Ok(answer)
    }
}

/// One request over a connection of its own; nobody listening or a broken connection fails the test.
pub(crate) fn once(to: SocketAddr, request: &Signed) -> Answer {
    Client::default().send(to, request, "once").unwrap()
}

/// As [`once`], from another address of this machine.
pub(crate) fn once_from(from: Ipv4Addr, to: SocketAddr, request: &Signed) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((IpAddr::V4(from), 0).into()).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let wire = format!("{}{}", request.head("once"), request.body);
    exchange(&mut BufReader::new(stream), wire.as_bytes()).unwrap().0
}

/// `GET` of a path without credentials.
pub(crate) fn get(to: SocketAddr, path: &str) -> Answer {
    let mut connection = connect(to).unwrap();
    let wire = format!("GET {path} HTTP/1.1\r\nHost: gate.example\r\nConnection: close\r\n\r\n");
    exchange(&mut connection, wire.as_bytes()).unwrap().0
}

fn connect(to: SocketAddr) -> Result<BufReader<TcpStream>, Failure> {
    let stream = TcpStream::connect(to).map_err(|_| Failure::NotSent)?;
    stream.set_nodelay(true).map_err(|_| Failure::NotSent)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(|_| Failure::NotSent)?;
    Ok(BufReader::new(stream))
}

/// Writes, and reads one answer; whether it is the connection's last. `None`: the connection broke.
fn exchange(connection: &mut BufReader<TcpStream>, wire: &[u8]) -> Option<(Answer, bool)> {
    connection.get_mut().write_all(wire).ok()?;
    let mut line = String::new();
    connection.read_line(&mut line).ok()?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let (mut length, mut last) = (0, status == 101);
    loop {
        line.clear();
        connection.read_line(&mut line).ok()?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        last |= header == "connection: close";
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).ok()?;
    Some((Answer { status, body: String::from_utf8(body).ok()? }, last))
}

/// An open private WebSocket, of which only the end is looked at.
pub(crate) struct OpenStream(TcpStream);

/// Opens a private WebSocket; anything but 101 fails the test.
pub(crate) fn open_stream(to: SocketAddr, request: &Signed) -> OpenStream {
    let mut connection = connect(to).unwrap();
    let (answer, _) = exchange(&mut connection, request.head("stream").as_bytes()).unwrap();
    assert_eq!(answer.status, 101, "{}", answer.body);
    OpenStream(connection.into_inner())
}

impl OpenStream {
    /// Waits for a close frame or the end.
    pub(crate) fn ends(&mut self) -> bool {
        let mut first = [0];
        // A frame's first byte: final, and a close.
        matches!(self.0.read(&mut first), Ok(0)) || first[0] == 0x88
    }

    /// Whether anything came; nothing is sent on it otherwise.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let read = self.0.read(&mut [0]);
        self.0.set_nonblocking(false).unwrap();
        read.is_ok()
    }
}
