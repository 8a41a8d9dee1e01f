//! Sumun killed part by part, at each stage of the ramp, with real nginx and real Envoy in front: the gate, the control plane, its
//! database, and the link between them. What each effect is answered then is the table of `docs/adopt/fronts.md`, word for word.

use crate::envoy::{Envoy, envoy_at};
use crate::front::{TOKEN, Waits, World, gate_answers, nonce, send};
use crate::nginx::{ASKED, Nginx, nginx_at};
use crate::relay::Relay;
use crate::site::{CLIENT, Issued, Machine, Site, key, obeyed, set_ramp};
use crate::stage::client::{EFFECTS, Effect, Signed, secret_of};
use crate::stage::wait_for;
use crate::support::Place;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use sumun_fixture::Postgres;

const STAGES: [&str; 4] = ["tap", "shadow", "allowlist", "ladder"];
/// As the table's columns are ordered.
const COLUMNS: [Effect; 4] = [Effect::Read, Effect::Cancel, Effect::Order, Effect::Transfer];

/// nginx and both forms of Envoy, asking one gate.
struct Fronts {
    nginx: Nginx,
    http: Envoy,
    grpc: Envoy,
}

impl Fronts {
    fn before(gate: &Machine, site: &Site) -> Self {
        Self::new(&gate.place, gate.asked, site.exchange.address, Waits::Long)
    }

    fn new(place: &Place, asked: SocketAddr, exchange: SocketAddr, waits: Waits) -> Self {
        let envoy = |file| envoy_at(place, asked, exchange, (file, waits), TOKEN);
        Self {
            nginx: nginx_at(place, asked, exchange, waits),
            http: envoy("envoy.yaml"),
            grpc: envoy("envoy-grpc.yaml"),
        }
    }

    /// Whether a request passes, at each front.
    fn pass(&self, effect: Effect, key: &Issued) -> [bool; 3] {
        let signed = || Signed::with_secret(effect, &key.id, &key.secret, &nonce());
        let at = EFFECTS.iter().position(|known| *known == effect).unwrap();
        [
            // nginx shows no bodies: an edge before it has checked the signature, and says who and where the client is.
            crate::nginx::vouched(self.nginx.edge, ASKED[at], &key.id),
            send(self.http.clients, &signed()),
            send(self.grpc.clients, &signed()),
        ]
        .map(|status| status == 200)
    }
}

