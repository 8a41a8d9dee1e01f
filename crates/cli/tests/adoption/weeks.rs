//! The run: what the exchange does between the commands of the plan, what is waited for before the next one, and what came of each week.

use crate::bots::{Bots, CUSTOMERS, LENT, Outcome, SILENT, TEST_KEY};
use crate::exchange::{self, Exchange};
use crate::gateway::{Gateway, free};
use crate::hand::{API, ASKED, ASKING, EXCHANGE, GATE, Hand, PLANE};
use crate::plan::{Plan, Step};
use crate::rest::Rest;
use crate::seen::GRACE_S;
use crate::table::{self, Row, Way};
use crate::waiting::until;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};
use sumun_model::Timestamp;
use sumun_sim::http::keys::ADMIN_TOKEN;

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(since.as_micros().try_into().unwrap())
}

pub(crate) fn go_through(plan: &Plan) {
    let mut run = Run::begin();
    for (index, steps) in plan.weeks.iter().enumerate() {
        run.week = index + 1;
        run.bots.week(run.week);
        eprintln!("— week {} at {}", run.week, now());
        for step in steps {
            run.before(step);
            if run.is_measured(step) {
                run.steps_back(step);
                continue;
            }
            let printed = run.hand.does(step);
            run.after(step, &printed);
        }
        run.ends_week();
    }
    run.ends();
}

/// The shipped policy with every rule as it stands: a day has five seconds, a warning is to be answered within a day, and detectors learn as in
/// the tests' own policy. Its `[[tests]]` are of real days.
fn hastened(folder: &std::path::Path) -> String {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (shipped, quick) = (read("default.toml"), read("test.toml"));
    let detectors = &quick[quick.find("[detectors.").unwrap()..quick.find("[budget]").unwrap()];
    let shipped = shipped.split("\n[[tests]]").next().unwrap();
    let mut text = shipped.to_owned();
    let detectors = format!("[detectors]\n{detectors}");
    for (what, instead) in [
        ("[detectors]\n", detectors.as_str()),
        ("[ladder]\n", "[ladder]\nday_s = 5\n"),
        ("warn_ack_s = 604_800 ", "warn_ack_s = 5 "),
    ] {
        assert_eq!(text.matches(what).count(), 1, "{what}");
        text = text.replacen(what, instead, 1);
    }
    text
}

/// The campaign's dates, seconds from when its file is written: owners are told, can register; keys that nobody registered read and cancel
/// only, and end. A busy machine needs some seconds for the proposal alone.
const ANNOUNCE_S: i64 = 8;
const OPENS_S: i64 = 9;
const READ_ONLY_S: i64 = 50;
const ENDS_S: i64 = 62;

pub(crate) struct Run {
    // Dropped in this order: customers before what they ask.
    pub(crate) bots: Bots,
    pub(crate) hand: Hand,
    pub(crate) gateway: Gateway,
    pub(crate) exchange: Exchange,
    /// When the campaign is over.
    pub(crate) campaign_ends: Timestamp,
    pub(crate) rest: Option<Rest>,
    pub(crate) week: usize,
    rows: Vec<Row>,
    /// Milliseconds from the ledger's step back to the first request served again.
    pub(crate) stepped_back_ms: Option<i64>,
}

impl Run {
    fn begin() -> Self {
        let mut hand = Hand::new();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for name in ["mappings", "docs"] {
            std::os::unix::fs::symlink(root.join(name), hand.place.path(name)).unwrap();
        }
        for name in ["policies", "gate", "log", "front"] {
            hand.folder(name);
        }
        hand.place.write("policies/default.toml", &hastened(&root.join("policies")));
        exchange::hands_out(&hand.place.path(""), now().as_micros() / 1000);
        for who in ["alice", "bob", "carol"] {
            hand.private(&format!("{who}.password"), "seven made-up otters");
        }
        hand.private("admin-token.txt", ADMIN_TOKEN);
        let exchange = Exchange::open();
        let gateway = Gateway::open(&hand.place.path(""), &exchange);
        for (plan, here) in [(EXCHANGE, gateway.at), (API, exchange.api), (ASKING, free()), (ASKED, free())] {
            hand.knows(plan, here.to_string());
        }
        let bots = Bots::start(gateway.at);
        let campaign_ends = now();
        Self {
            bots,
            hand,
            gateway,
            exchange,
            campaign_ends,
            rest: None,
            week: 1,
            rows: Vec::new(),
            stepped_back_ms: None,
        }
    }

    pub(crate) fn rest(&self) -> &Rest {
        self.rest.as_ref().unwrap()
    }

    pub(crate) fn gate(&self) -> SocketAddr {
        self.hand.address(GATE).parse().unwrap()
    }

