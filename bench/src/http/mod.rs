//! Decision service and proxy under load, each beside the same stack without the gate, round by round: A B A B.
//!
//! Each server is a process bound to the first core, everything else runs on the last one, so figures are per core.
//! Reported are requests per second as the load saw them, and requests per second of processor time that the server's
//! process took, its background threads included. The budget is judged by the latter: a server that does not fill
//! its core, because the load's core is the narrower one, looks better in the former than it is, and other work on
//! the machine moves it less.

mod load;
pub mod role;
pub mod servers;
mod wire;

use crate::child::{Part, Server};
use crate::report::{Row, Spread};
use crate::requests::{Kind, Signed, Signer};
use crate::{keys, machine};
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;

/// Requests in one round: about a second.
const ROUND: usize = 16_000;
/// Share of the baseline's requests per second that must remain (DESIGN 10).
const SHARE_MIN: f64 = 0.90;
/// Bytes of the decision service's answer to an allowed order.
const DECISION_BYTES: usize = 560;

/// Measures both, in a folder for the gate's data.
///
/// # Errors
/// A server did not come up, or answered other than 200.
pub fn measure(folder: &Path, rounds: usize) -> Result<Vec<Row>> {
    let cores = machine::cores()?;
    let shared = cores.len() < 2;
    if let [_, .., last] = cores.as_slice() {
        machine::bind_to(*last)?;
    }
    let rows = load::run(measured(folder, rounds))?;
    let note = |row: Row| if shared { row.note("load and server share one core") } else { row };
    Ok(rows.into_iter().map(note).collect())
}

async fn measured(folder: &Path, rounds: usize) -> Result<Vec<Row>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let exchange = listener.local_addr()?;
    tokio::task::spawn_local(load::exchange(listener));
    let gate = Part::Role { config: role::prepare(folder, exchange)? }.serve()?;
    let bare = Part::Bare { answer_bytes: DECISION_BYTES }.serve()?;
    let forward = Part::Forward { exchange }.serve()?;
    let decide = gate.decide.context("the decision service's address")?;

    let mut rows = Vec::new();
    for (stream, kind) in [(200, Kind::ReadHs256), (300, Kind::OrderHs256)] {
        let signer = Signer::new(role::KEYS, stream);
        let what = format!("decision service, {}", kind.name());
        let against = Pair {
            baseline: (&bare, bare.listen),
            gate: (&gate, decide),
            group: "decision service beside bare hyper",
        };
        rows.extend(against.compare(&what, rounds, signer, kind, question).await?);
    }
    for (stream, kind) in [(400, Kind::ReadHs256), (500, Kind::OrderHs256)] {
        let signer = Signer::new(role::KEYS, stream);
        let what = format!("proxy, {}", kind.name());
        let against = Pair {
            baseline: (&forward, forward.listen),
            gate: (&gate, gate.listen),
            group: "proxy with the gate beside without",
        };
        rows.extend(against.compare(&what, rounds, signer, kind, Signed::http_bytes).await?);
    }
    Ok(rows)
}

/// The request of a front that asks what to do with a signed request.
fn question(signed: &Signed) -> Vec<u8> {
    let headers: Vec<(&str, &str)> = signed
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
        .collect();
    let body = serde_json::json!({
        "method": signed.method.as_str(), "target": signed.path, "headers": headers,
        "body": String::from_utf8_lossy(&signed.body), "ip": keys::CLIENT,
    })
    .to_string();
    let length = body.len();
    format!(
        "POST /v1/decide HTTP/1.1\r\nhost: gate.example\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Two servers that take the same requests.
struct Pair<'a> {
    baseline: (&'a Server, SocketAddr),
    gate: (&'a Server, SocketAddr),
    group: &'a str,
}

/// One round's figures.
struct Figures {
    per_second: f64,
    busy_us: f64,
    /// Share of the round in which the server's process ran.
    load: f64,
}

impl Pair<'_> {
    async fn compare(
        &self,
        what: &str,
        rounds: usize,
        mut signer: Signer,
        kind: Kind,
        bytes: fn(&Signed) -> Vec<u8>,
    ) -> Result<Vec<Row>> {
        let (mut plain, mut gated) = (Vec::new(), Vec::new());
        // The first round of each is for warming up.
        for round in 0..=rounds {
            let requests =
                (0..ROUND).map(|_| signer.sign(kind).map(|s| bytes(&s))).collect::<Result<Vec<_>>>()?;
            let requests = Rc::new(requests);
            let baseline = one(self.baseline, &requests).await?;
            let gate = one(self.gate, &requests).await?;
            if round > 0 {
                plain.push(baseline);
                gated.push(gate);
            }
        }
        let all = |figures: &[Figures], of: fn(&Figures) -> f64| figures.iter().map(of).collect::<Vec<f64>>();
        let load = Spread::of(all(&gated, |f| f.load)).median;
        let load_plain = Spread::of(all(&plain, |f| f.load)).median;
        let (a, b) = (all(&plain, |f| f.per_second), all(&gated, |f| f.per_second));
        let seen = Row::beside(self.group, what.to_owned(), "requests/s", &a, &b).note(format!(
            "its core {:.0} % busy, the baseline's {:.0} %",
            load * 100.0,
            load_plain * 100.0
        ));
        let (a, b) = (all(&plain, |f| 1e6 / f.busy_us), all(&gated, |f| 1e6 / f.busy_us));
        let (us, us_plain) = (Spread::of(all(&gated, |f| f.busy_us)), Spread::of(all(&plain, |f| f.busy_us)));
        let per_core = Row::beside(self.group, format!("{what}, by processor time"), "requests/s", &a, &b);
        let share = per_core.ratio.map_or(0.0, |ratio| ratio.median);
        let per_core = per_core
            .budget(">= 0.90 x", share >= SHARE_MIN)
            .note(format!("{:.1} us a request, the baseline's {:.1}", us.median, us_plain.median));
        Ok(vec![seen, per_core])
    }
}

async fn one((server, address): (&Server, SocketAddr), requests: &Rc<Vec<Vec<u8>>>) -> Result<Figures> {
    let before = server.busy_ns()?;
    let took = load::round(address, Rc::clone(requests)).await?.as_secs_f64();
    let busy_s = (server.busy_ns()? - before) as f64 / 1e9;
    Ok(Figures {
        per_second: requests.len() as f64 / took,
        busy_us: busy_s * 1e6 / requests.len() as f64,
        load: busy_s / took,
    })
}