/// The four keys, by the word that stands for each in the table.
struct Keys(BTreeMap<&'static str, Issued>);

impl Keys {
    /// Whose requests are refused, effect by effect; or where the fronts disagree.
    fn refused(&self, fronts: &Fronts) -> Result<[String; 4], String> {
        let mut row = COLUMNS.map(|_| Vec::new());
        for (word, key) in &self.0 {
            for (effect, refused) in COLUMNS.into_iter().zip(&mut row) {
                match fronts.pass(effect, key) {
                    [true, true, true] => {}
                    [false, false, false] => refused.push(*word),
                    pass => {
                        return Err(format!("{word} {effect:?}: nginx, Envoy by HTTP, by gRPC: {pass:?}"));
                    }
                }
            }
        }
        let all = self.0.len();
        Ok(row.map(|words| match words.len() {
            0 => "nobody".to_owned(),
            count if count == all => "everybody".to_owned(),
            _ => words.join(", "),
        }))
    }

    /// Waits until it is this, and says it.
    #[track_caller]
    fn are_refused(&self, fronts: &Fronts, what: &str, expected: &[&str; 4]) {
        let mut last = None;
        let same = wait_for(|| {
            let row = self.refused(fronts);
            let same = row.as_ref().is_ok_and(|row| row == expected);
            last = Some(row);
            same.then_some(())
        });
        assert!(same.is_some(), "{what}: expected {expected:?}, not {last:?}");
        println!("{what:<60} | {}", expected.join(" | "));
    }

    /// Holds now and goes on holding: the part is dead, and nobody waits for anything.
    #[track_caller]
    fn still_refused(&self, fronts: &Fronts, what: &str, expected: &[&str; 4]) {
        assert_eq!(self.refused(fronts), Ok(expected.map(str::to_owned)), "{what}");
        println!("{what:<60} | {}", expected.join(" | "));
    }
}

/// Whose requests are refused while the gate lives and its table is young enough.
fn enforced(stage: &str) -> [&'static str; 4] {
    match stage {
        "tap" | "shadow" => ["ended"; 4],
        "allowlist" => ["abroad, ended"; 4],
        _ => ["abroad, ended", "abroad, ended", "abroad, ended, held", "abroad, ended, held"],
    }
}

/// As [`enforced`], once the table is past its age; for orders: while they still pass, or after that.
fn aged(stage: &str, orders_pass: bool) -> [&'static str; 4] {
    let young = enforced(stage);
    if stage != "ladder" {
        return young;
    }
    [young[0], young[1], if orders_pass { young[2] } else { "everybody" }, "everybody"]
}

/// Nobody is asked: what passes is what the fronts' configurations say.
const ALONE: [&str; 4] = ["nobody", "nobody", "nobody", "everybody"];

/// The table as the document has it.
fn table() -> Vec<String> {
    let row =
        |what: &str, stage: &str, cells: [&str; 4]| format!("| {what} | {stage} | {} |", cells.join(" | "));
    let parts = "nothing; the control plane, its database, the link to it";
    let aged_parts = "one of these three for longer than `table_age_max_s`";
    let mut rows = Vec::new();
    for (stages, stage) in
        [("`tap`, `shadow`", "shadow"), ("`allowlist`", "allowlist"), ("`ladder`", "ladder")]
    {
        rows.push(row(parts, stages, enforced(stage)));
    }
    rows.push(row(aged_parts, "`tap` to `allowlist`", ["as above"; 4]));
    rows.push(row(&format!("{aged_parts}, orders still passing"), "`ladder`", aged("ladder", true)));
    rows.push(row(&format!("{aged_parts} and `order_stale_pass_s`"), "`ladder`", aged("ladder", false)));
    rows.push(row("the gate", "any", ALONE));
    rows
}

#[test]
fn the_document_has_this_table() {
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/adopt/fronts.md"));
    let (document, table) = (document.unwrap(), table().join("\n"));
    assert!(document.contains(&table), "docs/adopt/fronts.md has not:\n{table}");
    // Whoever is in good standing is refused no cancel, whatever is dead.
    for row in STAGES.map(enforced).into_iter().chain(STAGES.map(|stage| aged(stage, false))).chain([ALONE]) {
        assert!(!row[1].contains("held") && row[1] != "everybody", "{row:?}");
    }
}

/// Where Envoy says that a client of this machine is: not on loopback, but at the machine's first address.
fn shown_by_envoy() -> String {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let envoy =
        envoy_at(&world.stage.place, world.asked, world.exchange.address, ("envoy.yaml", Waits::Long), TOKEN);
    assert_eq!(send(envoy.clients, &Signed::new(Effect::Read, "K1", &nonce())), 200);
    assert!(gate.stop().0.success());
    world.stage.dump(0)[0]["ip"].as_str().unwrap().to_owned()
}

/// Four keys: in good standing, used from where they are not registered, held, and ended.
fn keys(site: &Site) -> Keys {
    let desk = site.desk();
    let here = format!("{}/32,{CLIENT}/32", shown_by_envoy());
    let keys = Keys(
        [("well", here.as_str()), ("abroad", "203.0.113.99/32"), ("held", &here), ("ended", &here)]
            .map(|(word, allow)| (word, key(&desk, word, allow)))
            .into(),
    );
    let why = ["--reason", "used from two sides at once", "--lesser", "a warning would leave it open"];
    desk.must("alice", &[&["keys", "hold", &keys.0["held"].id, "--reviewer", "bob"][..], &why].concat());
    desk.must("owner", &["keys", "revoke", &keys.0["ended"].id]);
    keys
}

#[test]
fn whatever_dies_each_effect_is_answered_as_documented_and_cancelling_always_works() {
    let postgres = Postgres::start();
    let site = Site::new(&format!("database = \"{}\"", postgres.database()));
    let link = Relay::to(site.address());
    let keys = keys(&site);
    let well = Keys([("well", keys.0["well"].clone())].into());
    let mut gate = Machine::enrolled(
        &site.desk(),
        "gate-2",
        link.address,
        site.exchange.address,
        "table_age_max_s = 3600",
    );
    let fronts = Fronts::before(&gate, &site);
    for stage in STAGES {
        set_ramp(&site.desk(), stage);
        obeyed(&site.desk(), &["gate-2"]);
        let expected = enforced(stage);
        keys.are_refused(&fronts, &format!("{stage}: nothing is dead"), &expected);

        postgres.crash();
        keys.still_refused(&fronts, &format!("{stage}: the database is dead"), &expected);
        site.plane.kill();
        keys.still_refused(&fronts, &format!("{stage}: the control plane is dead"), &expected);
        postgres.restart();
        site.plane.up();

        link.cut();
        keys.still_refused(&fronts, &format!("{stage}: the link is cut"), &expected);
        gate.kill();
        keys.are_refused(&fronts, &format!("{stage}: the gate is dead"), &ALONE);
        well.still_refused(&fronts, &format!("{stage}: the gate is dead, a key in good standing"), &ALONE);
        // Nobody to ask, and the last known still holds: an end first of all.
        gate.start();
        keys.are_refused(&fronts, &format!("{stage}: the gate starts, the link is cut"), &expected);
        link.mend();
    }
}

/// A way in which a gate no longer hears anything.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Link,
    Plane,
    Database,
}

