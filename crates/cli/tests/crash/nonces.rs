//! A nonce used before a kill is used after it; the one exception, the private stream, survives it too.

use crate::stage::Stage;
use crate::stage::client::{EFFECTS, Effect, Signed, once, once_from};
use crate::stage::upstream::Upstream;
use std::net::Ipv4Addr;

/// Registered for every key of the stage, as is the client's usual 127.0.0.1.
const ANOTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

#[test]
fn the_last_nonce_before_a_kill_is_refused_after_it() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    for (round, effect) in EFFECTS.into_iter().cycle().take(12).enumerate() {
        let gate = stage.start();
        let signed = Signed::new(effect, "K1", &format!("nonce-{round}"));
        assert_eq!(once(gate.listen, &signed).status, 200);
        // At once: nothing had time to be synced but what had to be.
        gate.kill();
        let gate = stage.start();
        let again = once(gate.listen, &signed);
        assert_eq!(again.status, 401, "{effect:?}");
        assert!(again.body.contains("nonce_used"), "{}", again.body);
    }
    assert_eq!(upstream.count(), 12);
}

#[test]
fn a_stream_is_reopened_after_a_kill_by_its_own_nonce_from_its_own_address_only() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let stream = Signed::stream("K1", "nonce-of-a-stream");
    let read = Signed::new(Effect::Read, "K1", "nonce-of-a-read");
    for _ in 0..3 {
        let gate = stage.start();
        assert_eq!(once(gate.listen, &stream).status, 101);
        gate.kill();
        let gate = stage.start();
        assert_eq!(once(gate.listen, &stream).status, 101);
        for refused in [
            once_from(ANOTHER, gate.listen, &stream),
            once(gate.listen, &stream.as_read()),
            once_from(ANOTHER, gate.listen, &stream.as_read()),
        ] {
            assert_eq!(refused.status, 401);
            assert!(refused.body.contains("nonce_used"), "{}", refused.body);
        }
        gate.kill();
    }
    // What was a request's nonce never opens a stream.
    let gate = stage.start();
    assert_eq!(once(gate.listen, &read).status, 200);
    gate.kill();
    let gate = stage.start();
    assert_eq!(once(gate.listen, &Signed::stream("K1", "nonce-of-a-read")).status, 401);
}
