//! Enrolment campaigns through the service, on a database of their own, with a clock the test moves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod at_once;
mod behind;
#[path = "../keys/bench.rs"]
#[expect(dead_code, reason = "a bench for more than these tests")]
mod bench;
mod course;
mod damaged;
mod letters;
mod staffed;
mod stopped;
mod truth;

#[path = "../support/world.rs"]
mod world;

use bench::{Bench, DAY, START_US, staff, yes};
use serde_json::{Value, json};
use sumun_govern::campaigns::register::Registration;
use sumun_govern::campaigns::{CampaignPlan, CampaignState, Who};
use sumun_govern::imports::{Taking, read};
use sumun_govern::notices::deliver::{Confirmation, Outcome};
use sumun_govern::{Actor, Call, Role};
use sumun_model::Timestamp;
use sumun_store::Filter;
use sumun_store::tables::{CAMPAIGN_KEYS, KEYS, NOTICES, USERS};

/// The exchange's back end.
fn backend() -> Actor {
    Actor {
        principal: "token:exchange".into(),
        roles: vec![Role::ExchangeBackend],
        customer: None,
        session: None,
        second_factor: None,
        rights: None,
    }
}

fn lead() -> Actor {
    staff("lena", Role::ComplianceLead)
}

fn day(n: i64) -> Timestamp {
    Timestamp::from_micros(START_US + n * DAY)
}

/// Told on day 1, open from day 8, read only from day 40, over on day 70.
fn plan() -> CampaignPlan {
    serde_json::from_value(
        json!({ "name": "Who uses your key", "terms": "2", "announce": day(1), "opens": day(8),
        "read_only": day(40), "ends": day(70), "reminders": ["14d", "3d"] }),
    )
    .unwrap()
}

/// A campaign with people around it.
struct Campaign {
    bench: Bench,
    id: String,
}

impl Campaign {
    /// At a venue with these keys imported; the campaign is granted.
    async fn new(keys: &[(&str, &str)]) -> Self {
        let bench = Bench::new().await;
        let lena = json!({ "user": "lena", "name": "Made Up Example", "email": null, "roles": ["compliance_lead"], "state": "active",
            "credential": null, "invite": null, "invite_until_us": null, "invited_by": "system:setup", "created_us": START_US, "version": 1 });
        bench.put(&USERS, lena).await;
        import(&bench, keys).await;
        let asked =
            bench.govern.propose_campaign(&lead(), &plan(), "terms of next year", &Call::default()).await;
        let asked = asked.unwrap().value;
        assert_eq!(asked.state, CampaignState::Proposed, "nothing of it is on record yet");
        let approval = asked.waits_for.unwrap();
        bench
            .govern
            .decide(&staff("bert", Role::Approver), &approval, &yes(), &Call::default())
            .await
            .unwrap();
        Self { bench, id: asked.campaign }
    }

    /// Goes on to that hour, as the server does: a look every hour, and letters that leave.
    async fn until(&self, to: Timestamp) {
        while self.bench.govern.world.now() < to {
            let left = to.micros_since(self.bench.govern.world.now());
            self.bench.pass(left.min(DAY / 24));
            self.looks().await;
        }
    }

    async fn looks(&self) {
        for _ in 0..10 {
            let swept = self.bench.govern.campaigns_due().await.unwrap();
            assert_eq!(swept.failed, []);
            let sent = self.sends(|_| Outcome::Sent("250 taken over".into())).await;
            if sent == 0 && swept == sumun_govern::campaigns::Swept::default() {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    /// Sends what waits; how many letters.
    async fn sends(&self, outcome: impl Fn(&Value) -> Outcome) -> usize {
        let queued = Filter { equals: vec![("state", json!("queued"))], limit: 1_000, ..Filter::default() };
        let queued = self.bench.govern.store.list(&NOTICES, &queued).await.unwrap();
        for row in &queued {
            let outcome = outcome(&Value::Object(row.clone()));
            let id = row["notice"].as_str().unwrap();
            self.bench.govern.notice_outcome(id, 1, &[], &outcome).await.unwrap();
        }
        queued.len()
    }

    async fn state(&self, key: &str) -> String {
        let row = self.bench.govern.store.get(&CAMPAIGN_KEYS, &format!("{}/{key}", self.id)).await.unwrap();
        row.map_or("-".to_owned(), |row| row["state"].as_str().unwrap().to_owned())
    }

    /// State of the key itself, its cause, and whether it reads and cancels only.
    async fn key(&self, key: &str) -> String {
        let row = self.bench.govern.store.get(&KEYS, key).await.unwrap().unwrap();
        let cause = row["cause"].as_str().map(|cause| format!(" {cause}")).unwrap_or_default();
        let halted = if row["campaign"].is_null() || !cause.is_empty() { "" } else { " reads only" };
        format!("{}{cause}{halted}", row["state"].as_str().unwrap())
    }

    /// What gates were told of the key last.
    async fn told_to_gates(&self, key: &str) -> Value {
        let ledger = self.bench.ledger().await;
        let records = ledger.iter().flat_map(|(_, payload)| payload["feed"].as_array().unwrap());
        records.rev().find(|record| record["key"] == key).cloned().unwrap_or_default()
    }

    /// Kinds of the letters about this key, in their order.
    async fn letters(&self, key: &str) -> Vec<String> {
        let ledger = self.bench.ledger().await;
        let rows = ledger.iter().flat_map(|(_, payload)| payload["rows"].as_array().unwrap());
        let about = rows.filter(|row| {
            row["table"] == "notices" && row["row"]["key"] == key && row["row"]["version"] == 1
        });
        about.map(|row| row["row"]["kind"].as_str().unwrap().to_owned()).collect()
    }

    async fn registers(&self, key: &str, who: Who) -> Result<String, &'static str> {
        let registration = Registration { terms: "2".into(), who, lent_before: false };
        let owner = self.bench.owner("C1");
        let done = self.bench.govern.register_key(&owner, key, &registration, &Call::default()).await;
        done.map(|done| done.value.state.as_str().to_owned()).map_err(|refusal| refusal.code)
    }

    async fn confirms(&self, notice: &str, delivered: bool) {
        let said = Confirmation { delivered, proof: "a made-up answer".into() };
        self.bench.govern.confirm_notice(&backend(), notice, &said, &Call::default()).await.unwrap();
    }
}

/// Imports living keys of accounts.
async fn import(bench: &Bench, keys: &[(&str, &str)]) {
    let line = |(number, (key, account)): (usize, &(&str, &str))| {
        let line = json!({ "type": "key", "ts": "2026-11-02T00:00:00Z", "key": key, "account": account, "state": "active",
            "scopes": ["read", "trade"], "allowlist": ["203.0.113.7/32"], "application": "bot" });
        read("test", number as u64 + 1, line.to_string().as_bytes()).unwrap()
    };
    let told: Vec<_> = keys.iter().enumerate().map(line).collect();
    let taken = bench.govern.take_lines(&backend(), &Taking::of("exchange", 1_000), &told).await.unwrap();
    assert_eq!(taken.refused, []);
}