#[test]
fn with_a_table_past_its_age_transfers_wait_orders_go_by_policy_and_cancelling_works() {
    let postgres = Postgres::start();
    let site = Site::new(&format!("database = \"{}\"", postgres.database()));
    let link = Relay::to(site.address());
    let keys = keys(&site);
    let gates = [("gate-2", true, 3600), ("gate-3", false, 0)].map(|(id, orders_pass, pass_s)| {
        let more = format!("table_age_max_s = 1\norder_stale_pass_s = {pass_s}");
        let gate = Machine::enrolled(&site.desk(), id, link.address, site.exchange.address, &more);
        let fronts = Fronts::before(&gate, &site);
        (gate, fronts, orders_pass)
    });
    for stage in STAGES {
        set_ramp(&site.desk(), stage);
        obeyed(&site.desk(), &["gate-2", "gate-3"]);
        let cuts = if stage == "ladder" { &[Cut::Link, Cut::Plane, Cut::Database][..] } else { &[Cut::Link] };
        for cut in cuts {
            match cut {
                Cut::Link => link.cut(),
                Cut::Plane => site.plane.kill(),
                Cut::Database => postgres.crash(),
            }
            for (gate, fronts, orders_pass) in &gates {
                gate.is_stale();
                let what = format!("{stage}: {cut:?} cut, the table is old, orders pass: {orders_pass}");
                keys.are_refused(fronts, &what, &aged(stage, *orders_pass));
            }
            match cut {
                Cut::Link => link.mend(),
                Cut::Plane => site.plane.up(),
                Cut::Database => {
                    postgres.restart();
                    site.plane.up();
                }
            }
        }
    }
}

/// A gate that hangs answers nothing, and is not waited for: with the waits of the shipped configurations.
#[test]
fn a_gate_that_is_silent_is_as_a_dead_one() {
    let world = World::new();
    let gate = world.gate();
    gate_answers(&world);
    let fronts = Fronts::new(&world.stage.place, world.asked, world.exchange.address, Waits::Shipped);
    let well = Keys([("well", Issued { id: "K1".to_owned(), secret: secret_of("K1") })].into());
    well.are_refused(&fronts, "the gate lives", &["nobody"; 4]);
    let stopped =
        std::process::Command::new("sh").args(["-c", &format!("kill -STOP {}", gate.pid())]).status();
    assert!(stopped.unwrap().success());
    well.are_refused(&fronts, "the gate is silent", &ALONE);
    let goes_on =
        std::process::Command::new("sh").args(["-c", &format!("kill -CONT {}", gate.pid())]).status();
    assert!(goes_on.unwrap().success());
    well.are_refused(&fronts, "the gate answers again", &["nobody"; 4]);
}
