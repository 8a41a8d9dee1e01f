//! What a stranger can do to an innocent key, played against every detector of one key: nothing may come of it (DESIGN 11, 10).
//!
//! Copying somebody's orders and registering his address on another key are here by their absence: the first gives lines of the
//! copier's key, the second a `key` line of the registrant's, and neither is shown to a detector of the victim's.

use super::Bench;
use crate::keys::KeyDetector;
use crate::keys::activity::Activity;
use crate::keys::auth_failure_burst::AuthFailureBurst;
use crate::keys::concurrent_origins::ConcurrentOrigins;
use crate::keys::first_seen_network::FirstSeenNetwork;
use crate::keys::policy_violation::PolicyViolation;
use crate::keys::unfamiliar_properties::UnfamiliarProperties;

/// What the stranger does, beside the owner's own use.
const ACTS: &[(&str, &str)] = &[
    ("sends the posted key id, signed with anything", "forged 198.51.100.9 curl/8 order"),
    ("does so from the owner's ISP", "forged 203.0.113.99 ccxt/4 order"),
    ("sends a signed message he copied", "foreign 198.51.100.9 curl/8 order replay=fail skew=50000"),
    ("sends one that is too old", "foreign 198.51.100.9 curl/8 order clock=fail skew=500000"),
    ("fails to sign in as the owner", "stranger 198.51.100.9"),
    ("tells a hotline that the owner denies", "says owner_denies F"),
    ("tells that the key leaked", "says leak F"),
    ("tells that the owner lends", "says vendor_intelligence E"),
    ("complains in the owner's name", "says owner_complaint D"),
];

fn play<D: KeyDetector>(act: &str) -> (String, i64) {
    let mut bench = Bench::<D>::new(&["203.0.113.7"]);
    let mut rows = String::new();
    for hour in 0..24 * 70 {
        rows += &format!("{hour}h use 203.0.113.7 ccxt/4 order:KRW-BTC skew=10\n");
        if hour >= 24 * 68 {
            rows += &format!("{hour}h10s {act}\n{hour}h20s use 203.0.113.7 ccxt/4 order:KRW-BTC skew=10\n");
        }
    }
    (bench.play(&rows), bench.fact("key.foreign_addresses").unwrap_or(0))
}

#[test]
fn a_strangers_act_raises_nothing() {
    for (what, act) in ACTS {
        let nothing = (String::new(), 0);
        assert_eq!(play::<UnfamiliarProperties>(act), nothing, "{what}");
        assert_eq!(play::<FirstSeenNetwork>(act), nothing, "{what}");
        assert_eq!(play::<ConcurrentOrigins>(act), nothing, "{what}");
        assert_eq!(play::<AuthFailureBurst>(act), nothing, "{what}");
        assert_eq!(play::<PolicyViolation>(act), nothing, "{what}");
        assert_eq!(play::<Activity>(act), nothing, "{what}");
    }
}
