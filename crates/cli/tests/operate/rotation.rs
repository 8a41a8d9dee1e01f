//! Changing the key-encryption key in the order that `sumun keys seal --help` and docs/operate.md give.

use crate::stage::Stage;
use crate::stage::client::{Effect, Signed, once};
use crate::stage::upstream::Upstream;
use crate::support::{KEK_ONE, KEK_TWO};

#[test]
fn in_that_order_no_gate_ever_meets_a_secret_it_cannot_open() {
    let upstream = Upstream::start();
    let stage = Stage::new(upstream.address, "");
    let rotate = || stage.place.run(&["keys", "seal", "--rotate", "keys.json"]);
    let read = |gate: &crate::stage::process::Gate, nonce: &str| {
        once(gate.listen, &Signed::new(Effect::Read, "K1", nonce)).status
    };
    // Steps 1 and 2: the new line below the old one, which still seals; the gate starts with both.
    stage.place.write_private("kek.txt", &format!("{KEK_ONE}\n{KEK_TWO}\n"));
    let unchanged = stage.place.read("keys.json");
    assert_eq!(rotate().code, 0);
    assert_eq!(stage.place.read("keys.json"), unchanged);
    let gate = stage.start();
    // Steps 3 and 4, beside the running gate.
    stage.place.write_private("kek.txt", &format!("{KEK_TWO}\n{KEK_ONE}\n"));
    let rotated = rotate();
    assert_eq!(rotated.code, 0, "{}", rotated.shown());
    assert!(rotated.out.contains("3 secrets resealed"), "{}", rotated.shown());
    assert_eq!(read(&gate, "n1"), 200);
    let (status, said) = gate.stop();
    assert!(status.success() && !said.contains("does not open"), "{said}");
    // Step 5.
    stage.place.write_private("kek.txt", KEK_TWO);
    let gate = stage.start();
    assert_eq!(read(&gate, "n2"), 200);

    // Against the order: a gate that never knew the new key says so, and serves its last table.
    stage.place.write_private("kek.txt", &format!("{KEK_ONE}\n{KEK_TWO}\n"));
    assert_eq!(rotate().code, 0);
    gate.says("does not open");
    assert_eq!(read(&gate, "n3"), 200);
}
