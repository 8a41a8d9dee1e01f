//! The whole: a mock exchange, a control plane as a process, gates as processes, people signed in.

use crate::exchange::Exchange;
use crate::gate::Remote;
use crate::house::{Desk, House, invite_of};
use crate::plane::Plane;
use crate::rest::Rest;
use serde_json::json;
use std::fs::File;

/// Dropped in this order: gates end before what they follow and forward to.
pub(crate) struct World {
    pub(crate) gates: Vec<Remote>,
    plane: Option<Plane>,
    pub(crate) exchange: Exchange,
    pub(crate) house: House,
    pub(crate) rest: Rest,
    pub(crate) server: String,
    /// When keys of these tests end by themselves.
    pub(crate) expires: &'static str,
}

impl World {
    /// With alice, bob and carol of staff, a customer with an account, and its owner before the exchange. No gates yet.
    pub(crate) fn new() -> Self {
        let (house, made) = House::new();
        let plane = govern(&house, "127.0.0.1:0");
        let server = format!("http://{}", plane.ready["govern"].as_str().unwrap());
        let rest = Rest::new(&server, house.place.path("profiles"));
        let exchange = Exchange::start();
        let world = Self {
            gates: Vec::new(),
            plane: Some(plane),
            exchange,
            house,
            rest,
            server,
            expires: "2027-06-01T00:00:00Z",
        };
        for user in ["alice", "bob"] {
            world.desk().enrol(user, &invite_of(&made, user));
        }
        world.carol();
        world.desk().enter_customer();
        world.desk().owner();
        world
    }

    fn desk(&self) -> Desk<'_> {
        Desk { house: &self.house, server: self.server.clone() }
    }

    /// Adds a gate.
    pub(crate) fn gate(&mut self, id: &'static str) {
        let gate = Remote::enrol(self, id);
        self.gates.push(gate);
    }

    /// A third of staff, who may approve: invited by alice, let in by bob.
    fn carol(&self) {
        let body = json!({ "user": "carol", "name": "Carol Made-Up", "roles": ["approver"] });
        let invited = self.rest.must("alice", "POST", "/v1/users", Some(body));
        let decide = format!("/v1/approvals/{}/decide", invited["result"]["approval"].as_str().unwrap());
        let agreed = json!({ "decision": "approve", "reason": "she starts today" });
        self.desk().enrol("carol", invited["result"]["invite"].as_str().unwrap());
        self.rest.must("bob", "POST", &decide, Some(agreed));
    }

    pub(crate) fn stop_govern(&mut self) {
        self.plane.take().unwrap().stop();
    }

    /// Starts it where it was.
    pub(crate) fn start_govern(&mut self) {
        self.plane = Some(govern(&self.house, self.server.strip_prefix("http://").unwrap()));
    }

    /// The published ledger, the database and the signatures are one story.
    pub(crate) fn verifies(&self) {
        let verified = self.house.place.run(&["ledger", "verify"]);
        assert_eq!(verified.code, 0, "{}", verified.shown());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for gate in &self.gates {
                eprintln!("{} said:\n{}", gate.id, gate.said());
            }
            eprintln!("govern said:\n{}", self.house.place.read("govern.log"));
        }
    }
}

fn govern(house: &House, listen: &str) -> Plane {
    let log = File::options().create(true).append(true).open(house.place.path("govern.log")).unwrap();
    let mut command = house.place.command(&["govern", "--listen", listen]);
    command.env("SUMUN_LOG", "debug").stderr(log);
    Plane::start(command)
}
