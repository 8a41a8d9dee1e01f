//! How long a key lives after its end was asked for: the real server, its feed over loopback HTTP, and fifty simulated
//! gates in one process, each with streams open under the keys that end.
//!
//! [`gate`] is one such gate. The commit is the store's answer; an effect may come before it, since gates are told while the
//! caller still waits for his: such a one counts as 0.

pub mod gate;

use crate::clock::{Stopwatch, wall};
use crate::record::changes::KeyWrite;
use crate::report::Row;
use anyhow::{Context, Result, anyhow, bail, ensure};
use gate::{News, Shared, SimGate};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use sumun_feed::SigningKey;
use sumun_govern::venue::{EXAMPLE, Venue};
use sumun_govern::{Govern, World};
use sumun_ledger::CheckpointSigner;
use sumun_model::{ApiSecret, GateId, KeyId, Timestamp};
use sumun_seal::{Keyring, NONCE_BYTES};
use sumun_server::{Server, serve};
use sumun_store::table::Kind;
use sumun_store::{Change, Expect, RowWrite, Store, StoreOptions, tables};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Commit to effect at all gates (DESIGN 10), milliseconds.
const EFFECT_P99_MS_MAX: f64 = 250.0;
/// Longest that anything may take before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// A made-up key-encryption key.
const KEK: &str = "kek:v1:0101010101010101010101010101010101010101010101010101010101010101";

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Gates.
    pub gates: usize,
    /// Keys ended, one after the other.
    pub expiries: usize,
    /// Keys that live on.
    pub others: usize,
}

/// Measures in a folder of its own.
///
/// # Errors
/// What the store, the server or a gate said.
pub async fn measure(folder: &Path, size: Size) -> Result<Vec<Row>> {
    let keyring = || Keyring::parse(KEK).context("a key-encryption key");
    let url = format!("sqlite://{}", folder.join("store.sqlite").display());
    let signer = CheckpointSigner::new(&[0x5e; 32], "sumun.example/bench")?;
    let options = StoreOptions::new(url, signer, Arc::new(wall), "bench").publish_to(folder.join("ledger"));
    let store = Store::open(options).await?;
    let venue = Venue::parse("venue.toml", EXAMPLE).map_err(|error| anyhow!("{error}"))?;
    let venue_id = venue.venue.clone();

    eprintln!("{} keys, {} gates ...", size.expiries + size.others, size.gates);
    let keys = make_keys(&store, &keyring()?, size.expiries + size.others).await?;
    let gates = enrol(&store, size.gates).await?;

    let govern = Arc::new(Govern::new(store.clone(), keyring()?, Arc::new(Outside), venue));
    let feed_key = SigningKey::from_seed(&[0xfe; 32]);
    let public = feed_key.public();
    let server = Arc::new(Server::new(govern, feed_key, None));
    let running = serve(TcpListener::bind("127.0.0.1:0").await?, server)?;
    let ending = keys.get(..size.expiries).context("enough keys")?;
    let shared = Arc::new(Shared {
        server: running.address,
        venue: venue_id,
        feed_key: public,
        keyring: keyring()?,
        streams_of: ending.iter().map(|key| key.id.clone()).collect(),
        watch: Stopwatch::start(),
    });
    let (tell, mut news) = mpsc::unbounded_channel();
    let mut tasks = tokio::task::JoinSet::new();
    for (id, key) in gates {
        let gate = SimGate::new(Arc::clone(&shared), id, key, tell.clone());
        tasks.spawn(gate.run());
    }
    drop(tell);
    for _ in 0..size.gates {
        match next(&mut news, &mut tasks).await? {
            News::Ready => {}
            other => bail!("{other:?} before all gates were ready"),
        }
    }

    eprintln!("{} keys end ...", size.expiries);
    let rows = expire_all(&store, ending, &shared, size, &mut news, &mut tasks).await;
    tasks.shutdown().await;
    running.stop().await;
    store.close().await;
    rows
}

