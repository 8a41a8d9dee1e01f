//! One decision beside the bare signature check of the same request.
//!
//! Requests are signed a batch at a time, outside the clock, each with a fresh nonce for a key at random. Then the bare
//! check and the gate take the whole batch, now one first, now the other: whoever comes second finds the
//! requests in the cache. The replay memory is at its steady state before anything is timed.
//!
//! The dialect's own reading and verifying is timed as well, without a table: what it takes over the bare check is the
//! price of reading tokens and parameters in one way only; the rest of a decision is table and memory.

use crate::bare::Bare;
use crate::clock::{Stopwatch, fixed_now};
use crate::keys::{self, CLIENT};
use crate::random::Random;
use crate::report::{Row, Spread};
use crate::requests::{Kind, Signed, Signer};
use anyhow::{Result, ensure};
use std::hint::black_box;
use sumun_dialect::MacKey;
use sumun_gate::{Gate, GatePolicy, KeyTable, NonceMark, ReplayMemory, Request};

/// Requests in one batch: they fit the second-level cache with room to spare.
const BATCH: usize = 256;
/// Batches in one measurement: 200 k requests.
const BATCHES: usize = 800;
/// Over the bare check, nanoseconds (DESIGN 10).
const OVERHEAD_NS_MAX: f64 = 700.0;
/// Times the bare check where a query hash is bound (DESIGN 10).
const RATIO_MAX: f64 = 1.5;

/// A gate over a table, without rates, its replay memory as full as it gets.
#[must_use]
pub fn gate(table: KeyTable) -> Gate {
    let policy = GatePolicy {
        default_per_second: 0,
        order_per_second: 0,
        table_age_us_max: i64::MAX / 4,
        ..GatePolicy::default()
    };
    table.refreshed(fixed_now().wall);
    let replay = ReplayMemory::new(policy.nonces_max, [7; 16]);
    let mut random = Random::new(1);
    // One whole generation and half of the next.
    replay.restore((0..policy.nonces_max * 3 / 2).map(|_| NonceMark(random.next())));
    Gate::new(policy, table, replay)
}

/// Measures every kind of request.
///
/// # Errors
/// A request was refused: then something else was measured than what is reported.
pub fn measure(gate: &Gate, keys: u64, label: &str) -> Result<Vec<Row>> {
    let bare = Bare::new()?;
    Kind::ALL.iter().map(|kind| measure_kind(gate, &bare, *kind, keys, label)).collect()
}

fn measure_kind(gate: &Gate, bare: &Bare, kind: Kind, keys: u64, label: &str) -> Result<Row> {
    let mut signer = Signer::new(keys, 100 + kind as u64);
    let dialect = gate.policy().dialect;
    let macs =
        (0..keys::SECRETS).map(|n| Ok(MacKey::new(&keys::api_secret(n)?))).collect::<Result<Vec<_>>>()?;
    let verifies = |signed: &Signed| {
        let raw = signed.raw();
        let mac = macs.get((signed.key % keys::SECRETS) as usize);
        let credential = dialect.credential(&raw).ok().flatten();
        mac.zip(credential).is_some_and(|(mac, credential)| dialect.verify(&raw, &credential, mac).is_ok())
    };
    let contenders: [&dyn Fn(&Signed) -> bool; 3] =
        [&|signed| bare.check(signed), &verifies, &|signed| passes(gate, signed)];
    let mut samples = [Vec::new(), Vec::new(), Vec::new()];
    for batch in 0..BATCHES {
        let requests: Vec<Signed> = (0..BATCH).map(|_| signer.sign(kind)).collect::<Result<_>>()?;
        for turn in 0..contenders.len() {
            let who = (batch + turn) % contenders.len();
            let (Some(contender), Some(samples)) = (contenders.get(who), samples.get_mut(who)) else {
                continue;
            };
            let watch = Stopwatch::start();
            let passed = requests.iter().filter(|signed| black_box(contender(signed))).count();
            samples.push(watch.ns_each(BATCH));
            ensure!(passed == BATCH, "contender {who} refused {} of {BATCH} good requests", BATCH - passed);
        }
    }
    let [bare_ns, dialect_ns, gate_ns] = &samples;
    let over = Spread::of_differences(gate_ns, bare_ns);
    let own = Spread::of_differences(dialect_ns, bare_ns);
    let name = format!("{label} keys, {}", kind.name());
    let row = Row::beside("decide beside the bare signature check", name, "ns", bare_ns, gate_ns);
    let ratio = row.ratio.map_or(f64::INFINITY, |ratio| ratio.median);
    let row = row.note(format!(
        "{:+.0} ns ({:+.0} to {:+.0}), of which dialect {:+.0}",
        over.median, over.p10, over.p90, own.median
    ));
    Ok(if kind.binds() {
        row.budget("<= 1.5 x bare", ratio <= RATIO_MAX)
    } else {
        row.budget("<= bare + 700 ns", over.median <= OVERHEAD_NS_MAX)
    })
}

fn passes(gate: &Gate, signed: &Signed) -> bool {
    let request = Request { raw: signed.raw(), source: CLIENT, body_complete: true, recordable: true };
    gate.decide(&request, fixed_now()).permit().is_ok()
}
