//! One decision beside the bare signature check of the same request.
//!
//! Requests are signed a batch at a time, outside the clock, each with a fresh nonce for a key at random. Then the bare
//! check and the gate take the whole batch, now one first, now the other: whoever comes second finds the
//! requests in the cache. The replay memory is at its steady state before anything is timed.

use crate::bare::Bare;
use crate::clock::{Stopwatch, fixed_now};
use crate::keys::CLIENT;
use crate::random::Random;
use crate::report::{Row, Spread};
use crate::requests::{Kind, Signed, Signer};
use anyhow::{Result, ensure};
use std::hint::black_box;
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
    let (mut bare_ns, mut gate_ns) = (Vec::new(), Vec::new());
    for batch in 0..BATCHES {
        let requests: Vec<Signed> = (0..BATCH).map(|_| signer.sign(kind)).collect::<Result<_>>()?;
        let time_bare = || {
            let watch = Stopwatch::start();
            let held = requests.iter().filter(|signed| black_box(bare.check(signed))).count();
            (watch.ns_each(BATCH), held)
        };
        let time_gate = || {
            let watch = Stopwatch::start();
            let passed = requests.iter().filter(|signed| black_box(passes(gate, signed))).count();
            (watch.ns_each(BATCH), passed)
        };
        let ((bare_each, held), (gate_each, passed)) = if batch % 2 == 0 {
            (time_bare(), time_gate())
        } else {
            let gate_first = time_gate();
            (time_bare(), gate_first)
        };
        ensure!(held == BATCH, "the bare check refused {} of its own requests", BATCH - held);
        ensure!(passed == BATCH, "the gate refused {} of {BATCH} good requests", BATCH - passed);
        bare_ns.push(bare_each);
        gate_ns.push(gate_each);
    }
    let over = Spread::of_differences(&gate_ns, &bare_ns);
    let row = Row::beside(
        "decide beside the bare signature check",
        format!("{label} keys, {}", kind.name()),
        "ns",
        &bare_ns,
        &gate_ns,
    );
    let ratio = row.ratio.map_or(f64::INFINITY, |ratio| ratio.median);
    let row = row.note(format!("{:+.0} ns ({:+.0} to {:+.0})", over.median, over.p10, over.p90));
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
