//! A control plane on an SQLite file of its own, with a clock the test moves.

pub(crate) use crate::world::START_US;
use crate::world::TestWorld;
use serde_json::Value;
use std::sync::Arc;
use sumun_govern::actor::SecondFactor;
use sumun_govern::approvals::{Answer, Decision};
use sumun_govern::parties::customer::Standing;
use sumun_govern::parties::{AccountPut, CustomerPut};
use sumun_govern::{Actor, Call, Govern, Role, Venue, World, venue};
use sumun_ledger::CheckpointSigner;
use sumun_model::{AccountId, CustomerId, Segment, Timestamp};
use sumun_seal::{KeyEncryptionKey, Keyring};
use sumun_store::tables::USERS;
use sumun_store::{EntryRow, Expect, RowWrite, Store, StoreOptions};
use zeroize::Zeroizing;

pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

thread_local! {
    /// What the clock of this test says, for those who have just shown a second factor.
    static NOW_US: std::cell::Cell<i64> = const { std::cell::Cell::new(START_US) };
}

/// A second factor shown a second ago.
fn just_shown() -> SecondFactor {
    SecondFactor { method: "totp".into(), at: Timestamp::from_micros(NOW_US.get() - 1_000_000) }
}

/// The control plane of one test.
pub(crate) struct Bench {
    pub(crate) govern: Govern,
    pub(crate) world: Arc<TestWorld>,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With the example venue changed in these places.
    pub(crate) async fn with(changes: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = TestWorld::new();
        let signer = CheckpointSigner::new(&[7; 32], "sumun.example/made-up").unwrap();
        let clock = {
            let world = Arc::clone(&world);
            Arc::new(move || world.now())
        };
        let url = format!("sqlite://{}", folder.path().join("sumun.db").display());
        let store = Store::open(StoreOptions::new(url, signer, clock, "test")).await.unwrap();
        let govern = Govern::new(store, keyring(), Arc::clone(&world) as Arc<dyn World>, example(changes));
        Self { govern, world, _folder: folder }
    }

    /// Another service over the same record, as a second process has it.
    pub(crate) fn again(&self, venue: Venue) -> Govern {
        let world = Arc::clone(&self.world) as Arc<dyn World>;
        Govern::new(self.govern.store.clone(), keyring(), world, venue)
    }

    /// These work here, without a credential.
    pub(crate) async fn works(&self, people: &[(&str, Role)]) {
        for (user, role) in people {
            let image = serde_json::json!({ "user": user, "name": "Made Up", "email": null, "roles": [role],
                "state": "active", "credential": null, "invite": null, "invite_until_us": null,
                "invited_by": "system:setup", "created_us": START_US, "version": 1 });
            let Value::Object(image) = image else { panic!("not a row") };
            let mut change = sumun_govern::govern::change("test.setup", self.now(), serde_json::Map::new());
            self.world.draw(&mut change.salt);
            change.writes.push(RowWrite { table: &USERS, expect: Expect::Absent, image });
            self.govern.store.execute(change).await.unwrap();
        }
    }

    pub(crate) fn pass(&self, us: i64) {
        self.world.pass(us);
        NOW_US.set(self.world.now().as_micros());
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.now()
    }

    pub(crate) async fn customer(&self, id: &str, segment: Segment) {
        let put = CustomerPut { segment, country: Some("KR".into()), state: Standing::Active, purpose: None };
        let id = CustomerId::new(id).unwrap();
        self.govern.put_customer(&backend(), &id, &put, &Call::default()).await.unwrap();
    }

    pub(crate) async fn account(&self, id: &str, customer: &str, segment: Segment) {
        let id = AccountId::new(id).unwrap();
        self.govern
            .put_account(&backend(), &id, &account(customer, segment), &Call::default())
            .await
            .unwrap();
    }

    pub(crate) async fn entries(&self) -> Vec<EntryRow> {
        self.govern.store.entries(0, 1_000).await.unwrap()
    }

    pub(crate) async fn classes(&self) -> Vec<String> {
        let classes = self.entries().await.into_iter().map(|entry| entry.class);
        classes.filter(|class| class != "test.setup").collect()
    }

    /// The facts of the last entry.
    pub(crate) async fn last_facts(&self) -> Value {
        let entry = self.entries().await.pop().unwrap();
        let payload: Value = serde_json::from_str(&entry.payload.unwrap()).unwrap();
        payload["facts"].clone()
    }

    /// Everything the ledger has ever said.
    pub(crate) async fn ledger(&self) -> String {
        let payloads: Vec<String> =
            self.entries().await.into_iter().map(|entry| entry.payload.unwrap().to_string()).collect();
        payloads.join("\n")
    }
}

fn keyring() -> Keyring {
    Keyring::of(KeyEncryptionKey::new(Zeroizing::new([9; 32])))
}

pub(crate) fn example(changes: &[(&str, &str)]) -> Venue {
    let mut text = venue::EXAMPLE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the example holds no `{from}`");
        text = text.replacen(from, to, 1);
    }
    Venue::parse("venue.toml", &text).unwrap()
}

pub(crate) fn account(customer: &str, segment: Segment) -> AccountPut {
    AccountPut {
        customer: CustomerId::new(customer).unwrap(),
        person: None,
        segment,
        segment_reason: None,
        country: None,
        opened: None,
        owner: None,
        parent: None,
        fee_tier: None,
        state: Standing::Active,
    }
}

fn actor(principal: &str, role: Role) -> Actor {
    Actor {
        principal: principal.to_owned(),
        roles: vec![role],
        customer: None,
        session: Some("S-test".to_owned()),
        second_factor: Some(just_shown()),
        rights: None,
    }
}

pub(crate) fn staff(name: &str, role: Role) -> Actor {
    actor(&format!("user:{name}"), role)
}

pub(crate) fn backend() -> Actor {
    Actor { session: None, ..actor("token:T1", Role::ExchangeBackend) }
}

pub(crate) fn owner(customer: &str) -> Actor {
    Actor { customer: Some(customer.to_owned()), ..actor(&format!("customer:{customer}/P1"), Role::Owner) }
}

pub(crate) fn yes() -> Decision {
    Decision { decision: Answer::Approve, reason: None, looked_at: None }
}

/// JSON as a person reads it, keys in order.
pub(crate) fn pretty(value: &impl serde::Serialize) -> String {
    let value: Value = serde_json::to_value(value).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}