async fn expire_all(
    store: &Store,
    ending: &[Key],
    shared: &Shared,
    size: Size,
    news: &mut mpsc::UnboundedReceiver<News>,
    tasks: &mut tokio::task::JoinSet<Result<()>>,
) -> Result<Vec<Row>> {
    let (mut commits, mut after_commit, mut after_request, mut last_gate) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut receipts = 0;
    for key in ending {
        let asked = shared.watch.elapsed();
        let committed = store.execute(key.write("expired", 2).change("key.expired")).await?;
        let answered = shared.watch.elapsed();
        let version = committed.feed_version.context("gates learn of an expiry")?;
        commits.push(ms(answered - asked));
        let mut last: f64 = 0.0;
        let mut left = size.gates;
        while left > 0 {
            match next(news, tasks).await? {
                News::InForce { version: found, at, streams } => {
                    ensure!(found == version, "a gate is at version {found}, not {version}");
                    ensure!(streams == 1, "a gate ended {streams} streams, not 1");
                    after_commit.push(ms(at.saturating_sub(answered)));
                    after_request.push(ms(at.saturating_sub(asked)));
                    last = last.max(ms(at.saturating_sub(answered)));
                    left -= 1;
                }
                News::Receipted { .. } => receipts += 1,
                News::Ready => bail!("a gate took a snapshot meanwhile"),
            }
        }
        last_gate.push(last);
    }
    let wanted = size.gates * ending.len();
    while receipts < wanted {
        if let News::Receipted { .. } = next(news, tasks).await? {
            receipts += 1;
        }
    }
    let p99 = at_share(&mut after_commit, 0.99);
    let note = format!("{} gates x {} expiries, receipts taken meanwhile", size.gates, ending.len());
    let rows = vec![
        figure("commit -> effect at a gate", &mut after_commit, 0.5, "p50"),
        figure("commit -> effect at a gate", &mut after_commit, 0.99, "p99")
            .budget("<= 250 ms", p99 <= EFFECT_P99_MS_MAX)
            .note(note),
        figure("commit -> effect at a gate", &mut after_commit, 1.0, "max"),
        figure("commit -> effect at the last gate", &mut last_gate, 0.99, "p99"),
        figure("request -> effect at a gate", &mut after_request, 0.5, "p50"),
        figure("request -> effect at a gate", &mut after_request, 0.99, "p99"),
        figure("request -> effect at a gate", &mut after_request, 1.0, "max"),
        figure("request -> commit", &mut commits, 0.5, "p50"),
        figure("request -> commit", &mut commits, 0.99, "p99"),
    ];
    let unread = unsettled(store, size.gates * ending.len()).await?;
    ensure!(unread == 0, "{unread} receipts are missing in the store");
    Ok(rows)
}

/// Receipts that the ledger lacks.
async fn unsettled(store: &Store, wanted: usize) -> Result<usize> {
    let (mut found, mut after) = (0, None);
    loop {
        let filter = sumun_store::Filter {
            equals: Vec::new(),
            after,
            limit: sumun_store::Filter::LIMIT_MAX,
            ..sumun_store::Filter::default()
        };
        let rows = store.list(&tables::RECEIPTS, &filter).await?;
        for row in &rows {
            let number = |name: &str| row.get(name).and_then(Value::as_u64).unwrap_or_default();
            // One receipt may be for several versions.
            found += (number("to_version") + 1).saturating_sub(number("from_version")) as usize;
        }
        let last = rows.last().and_then(|row| row.get("receipt")).and_then(Value::as_str).map(str::to_owned);
        match last {
            Some(last) => after = Some(last),
            None => return Ok(wanted.saturating_sub(found)),
        }
    }
}

