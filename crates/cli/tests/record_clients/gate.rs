//! A gate on a machine of its own: a folder, its own key, the shared key-encryption keys, and what it was enrolled as.

use crate::stage::process::Gate;
use crate::support::Place;
use crate::world::World;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use sumun_model::Timestamp;

pub(crate) struct Remote {
    pub(crate) id: &'static str,
    pub(crate) place: Place,
    process: Option<Gate>,
    listen: Option<SocketAddr>,
    /// What runs that have ended wrote to standard error.
    said: String,
}

impl Remote {
    /// Invited through REST, enrolled by its own invite, running.
    pub(crate) fn enrol(world: &World, id: &'static str) -> Self {
        let invited = world.rest.must("alice", "POST", "/v1/gates", Some(json!({ "gate": id })));
        let invite = invited["result"]["invite"].as_str().unwrap();
        let place = Place::new();
        place.write(
            "sumun.toml",
            &format!(
                "[gate]\nid = \"{id}\"\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
                 connections_max = 64\nupstream = \"http://{}\"\n\
                 feed = {{ url = \"{}\", reconnect_ms_max = 100 }}\n\
                 rates = {{ default_per_second = 0, order_per_second = 0 }}\n\
                 [seal]\nkey_file = \"kek.txt\"\n",
                world.exchange.address, world.server
            ),
        );
        place.write_private("kek.txt", &world.house.place.read("kek.txt"));
        let ran = place.run(&["gate", "enrol", "--invite", invite]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        let mut gate = Self { id, place, process: None, listen: None, said: String::new() };
        gate.start();
        gate
    }

    /// Starts it, where it listened before.
    pub(crate) fn start(&mut self) {
        let listen = self.listen.map_or_else(|| "127.0.0.1:0".to_owned(), |at| at.to_string());
        let mut command = self.place.command(&["gate", "--listen", &listen]);
        command.env("SUMUN_LOG", "debug");
        let process = Gate::start(command);
        self.listen = Some(process.listen);
        self.process = Some(process);
    }

    pub(crate) fn kill(&mut self) {
        self.said += &self.process.take().unwrap().kill();
    }

    pub(crate) fn stop(&mut self) {
        let (status, said) = self.process.take().unwrap().stop();
        assert!(status.success(), "{said}");
        self.said += &said;
    }

    /// Where clients connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listen.unwrap()
    }

    /// Everything it wrote to standard error.
    pub(crate) fn said(&self) -> String {
        let now = self.process.as_ref().map(Gate::said).unwrap_or_default();
        format!("{}{now}", self.said)
    }

    /// Its event log, as `sumun log dump` prints it.
    pub(crate) fn log(&self) -> String {
        let ran = self.place.run(&["log", "dump"]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        ran.out
    }

    /// From when to when it had the last request of this key that it let pass, by its event log. The gate must have stopped:
    /// it writes behind.
    pub(crate) fn last_allowed(&self, key: &str) -> RangeInclusive<Timestamp> {
        let log = self.log();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let of_key = lines.filter(|line| line["key"] == key && line["verdict"] == "allow");
        let time = |line: Value| -> (Timestamp, i64) {
            (line["ts"].as_str().unwrap().parse().unwrap(), line["latency_us"].as_i64().unwrap_or_default())
        };
        let (came, took) = of_key.map(time).max().unwrap();
        came..=Timestamp::from_micros(came.as_micros() + took)
    }
}
