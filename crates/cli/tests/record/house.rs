//! A venue's house for a test: made by `sumun init`, run by `sumun serve`, its people signed in.

use crate::stage::process::Gate;
use crate::stage::upstream::Upstream;
use crate::support::{Place, Ran};
use serde_json::Value;
use std::net::SocketAddr;
use sumun_sim::assertion::{AssertionKey, Who, now_s};

/// A made-up password, long enough.
pub(crate) const PASSWORD: &str = "seven made-up otters";

/// The house.
pub(crate) struct House {
    pub(crate) place: Place,
    exchange: AssertionKey,
    _upstream: Upstream,
    asserted: std::cell::Cell<u32>,
}

/// People at its control plane.
pub(crate) struct Desk<'a> {
    pub(crate) house: &'a House,
    pub(crate) server: String,
}

/// It at work, its gate in the same process.
pub(crate) struct Open<'a> {
    pub(crate) desk: Desk<'a>,
    pub(crate) process: Gate,
}

impl<'a> std::ops::Deref for Open<'a> {
    type Target = Desk<'a>;

    fn deref(&self) -> &Desk<'a> {
        &self.desk
    }
}

/// What `sumun init` is told.
pub(crate) const INIT: &[&str] = &["init", "--admin", "alice@example.test", "--second", "bob@example.test"];

impl House {
    /// Made on SQLite, with an exchange that vouches and a free port for everything.
    pub(crate) fn new() -> (Self, Value) {
        Self::with("")
    }

    /// The same with further lines in the section `[govern]`, such as another database.
    pub(crate) fn with(more: &str) -> (Self, Value) {
        let upstream = Upstream::start();
        let place = Place::new();
        place.write(
            "sumun.toml",
            &format!(
                "[gate]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\n[govern]\nlisten = \"127.0.0.1:0\"\n{more}\n\
                 [seal]\nkey_file = \"kek.txt\"\n",
                upstream.address
            ),
        );
        let made = place.run(&[INIT, &["--json"]].concat());
        assert_eq!(made.code, 0, "{}", made.shown());
        let exchange = AssertionKey::from_seed(&[7; 32]);
        let venue = place.read("venue.toml");
        let key = format!("[exchange.assertion_keys]\n\"mock\" = \"{}\"\n", exchange.public());
        place.write("venue.toml", &venue.replace("[exchange.assertion_keys]\n", &key));
        (Self { place, exchange, _upstream: upstream, asserted: std::cell::Cell::new(0) }, made.json())
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Open<'_> {
        let process = Gate::start(self.place.command(&["serve"]));
        let server = format!("http://{}", process.ready["govern"].as_str().unwrap());
        Open { desk: Desk { house: self, server }, process }
    }

    /// A new assertion for the owner of everything.
    pub(crate) fn assertion(&self) -> String {
        let number = self.asserted.get() + 1;
        self.asserted.set(number);
        let who = Who {
            customer: "C1".to_owned(),
            person: "P1".to_owned(),
            role: "owner".to_owned(),
            methods: vec!["totp".to_owned()],
        };
        self.exchange.assert("mock", "example", &who, now_s(), &format!("made-up-{number}"))
    }
}

impl Open<'_> {
    /// Where clients connect.
    pub(crate) fn gate(&self) -> SocketAddr {
        self.process.listen
    }
}

impl Desk<'_> {
    /// Runs a client command as this profile, in the test's own folder of profiles.
    pub(crate) fn run(&self, profile: &str, arguments: &[&str]) -> Ran {
        let reach = ["--profile-dir", "profiles", "--as", profile];
        self.house.place.run(&[arguments, &reach].concat())
    }

    /// As [`Desk::run`], and it must go well.
    pub(crate) fn must(&self, profile: &str, arguments: &[&str]) -> Ran {
        let ran = self.run(profile, arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.shown());
        ran
    }

    /// As [`Desk::must`], read as JSON.
    pub(crate) fn json(&self, profile: &str, arguments: &[&str]) -> Value {
        self.must(profile, &[arguments, &["--json"]].concat()).json()
    }

    /// Accepts an invite, and is signed in by that.
    pub(crate) fn enrol(&self, user: &str, invite: &str) {
        let place = &self.house.place;
        let (password, totp) = (format!("{user}.password"), format!("{user}.totp"));
        place.write_private(&password, PASSWORD);
        let server = ["--server", &self.server, "--profile-dir", "profiles"];
        let enrol = ["users", "enrol", "--invite", invite, "--password-file", &password, "--totp-out", &totp];
        let ran = place.run(&[&enrol[..], &server[..]].concat());
        assert_eq!(ran.code, 0, "{}", ran.shown());
    }

    /// Signs the owner in by the exchange's assertion.
    pub(crate) fn owner(&self) {
        let assertion = self.house.assertion();
        let login = [
            "login",
            "--assertion",
            "-",
            "--as",
            "owner",
            "--server",
            &self.server,
            "--profile-dir",
            "profiles",
        ];
        let ran = self.house.place.run_with_stdin(&login, assertion.as_bytes());
        assert_eq!(ran.code, 0, "{}", ran.shown());
    }

    /// Enters a customer with a person, an operator and an account.
    pub(crate) fn enter_customer(&self) {
        self.must("alice", &["customers", "put", "C1", "--segment", "retail", "--country", "KR"]);
        self.must(
            "alice",
            &["persons", "put", "P1", "--customer", "C1", "--role", "owner", "--name", "Made Up"],
        );
        self.must("alice", &["operators", "put", "O1", "--kind", "owner", "--customer", "C1"]);
        let account = ["accounts", "put", "A1", "--customer", "C1", "--person", "P1"];
        self.must("alice", &[&account[..], &["--segment", "retail", "--owner", "O1"]].concat());
    }
}

/// The invite of a user, as `sumun init --json` printed it.
pub(crate) fn invite_of(made: &Value, user: &str) -> String {
    let invites = made["invites"].as_array().unwrap();
    invites.iter().find(|invite| invite["user"] == user).unwrap()["invite"].as_str().unwrap().to_owned()
}
