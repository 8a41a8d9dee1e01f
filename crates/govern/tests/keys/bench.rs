//! A control plane on an SQLite file of its own, with a clock the test moves and people to act.

pub(crate) use crate::world::START_US;
use crate::world::TestWorld;
use serde_json::{Value, json};
use sqlx::Connection as _;
use std::sync::Arc;
use sumun_govern::actor::SecondFactor;
use sumun_govern::approvals::{Answer, Decision};
use sumun_govern::keys::request::KeyRequest;
use sumun_govern::{Actor, Call, Govern, Role, Venue, World, venue};
use sumun_ledger::CheckpointSigner;
use sumun_model::Timestamp;
use sumun_seal::{KeyEncryptionKey, Keyring};
use sumun_store::tables::{ACCOUNTS, CUSTOMERS, USERS, VENDORS};
use sumun_store::{Expect, RowWrite, Store, StoreOptions, Table};
use zeroize::Zeroizing;

pub(crate) const HOUR: i64 = 3_600_000_000;
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
    pub(crate) govern: Arc<Govern>,
    pub(crate) world: Arc<TestWorld>,
    url: String,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// At a venue where adding an address takes approvals in every segment.
    pub(crate) async fn new() -> Self {
        Self::at(&venue::EXAMPLE.replace("address_proof_required = true", "address_proof_required = false"))
            .await
    }

    /// At a venue of these facts.
    pub(crate) async fn at(facts: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = TestWorld::new();
        let signer = CheckpointSigner::new(&[7; 32], "sumun.example/made-up").unwrap();
        let clock = {
            let world = Arc::clone(&world);
            Arc::new(move || world.now())
        };
        // All of these on the other database: `SUMUN_TEST_POSTGRES=1 cargo test -p sumun-govern`.
        let url = match std::env::var_os("SUMUN_TEST_POSTGRES") {
            Some(_) => {
                tokio::task::spawn_blocking(|| sumun_fixture::Postgres::shared().database()).await.unwrap()
            }
            None => format!("sqlite://{}", folder.path().join("sumun.db").display()),
        };
        let store = Store::open(StoreOptions::new(url.clone(), signer, clock, "test")).await.unwrap();
        let venue = Venue::parse("venue.toml", facts).unwrap();
        let govern = Arc::new(Govern::new(store, keyring(), Arc::clone(&world) as Arc<dyn World>, venue));
        let bench = Self { govern, world, url, _folder: folder };
        bench.people().await;
        bench
    }

    /// Acting on keys outside.
    #[allow(dead_code, reason = "several test binaries share this bench")]
    pub(crate) fn acting(self, acting: sumun_govern::actuator::Acting) -> Self {
        let Self { govern, world, url, _folder } = self;
        let govern = Arc::into_inner(govern).unwrap().with_acting(acting);
        Self { govern: Arc::new(govern), world, url, _folder }
    }

    pub(crate) fn pass(&self, us: i64) {
        self.world.pass(us);
        NOW_US.set(self.world.now().as_micros());
    }

    async fn people(&self) {
        for (customer, account, segment) in [("C1", "A1", "retail"), ("C2", "A2", "corporate")] {
            self.put(
                &CUSTOMERS,
                json!({"customer": customer, "segment": segment, "country": "KR", "state": "active", "purpose": null,
                       "created_us": START_US, "version": 1}),
            )
            .await;
            self.put(
                &ACCOUNTS,
                json!({"account": account, "customer": customer, "person": "P1", "segment": segment, "country": "KR",
                       "opened": null, "owner": "O1", "parent": null, "fee_tier": null, "state": "active", "version": 1}),
            )
            .await;
        }
        let staff = [("anna", "analyst"), ("bert", "approver"), ("dora", "approver"), ("emil", "approver")];
        let staff = staff.map(|(user, role)| {
            json!({"user": user, "name": "Made Up Example", "email": null, "roles": [role], "state": "active",
                   "credential": null, "invite": null, "invite_until_us": null, "invited_by": "system:setup",
                   "created_us": START_US, "version": 1})
        });
        self.put_all(&USERS, staff).await;
        self.put(
            &VENDORS,
            json!({"vendor": "V1", "name": "Made-up Tools", "class": "tool", "state": "approved",
                   "networks": ["198.51.100.0/24"], "scopes": ["read", "trade"], "diligence": {}, "attested_us": null,
                   "recertify_us": null, "version": 1}),
        )
        .await;
    }

    pub(crate) async fn put(&self, table: &'static Table, image: Value) {
        self.put_all(table, [image]).await;
    }

    async fn put_all<const N: usize>(&self, table: &'static Table, images: [Value; N]) {
        let mut change = sumun_govern::govern::change("test.setup", self.world.now(), serde_json::Map::new());
        self.world.draw(&mut change.salt);
        for image in images {
            let Value::Object(image) = image else { panic!("not a row") };
            change.writes.push(RowWrite { table, expect: Expect::Absent, image });
        }
        self.govern.store.execute(change).await.unwrap();
    }

    /// Puts a value into a row past all rules, as somebody would who has the database.
    pub(crate) async fn alter(&self, table: &'static Table, key: &str, column: &str, value: Value) {
        let mut image = self.govern.store.get(table, key).await.unwrap().unwrap();
        let version = image.get("version").and_then(Value::as_i64).unwrap();
        image.insert(column.into(), value);
        image.insert("version".into(), json!(version + 1));
        let mut change =
            sumun_govern::govern::change("test.altered", self.world.now(), serde_json::Map::new());
        self.world.draw(&mut change.salt);
        change.writes.push(RowWrite { table, expect: Expect::Version(version), image });
        self.govern.store.execute(change).await.unwrap();
    }

    /// Runs this past the store: what no change can write.
    #[allow(dead_code, reason = "several test binaries share this bench")]
    pub(crate) async fn behind(&self, sql: &'static str) {
        let mut connection = sqlx::AnyConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }

    /// The customer's person, with a second factor shown a second ago.
    pub(crate) fn owner(&self, customer: &str) -> Actor {
        Actor {
            principal: format!("customer:{customer}/P1"),
            roles: vec![Role::Owner],
            customer: Some(customer.into()),
            session: Some("s-owner".into()),
            second_factor: Some(SecondFactor {
                method: "totp".into(),
                at: self.world.now().plus_micros(-1_000_000),
            }),
            rights: None,
        }
    }

    /// Asks for a key and has it issued, with all approvals it takes. Gives the id and the secret.
    pub(crate) async fn issued(&self, request: &KeyRequest) -> (String, String) {
        let owner = self.owner("C1");
        let asked = self.govern.request_key(&owner, request, &Call::default()).await.unwrap().value;
        for approval in &asked.waits_for {
            for (name, role) in [("anna", Role::Analyst), ("bert", Role::Approver), ("dora", Role::Approver)]
            {
                let _ = self.govern.decide(&staff(name, role), approval, &yes(), &Call::default()).await;
            }
        }
        let issued = self.govern.issue_key(&owner, &asked.key.key, &Call::default()).await.unwrap().value;
        let secret = issued.secret.unwrap();
        (issued.key.key, String::from_utf8(secret.expose().to_vec()).unwrap())
    }

    /// A column of a key's row as text.
    pub(crate) async fn column(&self, key: &str, column: &str) -> Value {
        let row = self.govern.store.get(&sumun_store::tables::KEYS, key).await.unwrap().unwrap();
        row.get(column).unwrap().clone()
    }

    /// Everything the ledger holds, as text.
    pub(crate) async fn ledger(&self) -> Vec<(String, Value)> {
        let entries = self.govern.store.entries(0, 10_000).await.unwrap();
        entries
            .into_iter()
            .map(|entry| (entry.class, serde_json::from_str(&entry.payload.unwrap()).unwrap()))
            .collect()
    }
}

/// What seals at this place.
pub(crate) fn keyring() -> Keyring {
    Keyring::of(KeyEncryptionKey::new(Zeroizing::new([9; 32])))
}

/// A member of staff.
pub(crate) fn staff(name: &str, role: Role) -> Actor {
    Actor {
        principal: format!("user:{name}"),
        roles: vec![role],
        customer: None,
        session: Some(format!("s-{name}")),
        second_factor: Some(just_shown()),
        rights: None,
    }
}

pub(crate) fn yes() -> Decision {
    Decision { decision: Answer::Approve, reason: None, looked_at: None }
}

pub(crate) fn no() -> Decision {
    Decision {
        decision: Answer::Refuse,
        reason: Some("the purpose does not fit the amounts".into()),
        looked_at: None,
    }
}

/// A request with these words for what differs.
pub(crate) fn request(purpose: &str, scopes: &[&str]) -> KeyRequest {
    serde_json::from_value(json!({
        "account": "A1", "purpose": purpose, "application": "bot", "scopes": scopes, "allowlist": ["203.0.113.7/32"],
        "expires": Timestamp::from_micros(START_US + 90 * DAY), "terms": "1",
    }))
    .unwrap()
}
