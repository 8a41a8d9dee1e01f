//! A gate as a process of its own, on a sound disk or on one that fails, killed and started again.

use crate::faults::{self, Faults};
use crate::house::House;
use crate::stage::client::{Effect, Signed, once};
use crate::stage::process::Gate;
use crate::support::Place;
use std::sync::atomic::{AtomicU64, Ordering};

/// A gate on a machine of its own.
pub(crate) struct Machine {
    pub(crate) place: Place,
    pub(crate) id: &'static str,
    process: Option<Gate>,
}

impl Machine {
    pub(crate) fn enrolled(house: &House, id: &'static str, server: &str, invite: &str) -> Self {
        let place = Place::new();
        let upstream = house.place.read("sumun.toml");
        let upstream = upstream.lines().find(|line| line.starts_with("upstream")).unwrap();
        place.write(
            "sumun.toml",
            &format!(
                "[gate]\nid = \"{id}\"\nlisten = \"127.0.0.1:0\"\n{upstream}\n\
                 feed = {{ url = \"{server}\", reconnect_ms_max = 100 }}\n\
                 rates = {{ default_per_second = 0, order_per_second = 0 }}\n[seal]\nkey_file = \"kek.txt\"\n"
            ),
        );
        place.write_private("kek.txt", &house.place.read("kek.txt"));
        let ran = place.run(&["gate", "enrol", "--invite", invite]);
        assert_eq!(ran.code, 0, "{}", ran.shown());
        Self { place, id, process: None }
    }

    /// Starts it on a sound disk.
    pub(crate) fn start(&mut self) {
        self.process = None;
        self.process = Some(Gate::start(self.place.command(&["gate"])));
    }

    /// Starts it on a disk with these faults; it may die before it serves.
    pub(crate) fn start_on(&mut self, faults: &Faults) {
        self.process = None;
        let reports = self.place.path(".");
        faults::clear(&reports);
        let mut command = self.place.command(&["gate"]);
        faults.under(&mut command, &self.place.path("sumun-data"), &reports);
        self.process = Gate::try_start(command).ok();
    }

    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.process.as_mut().is_some_and(Gate::is_running)
    }

    /// What it says to a request; none if it is gone.
    pub(crate) fn tried(&mut self, key: &str, secret: &str) -> Option<u16> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        if !self.runs() {
            return None;
        }
        let listen = self.process.as_ref()?.listen;
        let nonce = format!("made-up-nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let signed = Signed::with_secret(Effect::Read, key, secret, &nonce);
        std::panic::catch_unwind(|| once(listen, &signed).status).ok()
    }

    pub(crate) fn said(&self) -> String {
        self.process.as_ref().map(Gate::said).unwrap_or_default()
    }
}