/// The next news; a gate that ended is an error.
async fn next(
    news: &mut mpsc::UnboundedReceiver<News>,
    tasks: &mut tokio::task::JoinSet<Result<()>>,
) -> Result<News> {
    tokio::select! {
        biased;
        told = news.recv() => told.context("all gates are gone"),
        Some(ended) = tasks.join_next() => match ended {
            Ok(Ok(())) => bail!("a gate ended"),
            Ok(Err(error)) => Err(error.context("a gate ended")),
            Err(error) => Err(error).context("a gate panicked"),
        },
        () = tokio::time::sleep(PATIENCE) => bail!("nothing has come from any gate for {PATIENCE:?}"),
    }
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The sample below which this share of samples lies.
pub(crate) fn at_share(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    let place = (samples.len() as f64 * share).ceil() as usize;
    samples.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

fn figure(name: &str, samples: &mut [f64], share: f64, label: &str) -> Row {
    Row::figure("cut-off", format!("{name}, {label}"), "ms", at_share(samples, share))
}

/// One made-up key.
struct Key {
    id: KeyId,
    account: String,
    sealed: String,
}

impl Key {
    fn write(&self, state: &'static str, version: i64) -> KeyWrite<'_> {
        let allowlist = json!(["127.0.0.1/32"]);
        let (key, account) = (self.id.as_str(), self.account.as_str());
        KeyWrite { key, account, state, allowlist, sealed: &self.sealed, version }
    }
}

async fn make_keys(store: &Store, keyring: &Keyring, count: usize) -> Result<Vec<Key>> {
    let mut keys = Vec::new();
    for n in 0..count {
        let id = KeyId::new(&crate::keys::id(n as u64))?;
        let secret = ApiSecret::new(crate::keys::secret(n as u64).into_bytes())?;
        let mut nonce = [0; NONCE_BYTES];
        nonce.get_mut(..8).context("a nonce")?.copy_from_slice(&(n as u64).to_le_bytes());
        let sealed = keyring.seal(&id, &secret, nonce).to_string();
        keys.push(Key { id, account: format!("A{n}"), sealed });
    }
    let mut tasks = tokio::task::JoinSet::new();
    for key in &keys {
        let (store, change) = (store.clone(), key.write("active", 1).change("key.issued"));
        tasks.spawn(async move { store.execute(change).await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(keys)
}

/// Gates as enrolment leaves them.
async fn enrol(store: &Store, count: usize) -> Result<Vec<(GateId, SigningKey)>> {
    let mut gates = Vec::new();
    for n in 0..count {
        let id: GateId = format!("gate-{n}").parse()?;
        let key = SigningKey::from_seed(&[n as u8 + 1; 32]);
        let told = |name: &str| match name {
            "gate" => Some(json!(id.as_str())),
            "state" => Some(json!("enrolled")),
            "public_key" => Some(json!(key.public().to_string())),
            "enrolled_us" | "version" => Some(json!(1)),
            _ => None,
        };
        let image = tables::GATES.columns.iter().map(|column| {
            let made_up = if column.kind == Kind::Text { json!("made-up") } else { Value::Null };
            (column.name.to_owned(), told(column.name).unwrap_or(made_up))
        });
        let mut salt = [0; 32];
        Outside.draw(&mut salt);
        let change = Change {
            class: "gate.enrolled",
            at: wall(),
            facts: Map::new(),
            writes: vec![RowWrite { table: &tables::GATES, expect: Expect::Absent, image: image.collect() }],
            reads: Vec::new(),
            feed: Vec::new(),
            outbox: Vec::new(),
            vault: Vec::new(),
            idempotency: None,
            salt,
        };
        store.execute(change).await?;
        gates.push((id, key));
    }
    Ok(gates)
}

/// The real clock and the system's randomness.
#[derive(Debug)]
struct Outside;

impl World for Outside {
    fn now(&self) -> Timestamp {
        wall()
    }

    fn draw(&self, bytes: &mut [u8]) {
        // Without randomness nothing of this may go on.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}
