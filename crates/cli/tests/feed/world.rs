//! A gate that is enrolled, its server, and the exchange behind it.

use crate::server::{Server, VENUE};
use crate::stage::client::{Answer, Effect, Signed, once};
use crate::stage::process::Gate;
use crate::stage::upstream::Upstream;
use crate::stage::{Key, Stage};
use crate::support::KEK_ONE;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use sumun_feed::SigningKey;

static NONCE: AtomicU64 = AtomicU64::new(0);

pub(crate) const PASSES: [u16; 4] = [200; 4];
pub(crate) const REFUSED: [u16; 4] = [401; 4];

/// Made-up keys: the feed's, and the gate's.
pub(crate) fn feed_key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

pub(crate) fn gate_key() -> SigningKey {
    SigningKey::from_seed(&[4; 32])
}

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) upstream: Upstream,
    pub(crate) stage: Stage,
}

impl World {
    /// With keys K1 to K3 at version 3.
    pub(crate) fn new(more: &str) -> Self {
        let server = Server::start(feed_key(), gate_key().public());
        for key in ["K1", "K2", "K3"] {
            server.commit(&[record(&Key::active(key))]);
        }
        let upstream = Upstream::start();
        let feed = format!(
            "feed = {{ url = \"http://{}\", reconnect_ms_max = 100, silence_s = 5 }}",
            server.address
        );
        let stage = Stage::new(upstream.address, &format!("{feed}\n{more}"));
        // Not read: keys come from the feed.
        stage.place.write("keys.json", "not a keys file");
        std::fs::create_dir_all(stage.data("")).unwrap();
        let enrolment = json!({ "gate": "gate-1", "venue": VENUE, "feed_key": feed_key().public() });
        stage.place.write("sumun-data/enrolment.json", &enrolment.to_string());
        stage.place.write_private("sumun-data/gate.key", &gate_key().to_text());
        Self { server, upstream, stage }
    }

    pub(crate) fn start(&self) -> Gate {
        self.stage.start()
    }

    pub(crate) fn set(&self, key: &Key) -> u64 {
        self.server.commit(&[record(key)])
    }
}

pub(crate) fn record(key: &Key) -> Value {
    key.entry(KEK_ONE)
}

pub(crate) fn nonce() -> String {
    format!("nonce-{}", NONCE.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn ask(gate: &Gate, effect: Effect, key: &str) -> Answer {
    once(gate.listen, &Signed::new(effect, key, &nonce()))
}

/// What a key's owner is told now, for every effect in turn.
pub(crate) fn statuses(gate: &Gate, key: &str) -> [u16; 4] {
    [Effect::Read, Effect::Order, Effect::Cancel, Effect::Transfer]
        .map(|effect| ask(gate, effect, key).status)
}
