//! A venue with its control plane, gates on machines of their own and four keys: what stands behind the fronts when parts of it die.

use crate::front::{TOKEN, free};
use crate::house::{Desk, House, invite_of};
use crate::plane::{self, Plane};
use crate::stage::client::get;
use crate::stage::process::Gate;
use crate::stage::upstream::Upstream;
use crate::stage::wait_for;
use crate::support::Place;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the clients of edges say they are.
pub(crate) const CLIENT: &str = "203.0.113.7";

/// A key, and what signs with it.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// The control plane and its people.
pub(crate) struct Site {
    pub(crate) plane: Plane,
    pub(crate) house: House,
    pub(crate) exchange: Upstream,
}

/// A gate on a machine of its own, asked by fronts.
pub(crate) struct Machine {
    pub(crate) place: Place,
    pub(crate) asked: SocketAddr,
    process: Option<Gate>,
}

impl Site {
    /// `more` are further lines of the section `[govern]`, such as its database.
    pub(crate) fn new(more: &str) -> Self {
        let (house, made) = House::with(more);
        let plane = Plane::start(plane::copy(&house.place));
        let site = Self { plane, house, exchange: Upstream::start() };
        people(&site.desk(), &made);
        site
    }

    pub(crate) fn desk(&self) -> Desk<'_> {
        Desk { house: &self.house, server: self.plane.server.clone() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.plane.server.strip_prefix("http://").unwrap().parse().unwrap()
    }
}

/// Two persons of staff, and a customer who is signed in.
pub(crate) fn people(desk: &Desk<'_>, made: &Value) {
    for user in ["alice", "bob"] {
        desk.enrol(user, &invite_of(made, user));
    }
    desk.enter_customer();
    desk.owner();
}

/// A key that may do everything from one address, and where fronts' clients are.
pub(crate) fn key(desk: &Desk<'_>, application: &str, allow: &str) -> Issued {
    let request = ["keys", "request", "--account", "A1", "--purpose", "own_bot", "--terms", "1"];
    let more = ["--scopes", "read,trade,withdraw", "--expires", "2027-06-01T00:00:00Z"];
    let own = ["--application", application, "--allow", allow];
    let asked = desk.json("owner", &[&request[..], &more, &own].concat());
    let id = asked["result"]["key"]["key"].as_str().unwrap().to_owned();
    // One agrees to trading, and two to moving assets: each command grants the step that waits.
    for who in ["bob", "bob", "alice"] {
        desk.must(who, &["keys", "approve", &id, "--reason", "address checked by phone"]);
    }
    let secret = desk.json("owner", &["keys", "issue", &id])["result"]["secret"].as_str().unwrap().to_owned();
    Issued { id, secret }
}

/// Asks until there is an answer, under one idempotency key: a control plane that was just started may wait for the lease of the one before.
fn patiently(desk: &Desk<'_>, who: &str, arguments: &[&str]) -> Value {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let idempotency = format!("made-up-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let more = ["--idempotency-key", idempotency.as_str(), "--json"];
    let mut last = None;
    let answer = wait_for(|| {
        let ran = desk.run(who, &[arguments, &more].concat());
        let answered = (ran.code == 0).then(|| ran.json());
        last = Some(ran.shown());
        answered
    });
    answer.unwrap_or_else(|| panic!("{arguments:?}: {last:?}"))
}

/// Puts a ramp in force: one asks, another grants.
pub(crate) fn set_ramp(desk: &Desk<'_>, stage: &str) {
    desk.house.place.write("ramp.toml", &format!("default = \"{stage}\"\n"));
    let asked =
        patiently(desk, "alice", &["ramp", "set", "ramp.toml", "--reason", "the next step of the plan"]);
    let waits = asked["result"]["waits_for"].as_str().unwrap();
    patiently(desk, "bob", &["approvals", "grant", waits, "--reason", "looked at the report"]);
}

/// Waits until these gates say that they obey the ramp.
pub(crate) fn obeyed(desk: &Desk<'_>, by: &[&str]) {
    let obeyed = wait_for(|| {
        let shown = desk.run("alice", &["ramp", "show", "--json"]);
        let ramp = if shown.code == 0 { shown.json() } else { return None };
        let gates = ramp["gates"].as_array().unwrap();
        let obey = gates.iter().filter(|gate| gate["state"] == "obeys");
        (obey.filter(|gate| by.contains(&gate["gate"].as_str().unwrap())).count() == by.len()).then_some(())
    });
    assert!(obeyed.is_some(), "{}", desk.json("alice", &["ramp", "show"]));
}

impl Machine {
    /// Enrolled through this address; `more` are further lines of its section `[gate]`.
    pub(crate) fn enrolled(
        desk: &Desk<'_>,
        id: &str,
        server: SocketAddr,
        exchange: SocketAddr,
        more: &str,
    ) -> Self {
        let (place, asked) = (Place::new(), free());
        place.write(
            "sumun.toml",
            &format!(
                "[gate]\nid = \"{id}\"\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\nupstream = \"http://{exchange}\"\n\
                 decide_listen = \"{asked}\"\ntrusted_hops = [\"127.0.0.0/8\"]\nfront_token_file = \"front-token.txt\"\n\
                 feed = {{ url = \"http://{server}\", reconnect_ms_max = 100 }}\n\
                 rates = {{ default_per_second = 0, order_per_second = 0 }}\n{more}\n[seal]\nkey_file = \"kek.txt\"\n"
            ),
        );
        place.write_private("kek.txt", &desk.house.place.read("kek.txt"));
        place.write_private("front-token.txt", &format!("{TOKEN}\n"));
        let invited = desk.json("alice", &["gates", "invite", id]);
        let invite = invited["result"]["invite"].as_str().unwrap();
        let ran = place.run(&["gate", "enrol", "--invite", invite]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        let mut machine = Self { place, asked, process: None };
        machine.start();
        machine
    }

    /// Starts it and waits until it serves.
    pub(crate) fn start(&mut self) {
        self.process = None;
        self.process = Some(Gate::start(self.place.command(&["gate"])));
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// Where its own clients connect.
    pub(crate) fn listen(&self) -> SocketAddr {
        self.process.as_ref().unwrap().listen
    }

    /// Waits until its table is past its age.
    pub(crate) fn is_stale(&self) {
        let admin = self.process.as_ref().unwrap().admin();
        let stale =
            wait_for(|| get(admin, "/readyz").body.contains("the key table is too old").then_some(()));
        assert!(stale.is_some(), "{}", get(admin, "/readyz").body);
    }
}