    /// Puts something else into a file.
    fn edits(&self, name: &str, pairs: &[(&str, &str)]) {
        let mut text = self.hand.place.read(name);
        for (what, instead) in pairs {
            assert!(text.contains(what), "`{what}` is not in {name}:\n{text}");
            text = text.replace(what, instead);
        }
        self.hand.place.write(name, &text);
    }

    /// Stepping back in the middle of the ramp.
    fn is_measured(&self, step: &Step) -> bool {
        self.week == 6
            && matches!(step, Step::Command(command) if command.starts_with("sumun ramp step-back"))
    }

    /// What the exchange does before this, and what it waits for.
    fn before(&mut self, step: &Step) {
        let Step::Command(command) = step else { return };
        let is = |start: &str| command.starts_with(start);
        match self.week {
            3 if is("sumun actuator check") => {
                let back_office = format!("http://{}", self.exchange.back_office);
                self.edits("actuator.toml", &[("https://keys.exchange.example", &back_office)]);
                let text = self.hand.place.read("actuator.toml");
                self.hand
                    .place
                    .write("actuator.toml", &format!("{text}\n[log]\ngrace_s = {GRACE_S}\nsettle_s = 1\n"));
            }
            3 if is("sumun cases queue") => {
                self.bots.lends();
                self.stands("monitor");
                until("a case", || {
                    let open = self.rest().get("alice", "/v1/cases?limit=10");
                    (!open["items"].as_array()?.is_empty()).then_some(())
                });
            }
            4 if is("curl") => {
                self.covers("window", 6);
                // What was declared before the first letter would count as older than what it asks.
                self.hand.place.write("registrations.json", &exchange::declarations(&now().to_string()));
            }
            5 | 6 if is("sumun ramp show") => self.gates_obey(),
            5 if is("sumun ramp report") => self.shadows(),
            6 if is("sumun measures list") => {
                self.is_refused("a quarter of retail is enforced again");
                self.stands("warn");
                self.is_told("measure.warn");
            }
            7 if is("sumun measures list") => self.is_cut_by_machine(),
            8 if is("sumun campaign coverage") => self.campaign_ends(),
            // The ledger's files are published behind the record, which goes on meanwhile.
            8 if is("sumun ledger verify --since") => self.hand.until_well(command),
            8 if is("sumun ledger proof") => self.notes_the_end(),
            _ => {}
        }
    }

    /// What the exchange does after it.
    fn after(&mut self, step: &Step, printed: &str) {
        if let Step::File { name, .. } = step {
            match name.as_str() {
                "tap.toml" => self.edits(name, &[("[tap]\n", "[tap]\npoll_ms = 20\n")]),
                "campaign.toml" => self.hastens_the_campaign(),
                _ => {}
            }
        }
        let Step::Command(command) = step else { return };
        let is = |start: &str| command.starts_with(start);
        if is("sumun init") {
            self.edits("venue.toml", &[("notice_s = 2592000", "notice_s = 1")]);
            let there = |name: &str| self.hand.place.path(name).exists();
            assert!(
                there("kek.txt") && there("govern-kek.txt"),
                "one key for customers' secrets, one for the ledger's"
            );
        }
        if is("sumun users enrol") && command.contains("carol") {
            let server = format!("http://{}", self.hand.address(PLANE));
            self.rest = Some(Rest::new(&server, self.hand.place.path("profiles")));
        }
        if is("sumun import") {
            assert!(printed.contains(" 0 refused"), "{printed}");
        }
        if is("sumun drift") {
            assert!(printed.contains("none"), "{printed}");
        }
        if is("sumun config check") {
            assert!(!printed.contains("which gates elsewhere have too"), "{printed}");
        }
        if is("sumun assess") {
            let report: Value = serde_json::from_str(&self.hand.place.read("report/report.json")).unwrap();
            assert_eq!((&report["keys"]["total"], &report["lang"]), (&7.into(), &"ko".into()));
            assert!(self.hand.place.read("report/report.html").contains("lang=\"ko\""));
            assert!(report["fit"]["remarks"].as_array().unwrap().is_empty(), "{}", report["fit"]);
        }
        if is("sumun cases show") {
            assert!(printed.contains(LENT), "{printed}");
        }
        if is("sumun cases comment") {
            self.tap_is_stopped_for_a_while();
        }
        if is("sumun backfill") {
            let staged = self.hand.place.path("sumun-data/detect/backfill.staged");
            until("history to be taken up", || (!staged.exists()).then_some(()));
        }
        if is("curl") {
            let done: Value = serde_json::from_str(printed).unwrap();
            assert_eq!(
                (&done["registered"], &done["refused"]),
                (&6.into(), &Value::Array(Vec::new())),
                "{done}"
            );
            self.covers("enrolled", 6);
        }
        if self.week == 5 && is("sumun ramp show") {
            self.pilot_moves();
        }
        if is("sumun gate enrol") {
            assert!(!self.hand.place.path("gate/govern-kek.txt").exists(), "no gate opens the ledger's key");
        }
        if is("(umask 077; sed \"s/replace-this") {
            let shipped = [("127.0.0.1:9465", ASKED), ("127.0.0.1:9000", API), ("127.0.0.1:8089", ASKING)];
            let here = shipped.map(|(shipped, plan)| (shipped, self.hand.address(plan)));
            self.edits(
                "front/vouched.conf",
                &here.each_ref().map(|(shipped, here)| (*shipped, here.as_str())),
            );
        }
        if is("nginx ") && command.ends_with("reload") {
            self.own_gateway_asks();
        }
        if is("sumun keys timeline") && command.contains(SILENT) {
            assert!(printed.contains("campaign.key_ended"), "{printed}");
        }
        if is("sumun approvals grant") && command.contains("asked twice") {
            self.ends_the_key();
        }
        if is("sumun keys hold") {
            self.told_as(TEST_KEY.key, "held", &["acknowledged", "confirmed"]);
        }
        if is("sumun keys release") {
            self.told_as(TEST_KEY.key, "live", &["acknowledged", "confirmed"]);
        }
        if is("kill ") {
            self.goes_on("the control plane is dead");
            assert!(matches!(self.bots.lender_asks(), Outcome::Refused { .. }));
        }
        if is("sumun gate bypass on") {
            self.is_served("everything passes");
            self.goes_on("everything passes");
        }
        if is("sumun gate bypass off") {
            self.is_refused("nothing is bypassed");
        }
        if self.week == 8 && is("sumun govern") {
            until("the control plane to take part again", || {
                let seen = self.rest().ask("alice", "GET", "/v1/gates?limit=10", None);
                (seen.status == 200).then_some(())
            });
        }
        if self.week == 8 && is("sumun approvals grant") {
            self.is_refused("everything is as it was");
        }
        if self.week == 8 && is("sumun ramp step-back") {
            self.is_served("stepped back");
        }
    }

