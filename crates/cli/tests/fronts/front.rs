//! A front as a process, and the world around it.

use crate::stage::client::{Client, EFFECTS, Signed, get};
use crate::stage::process::Gate;
use crate::stage::upstream::Upstream;
use crate::stage::{Key, Stage, wait_for};
use crate::support::KEK_ONE;
use serde_json::json;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const TOKEN: &str = "a-made-up-token-of-32-characters-or-more";
static NONCE: AtomicU64 = AtomicU64::new(0);

pub(crate) fn nonce() -> String {
    format!("nonce-{}", NONCE.fetch_add(1, Ordering::Relaxed))
}

/// An address that was free a moment ago.
pub(crate) fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A file of `docs/adopt/fronts`, as it is shipped.
pub(crate) fn shipped(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/adopt/fronts").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// How long a front waits for the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// As shipped: half a second, after which a gate on a busy machine counts as dead.
    Shipped,
    /// So long that only a gate that is dead is taken for one.
    Long,
}

impl Waits {
    /// A configuration that waits so.
    pub(crate) fn put(self, text: &str) -> String {
        let shipped = ["timeout: 0.5s", "timeout: 0.2s", "_timeout 500ms", "_timeout 200ms"];
        let fit = shipped.into_iter().filter(|wait| text.contains(wait)).collect::<Vec<_>>();
        assert_eq!(fit.len(), 2, "{text}");
        if self == Self::Shipped {
            return text.to_owned();
        }
        fit.into_iter().fold(text.to_owned(), |text, wait| {
            let name = wait.trim_end_matches(|sign: char| sign != ' ');
            text.replace(wait, &format!("{name}20s"))
        })
    }
}

/// With another text in the place of one that must be there.
pub(crate) fn put(text: &str, what: &str, instead: &str) -> String {
    assert!(text.contains(what), "`{what}` is not in:\n{text}");
    text.replace(what, instead)
}

/// A gate on an exchange, which fronts may ask at `asked`; the keys `K1`, well, `K2`, held, and `K3`, ended, may be used from
/// anywhere, `K4` from nowhere near.
pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) exchange: Upstream,
    pub(crate) asked: SocketAddr,
}

impl World {
    pub(crate) fn new() -> Self {
        let (exchange, asked) = (Upstream::start(), free());
        let more = format!(
            "decide_listen = \"{asked}\"\ntrusted_hops = [\"127.0.0.0/8\"]\nfront_token_file = \"front-token.txt\""
        );
        let stage = Stage::new(exchange.address, &more);
        stage.place.write_private("front-token.txt", &format!("{TOKEN}\n"));
        let keys = [
            Key::active("K1"),
            Key { measure: Some("hold"), ..Key::active("K2") },
            Key::expired("K3"),
            Key::active("K4"),
        ];
        let mut entries: Vec<_> = keys.iter().map(|key| key.entry(KEK_ONE)).collect();
        for (entry, anywhere) in entries.iter_mut().zip([true, true, true, false]) {
            let all = ["0.0.0.0/1", "128.0.0.0/1"];
            entry["allowlist"] = if anywhere { json!(all) } else { json!(["203.0.113.7/32"]) };
        }
        stage.keys_as(&format!("{:#}\n", json!({ "keys": entries })));
        Self { stage, exchange, asked }
    }

    /// The gate, which answers fronts once this returns.
    pub(crate) fn gate(&self) -> Gate {
        self.stage.start()
    }
}

/// What a key's owner is told at a front, for every effect in turn.
pub(crate) fn statuses(front: SocketAddr, key: &str) -> [u16; 4] {
    EFFECTS.map(|effect| send(front, &Signed::new(effect, key, &nonce())))
}

/// The status of one request over a connection of its own.
pub(crate) fn send(front: SocketAddr, request: &Signed) -> u16 {
    Client::default().send(front, request, "fronts").unwrap().status
}

/// A front that ends with the test.
pub(crate) struct Front(Child);

impl Front {
    /// Starts it and waits until it answers at this address; none if it ended instead, as it does where somebody else took the address.
    pub(crate) fn try_start(command: &mut Command, at: SocketAddr) -> Option<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut front = Self(child.unwrap_or_else(|error| {
            panic!("{:?} cannot be run: {error}; `cargo xtask setup` brings it", command.get_program())
        }));
        let open = wait_for(|| {
            if front.0.try_wait().unwrap().is_some() {
                return Some(false);
            }
            std::net::TcpStream::connect(at).ok().map(|_| true)
        });
        (open == Some(true)).then_some(front)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        crate::stage::process::terminate(&self.0);
        let _ = self.0.wait();
    }
}

/// Starts something on a free address, again on another if that was taken meanwhile.
pub(crate) fn started<T>(mut start: impl FnMut() -> Option<T>) -> T {
    (0..5).find_map(|_| start()).expect("the front started nowhere")
}

/// Whether the gate answers those who ask it.
pub(crate) fn gate_answers(world: &World) {
    let up = wait_for(|| {
        std::net::TcpStream::connect(world.asked).ok()?;
        (get(world.asked, "/").status == 404).then_some(())
    });
    assert!(up.is_some());
}
