//! From an event to its effect through the whole running system: `sumun serve` before an exchange that says yes to everything.
//!
//! A key makes one signed request outside its scopes. The gate refuses it and hands the event on, detection says `scope_exceeded` (D1),
//! the policy of `effect.toml` holds the key, the feed tells the gate; the first order refused with `key_held` is the effect. Orders
//! probe for it, so a figure is too high by up to one probe's pause, never too low. One key after the other, no other load.

use super::house::{House, OwnersKey};
use crate::clock::Stopwatch;
use crate::cutoff::{at_share, ms};
use crate::report::Row;
use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;
use sumun_dialect::Dialect;
use sumun_model::Reason;

/// Event to effect (DESIGN 10), milliseconds.
const EFFECT_MS_MAX: f64 = 1_000.0;
/// Between two probes.
const PAUSE: Duration = Duration::from_millis(5);
/// Longest that anything may take before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// An order, and what moves assets: the first is within the keys' scopes, the second is not.
const ORDER: (&str, &str) = ("/v1/orders", "market=KRW-BTC&ord_type=limit&price=1000&side=bid&volume=1");
const WITHDRAWAL: (&str, &str) = ("/v1/withdraws/krw", "amount=10000&two_factor_type=kakao");

/// Holds so many keys, one after the other, in a folder of its own.
///
/// # Errors
/// What the program said, or a key was not held.
pub fn measure(folder: &Path, keys: usize) -> Result<Vec<Row>> {
    let house = House::open(folder, exchange()?)?;
    let mut client = Client { gate: house.gate, kept: None, sent: 0 };
    let (mut from_request, mut from_answer, mut probes) = (Vec::new(), Vec::new(), 0);
    let issued: Vec<OwnersKey> = (0..keys).map(|_| house.key()).collect::<Result<_>>()?;
    for key in &issued {
        client.comes_into_force(key)?;
        let asked = Stopwatch::start();
        let outside = client.post(key, WITHDRAWAL)?;
        let answered = Stopwatch::start();
        ensure!(outside.is(Reason::ScopeMissing), "a withdrawal was answered {}", outside.0);
        loop {
            probes += 1;
            let order = client.post(key, ORDER)?;
            if order.is(Reason::KeyHeld) {
                from_request.push(ms(asked.elapsed()));
                from_answer.push(ms(answered.elapsed()));
                break;
            }
            ensure!(order.0 == 200, "an order was answered {}: {}", order.0, order.1);
            ensure!(asked.elapsed() < PATIENCE, "a key was not held within {PATIENCE:?}");
            std::thread::sleep(PAUSE);
        }
    }
    let met = at_share(&mut from_answer, 0.99) <= EFFECT_MS_MAX;
    let note = format!("{keys} keys, one after the other, {probes} orders {} ms apart", PAUSE.as_millis());
    Ok(vec![
        figure("request answered -> first order refused with key_held", &mut from_answer, 0.5, "p50"),
        figure("request answered -> first order refused with key_held", &mut from_answer, 0.99, "p99")
            .budget("<= 1 s", met)
            .note(note),
        figure("request answered -> first order refused with key_held", &mut from_answer, 1.0, "max"),
        figure("request sent -> first order refused with key_held", &mut from_request, 0.99, "p99"),
    ])
}

fn figure(name: &str, samples: &mut [f64], share: f64, label: &str) -> Row {
    Row::figure("detect, event to effect", format!("{name}, {label}"), "ms", at_share(samples, share))
}

/// Status and body.
struct Answer(u16, String);

impl Answer {
    fn is(&self, reason: Reason) -> bool {
        let refusal = Dialect::Upbit.refusal(reason);
        self.0 == refusal.status.as_u16() && self.1.contains(refusal.message.as_str())
    }
}

/// A client that keeps its connection.
struct Client {
    gate: SocketAddr,
    kept: Option<BufReader<TcpStream>>,
    sent: u64,
}

impl Client {
    /// Waits until the gate knows the key.
    fn comes_into_force(&mut self, key: &OwnersKey) -> Result<()> {
        let watch = Stopwatch::start();
        loop {
            let order = self.post(key, ORDER)?;
            if order.0 == 200 {
                return Ok(());
            }
            ensure!(order.0 == 401, "an order before was answered {}: {}", order.0, order.1);
            ensure!(watch.elapsed() < PATIENCE, "a key was not in force within {PATIENCE:?}: {}", order.1);
            std::thread::sleep(PAUSE);
        }
    }

    fn post(&mut self, key: &OwnersKey, (path, parameters): (&str, &str)) -> Result<Answer> {
        self.sent += 1;
        let token = token(key, &format!("made-up-nonce-{:08}", self.sent), parameters)?;
        let body = json_of(parameters);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: exchange.example\r\nUser-Agent: made-up-bot/1.0\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut connection = match self.kept.take() {
            Some(kept) => kept,
            None => connect(self.gate)?,
        };
        connection.get_mut().write_all(format!("{head}{body}").as_bytes())?;
        let (first, length, last) = read_head(&mut connection)?.context("the gate closed the connection")?;
        let mut body = vec![0; length];
        connection.read_exact(&mut body)?;
        if !last {
            self.kept = Some(connection);
        }
        let status = first.split(' ').nth(1).unwrap_or_default().parse().context("a status")?;
        Ok(Answer(status, String::from_utf8(body)?))
    }
}

fn connect(to: SocketAddr) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(to).context("nobody listens at the gate")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

/// First line, length of the body, and whether nothing comes after it. `None`: the peer is gone.
fn read_head(connection: &mut BufReader<TcpStream>) -> Result<Option<(String, usize, bool)>> {
    let mut first = String::new();
    if connection.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let (mut length, mut last) = (0, false);
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            bail!("half a head");
        }
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            return Ok(Some((first, length, last)));
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        last |= header == "connection: close";
    }
}

fn json_of(parameters: &str) -> String {
    let members = parameters.split('&').filter_map(|pair| pair.split_once('='));
    let members: Vec<String> = members.map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    format!("{{{}}}", members.join(","))
}

fn token(key: &OwnersKey, nonce: &str, parameters: &str) -> Result<String> {
    let hash = hex::encode(Sha512::digest(parameters.as_bytes()));
    let claims = serde_json::json!({ "access_key": key.id, "nonce": nonce, "query_hash": hash, "query_hash_alg": "SHA512" });
    let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let input = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mac = Hmac::<Sha256>::new_from_slice(key.secret.as_bytes())?.chain_update(&input).finalize();
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes())))
}

/// An exchange that says yes to everything, as long as this process runs.
fn exchange() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || says_yes(stream));
        }
    });
    Ok(address)
}

fn says_yes(stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = BufReader::new(stream);
    while let Some((_, length, _)) = read_head(&mut connection)? {
        connection.read_exact(&mut vec![0; length])?;
        connection
            .get_mut()
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")?;
    }
    Ok(())
}
