//! Control planes and gates as processes of their own, each killed and started again where it was, and the life of keys
//! among them.
//!
//! `plane` and `machine` are the processes, `site` is how the planes are asked. Not here: what befalls them, and when.

mod machine;
mod plane;
mod site;

pub(crate) use machine::Machine;
pub(crate) use plane::Plane;
pub(crate) use site::Site;

use crate::house::{Desk, House, invite_of};
use crate::rest;
use crate::stage::wait_for;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The steps of a key's life, each a write through REST.
pub(crate) const STEPS: [&str; 5] = ["request", "approve", "issue", "narrow", "revoke"];
/// Versions of the feed that a life makes: issued, narrowed, ended.
pub(crate) const VERSIONS: u64 = 3;

/// A key that has lived. Without a secret if the answer that showed it was lost.
#[derive(Clone, Debug)]
pub(crate) struct Lived {
    pub(crate) key: String,
    pub(crate) secret: Option<String>,
}

/// Everything but the database server. Dropped in this order: gates end before what they follow.
pub(crate) struct World {
    pub(crate) gates: Vec<Machine>,
    pub(crate) site: Site,
    pub(crate) lived: Vec<Lived>,
    house: House,
}

impl std::ops::Deref for World {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl World {
    /// So many control planes on one database, and a gate for each, which follows it. `more` says which database.
    pub(crate) fn new(more: &str, planes: usize) -> Self {
        let (house, made) = House::with(more);
        let planes: Vec<Plane> = (0..planes).map(|_| Plane::start(plane::copy(&house.place))).collect();
        let desk = Desk { house: &house, server: planes[0].server.clone() };
        for user in ["alice", "bob"] {
            desk.enrol(user, &invite_of(&made, user));
        }
        desk.enter_customer();
        desk.owner();
        let tokens = ["alice", "bob", "owner"]
            .map(|who| (who, rest::token(&house.place.read(&format!("profiles/{who}.json")))))
            .into();
        let site = Site { planes, tokens };
        let mut world = Self { gates: Vec::new(), site, lived: Vec::new(), house };
        for (plane, id) in ["gate-2", "gate-3"].into_iter().enumerate().take(world.planes.len()) {
            let invited = world.write(plane, "alice", id, "/v1/gates", &json!({ "gate": id }));
            let invite = invited.body["result"]["invite"].as_str().unwrap();
            let mut gate = Machine::enrolled(&world.house, id, &world.planes[plane].server, invite);
            gate.start();
            world.gates.push(gate);
        }
        world
    }

    /// One key from its request to its end. Something befalls the step of this name while it is taken.
    pub(crate) fn life(&mut self, plane: usize, at: &str, befalls: &(dyn Fn(&Site) + Sync)) {
        let n = self.lived.len();
        let mut lived = Lived { key: String::new(), secret: None };
        for step in STEPS {
            let (who, path, body) = Site::step(step, n, &lived.key);
            let named = format!("{step}-{n}");
            let answer = if step == at {
                let site = &self.site;
                std::thread::scope(|threads| {
                    let befalling = threads.spawn(|| befalls(site));
                    let answer = site.write(plane, who, &named, &path, &body);
                    befalling.join().unwrap();
                    answer
                })
            } else {
                self.write(plane, who, &named, &path, &body)
            };
            match step {
                "request" => {
                    lived.key = answer.body["result"]["key"]["key"].as_str().expect("a key's id").to_owned();
                }
                "issue" => lived.secret = answer.body["result"]["secret"].as_str().map(str::to_owned),
                _ => {}
            }
        }
        self.lived.push(lived);
    }

    /// Every gate obeys, says so, and refuses each ended key; each step of each life stands once.
    pub(crate) fn check(&mut self) {
        let wanted = VERSIONS * self.lived.len() as u64;
        for plane in 0..self.planes.len() {
            let gate = self.gates[plane].id;
            let obeyed = wait_for(|| (self.reached(plane, gate) >= wanted).then_some(()));
            assert!(obeyed.is_some(), "{gate} does not obey: {}", self.gates[plane].said());
            assert_eq!(self.reached(plane, gate), wanted, "{gate} obeys what nobody said");
            for lived in self.lived.clone() {
                let Some(secret) = &lived.secret else { continue };
                assert_eq!(self.gates[plane].tried(&lived.key, secret), Some(401), "{} at {gate}", lived.key);
            }
        }
        let (mut classes, mut after) = (BTreeMap::<String, usize>::new(), String::new());
        loop {
            let page = self.read(0, &format!("/v1/ledger/entries?limit=1000{after}"));
            for entry in page["items"].as_array().unwrap() {
                *classes.entry(entry["class"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            match &page["next"] {
                Value::String(next) => after = format!("&after={next}"),
                Value::Number(next) => after = format!("&after={next}"),
                _ => break,
            }
        }
        for class in ["key.requested", "key.issued", "key.changed", "key.expired"] {
            assert_eq!(classes.get(class), Some(&self.lived.len()), "{class} among {classes:?}");
        }
    }
}