    /// The step back of week 3: nothing waits for it, and it goes on where it was, though the log was rotated twice.
    fn tap_is_stopped_for_a_while(&mut self) {
        self.hand.stops("tap");
        self.goes_on("nobody reads the log");
        self.gateway.rotates();
        self.goes_on("nobody reads the log, which was rotated");
        self.gateway.rotates();
        self.hand.does(&Step::Command("sumun tap --config tap.toml".to_owned()));
        self.tap_catches_up();
    }

    /// Its dates are weeks away: here they are seconds. All but one have registered long before the third of them.
    fn hastens_the_campaign(&mut self) {
        let begins = now();
        let at = |seconds: i64| begins.plus_micros(seconds * 1_000_000);
        self.campaign_ends = at(ENDS_S);
        let dates = [
            ("2026-12-14T00:00:00Z", at(ANNOUNCE_S).to_string()),
            ("2026-12-17T00:00:00Z", at(OPENS_S).to_string()),
            ("2027-02-01T00:00:00Z", at(READ_ONLY_S).to_string()),
            ("2027-03-01T00:00:00Z", at(ENDS_S).to_string()),
            ("\"14d\", \"3d\"", "\"8s\", \"3s\"".to_owned()),
        ];
        let pairs: Vec<(&str, &str)> =
            dates.iter().map(|(what, instead)| (*what, instead.as_str())).collect();
        self.edits("campaign.toml", &pairs);
    }

    fn ends_week(&mut self) {
        self.goes_on("the week ends");
        self.gateway.rotates();
        let honest = CUSTOMERS.iter().filter(|client| client.is_honest());
        let refused: Vec<Outcome> =
            honest.flat_map(|client| self.bots.count(self.week, client.key).refused).collect();
        assert!(refused.is_empty(), "honest customers were refused in week {}: {refused:?}", self.week);
        self.nobody_else_is_measured();
        let pilot = CUSTOMERS.iter().filter(|client| client.is_pilot());
        let by_gate = pilot.map(|client| self.bots.count(self.week, client.key).served_by_gate).sum::<u64>();
        let measure =
            self.rest.as_ref().and_then(|_| Some(self.measures().first()?["measure"].as_str()?.to_owned()));
        self.rows.push(Row {
            way: if by_gate == 0 { Way::Own } else { Way::Gate },
            refused: refused.len(),
            measure,
            told: self.exchange.was_asked_of(LENT),
        });
    }

    fn ends(&mut self) {
        eprintln!("{}", table::of(&self.rows, table::EN));
        self.attributes();
        self.bots.ends();
        self.tap_has_brought_every_line_once();
        eprintln!(
            "stepping back: served again {} ms after the ledger's entry",
            self.stepped_back_ms.unwrap()
        );
        for name in ["govern", "gate", "tap"] {
            let said = self.hand.said(name);
            assert!(!said.contains("ERROR") && !said.contains("panicked"), "{name} said:\n{said}");
        }
        self.hand.ends();
        assert_eq!(self.rows, table::rows());
    }
}
