//! The service: load → plan → lint → execute, the same way for every use case.
//!
//! A use case is a method in its own file (`parties/`, `keys/`, `approvals.rs`, …) that calls [`Govern::run`] with a closure
//! which loads rows and makes a [`Planned`]. The closure may run twice: if a row changed between load and execute, it is
//! planned once more against the present rows, and only then refused.
//!
//! Never here: a rule about any one thing.

use crate::actor::Actor;
use crate::call::{Call, Done, PlanView, Planned};
use crate::lint;
use crate::refusal::{Refusal, RefusalKind};
use crate::venue::Venue;
use crate::world::World;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use sumun_model::Timestamp;
use sumun_seal::Keyring;
use sumun_store::tables::VENUE;
use sumun_store::{Change, Expect, Idempotency, Image, RowRead, Store, StoreError, Table};

/// How often a use case is planned against fresh rows before somebody else's change is reported. Keys of one account take
/// turns at its row: four lets as many people act on it at once.
const PLANS_MAX: usize = 4;

/// When a store that did not answer is worth asking again, in seconds: a supervisor starts a stopped process anew in less.
const STORE_BACK_S: u32 = 5;

/// The control plane's use cases over one store.
pub struct Govern {
    /// Where everything governed stands.
    pub store: Store,
    /// What seals API keys' secrets: gates open them with the same.
    pub keyring: Keyring,
    /// What seals all else; without one, the same.
    own_keyring: Option<Keyring>,
    /// Time and randomness.
    pub world: Arc<dyn World>,
    venue: RwLock<InForce>,
    /// Which access lines matter to owners.
    pub watch: crate::owner::Watch,
    /// Behind which measure it is looked next when gates obeyed; none: from the first.
    pub(crate) effects_from: std::sync::Mutex<Option<String>>,
    pub(crate) policy: RwLock<Option<Arc<crate::policies::InForce>>>,
    /// Acting on keys outside, if anybody does.
    pub(crate) acting: Option<crate::actuator::Acting>,
    /// What waits to be sent, and what the exchange's own log says of keys that were cut.
    pub cuts: crate::actuator::Cuts,
    /// One brings that in step with the record at a time.
    pub(crate) refreshing: tokio::sync::Mutex<()>,
    /// One part of imported or mirrored keys is taken at a time.
    pub(crate) taking: tokio::sync::Mutex<()>,
    /// One part of a source's numbered changes is taken at a time.
    pub(crate) mirroring: tokio::sync::Mutex<()>,
    /// Where the sweep of campaigns is.
    pub(crate) sweeps: std::sync::Mutex<crate::campaigns::Sweeps>,
    /// When this process began.
    pub(crate) began: Timestamp,
    /// What detection would refuse of a policy's `[detectors]`; none of it is known here.
    pub(crate) detector_check: crate::policies::DetectorCheck,
}

/// The venue's facts in force, and which version of the record's row they are: 0 before the record has any.
struct InForce {
    version: i64,
    venue: Arc<Venue>,
}

impl Govern {
    /// The service over this store.
    #[must_use]
    pub fn new(store: Store, keyring: Keyring, world: Arc<dyn World>, venue: Venue) -> Self {
        Self {
            store,
            keyring,
            own_keyring: None,
            began: world.now(),
            world,
            venue: RwLock::new(InForce { version: 0, venue: Arc::new(venue) }),
            watch: crate::owner::Watch::default(),
            effects_from: std::sync::Mutex::default(),
            policy: RwLock::new(None),
            acting: None,
            cuts: crate::actuator::Cuts::default(),
            refreshing: tokio::sync::Mutex::default(),
            taking: tokio::sync::Mutex::default(),
            mirroring: tokio::sync::Mutex::default(),
            sweeps: std::sync::Mutex::default(),
            detector_check: |_| Vec::new(),
        }
    }

    /// Asking detection what it would refuse of a policy that is proposed.
    #[must_use]
    pub fn with_detector_check(mut self, check: crate::policies::DetectorCheck) -> Self {
        self.detector_check = check;
        self
    }

    /// Sealing what gates have no business with under a keyring that they do not have.
    #[must_use]
    pub fn with_own_keyring(mut self, own: Keyring) -> Self {
        self.own_keyring = Some(own);
        self
    }

    /// What seals staff's credentials.
    pub(crate) fn own_keyring(&self) -> &Keyring {
        self.own_keyring.as_ref().unwrap_or(&self.keyring)
    }

    /// The venue's facts in force.
    #[must_use]
    pub fn venue(&self) -> Arc<Venue> {
        Arc::clone(&self.venue.read().unwrap_or_else(PoisonError::into_inner).venue)
    }

    /// Puts the facts of this version of the record's row in force, unless newer ones are; 0 while the record has none.
    pub fn adopt_venue(&self, venue: Venue, version: i64) {
        let mut in_force = self.venue.write().unwrap_or_else(PoisonError::into_inner);
        if version >= in_force.version {
            *in_force = InForce { version, venue: Arc::new(venue) };
        }
    }

    /// The row of the facts in force as a plan relies on it; none before the record has any.
    fn venue_read(&self) -> Option<RowRead> {
        let in_force = self.venue.read().unwrap_or_else(PoisonError::into_inner);
        let expect = Expect::Version(in_force.version);
        (in_force.version > 0).then(|| RowRead { table: &VENUE, key: in_force.venue.venue.clone(), expect })
    }

    /// Runs one use case: answers a repeated request, else plans, lints, and executes unless it is a dry run.
    ///
    /// # Errors
    /// What planning refuses; `plan_lint` if the plan itself is wrong; `conflict` if somebody was faster twice;
    /// `rights_changed` if the actor is not who he was; `idempotency_key_reused`; `store_unavailable`.
    pub async fn run<T, F, Fut>(&self, actor: &Actor, call: &Call, plan: F) -> Result<Done<T>, Refusal>
    where
        T: Serialize + DeserializeOwned,
        F: Fn(Timestamp) -> Fut,
        Fut: Future<Output = Result<Planned<T>, Refusal>>,
    {
        if let Some(done) = self.answered(actor, call).await? {
            return Ok(done);
        }
        let mut tries = 0;
        loop {
            tries += 1;
            let rules = self.venue_read();
            let mut planned = plan(self.world.now()).await?;
            self.addressed(&mut planned.plan).await?;
            self.intend(actor, &mut planned.plan).await?;
            self.unasked(&mut planned.plan).await?;
            self.unreached(&mut planned.plan).await?;
            // What is done relies on what its doer may do, and on the venue's facts it was planned under.
            planned.plan.change.reads.extend(actor.rights_read());
            planned.plan.change.reads.extend(rules);
            lint::plan(&planned.plan)?;
            let view = PlanView::from(&planned.plan);
            if call.dry_run {
                return Ok(Done { value: planned.value, committed: None, plan: view, repeated: false });
            }
            self.world.draw(&mut planned.plan.change.salt);
            planned.plan.change.idempotency = idempotency(actor, call, &planned)?;
            match self.store.execute(planned.plan.change).await {
                Ok(committed) => {
                    return Ok(Done {
                        value: planned.value,
                        committed: Some(committed),
                        plan: view,
                        repeated: false,
                    });
                }
                Err(StoreError::Conflict { table, key, .. }) if is_rights(actor, table, &key) => {
                    // Planning anew would be as whoever he was.
                    return Err(rights_changed(actor));
                }
                Err(StoreError::Conflict { table, .. }) if tries < PLANS_MAX => {
                    if table == VENUE.name {
                        self.reload_venue().await?;
                    }
                }
                Err(StoreError::Repeated(answer)) => return repeated(call, &answer),
                Err(error) => return Err(store_refusal(error)),
            }
        }
    }

    /// The answer to the same request, if it was given before.
    pub(crate) async fn answered<T: DeserializeOwned>(
        &self,
        actor: &Actor,
        call: &Call,
    ) -> Result<Option<Done<T>>, Refusal> {
        let (Some((key, _)), false) = (&call.idempotency, call.dry_run) else { return Ok(None) };
        match self.store.answered(&actor.principal, key).await.map_err(store_refusal)? {
            Some(answer) => repeated(call, &answer).map(Some),
            None => Ok(None),
        }
    }

    /// The row of that key, if there is one.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub async fn row(&self, table: &'static Table, key: &str) -> Result<Option<Image>, Refusal> {
        self.store.get(table, key).await.map_err(store_refusal)
    }

    /// The row of that key.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    pub async fn row_or_not_found(
        &self,
        table: &'static Table,
        what: &str,
        key: &str,
    ) -> Result<Image, Refusal> {
        self.row(table, key).await?.ok_or_else(|| not_found(what, key))
    }

    /// That many random bytes.
    #[must_use]
    pub fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.world.draw(&mut bytes);
        bytes
    }

    /// A new id: this prefix and 128 random bits in hex.
    #[must_use]
    pub fn new_id(&self, prefix: &str) -> String {
        format!("{prefix}{}", hex::encode(self.draw::<16>()))
    }
}

fn is_rights(actor: &Actor, table: &str, key: &str) -> bool {
    actor.rights_read().is_some_and(|read| read.table.name == table && read.key == key)
}

fn rights_changed(actor: &Actor) -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "rights_changed",
        format!("what `{}` may do changed while this was being done", actor.principal),
        "repeat the request; it is judged by what you may do then",
    )
}

/// A change of this class with these facts, and nothing written yet. Salt and idempotency are [`Govern::run`]'s to add.
#[must_use]
pub fn change(class: &'static str, at: Timestamp, facts: Map<String, Value>) -> Change {
    Change {
        class,
        at,
        facts,
        writes: Vec::new(),
        reads: Vec::new(),
        feed: Vec::new(),
        outbox: Vec::new(),
        vault: Vec::new(),
        idempotency: None,
        salt: [0; 32],
    }
}

/// The facts every entry holds: who acts, in which roles and session, by which second factor.
#[must_use]
pub fn facts(actor: &Actor) -> Map<String, Value> {
    let mut facts = Map::new();
    facts.insert("actor".to_owned(), json!(actor.principal));
    facts.insert("roles".to_owned(), json!(actor.roles));
    if let Some(session) = &actor.session {
        facts.insert("session".to_owned(), json!(session));
    }
    if let Some(factor) = &actor.second_factor {
        facts.insert("second_factor".to_owned(), json!({ "method": factor.method, "at": factor.at }));
    }
    facts
}

/// Refuses if the caller has seen another version of the subject than the present one.
///
/// # Errors
/// `version_stale`.
pub fn check_if_match(call: &Call, what: &str, key: &str, version: i64) -> Result<(), Refusal> {
    match call.if_match {
        Some(seen) if seen != version => Err(Refusal::new(
            RefusalKind::Stale,
            "version_stale",
            format!("{what} `{key}` stands at version {version}, not {seen}"),
            "load it again, look at what changed, and repeat the request with its present version",
        )),
        _ => Ok(()),
    }
}

/// There is no such thing, or none this principal may see.
#[must_use]
pub fn not_found(what: &str, key: &str) -> Refusal {
    let shown: String = key.chars().take(64).collect();
    Refusal::new(
        RefusalKind::NotFound,
        "not_found",
        format!("there is no {what} `{shown}`, or none that you may see"),
        "check the id; a list of what you may see is one level up",
    )
}

/// What the store said, as a refusal.
#[must_use]
pub fn store_refusal(error: StoreError) -> Refusal {
    match error {
        StoreError::Conflict { table, key, .. } => Refusal::new(
            RefusalKind::Conflict,
            "conflict",
            format!("`{key}` of {table} changed while this was being decided"),
            "load it again and repeat the request if it still makes sense",
        ),
        StoreError::KeyReused { .. } => key_reused(),
        StoreError::Unavailable { in_doubt: true, .. } => Refusal::new(
            RefusalKind::Unavailable,
            "store_in_doubt",
            "the record stopped while this was being written: it may or may not have been made",
            "repeat the request with the same `Idempotency-Key`, or look the subject up before deciding again",
        )
        .after_s(STORE_BACK_S),
        StoreError::Damaged { ref place, .. } => {
            tracing::error!(error = &error as &dyn std::error::Error, "A row cannot be read");
            Refusal::new(
                RefusalKind::Unavailable,
                "row_unreadable",
                format!("{place} cannot be read"),
                "run `sumun ledger verify`, then restore the row from the ledger",
            )
        }
        StoreError::Unavailable { cause, .. } => {
            tracing::error!(store.cause = %cause, "The store takes no changes: {cause}");
            Refusal::new(
                RefusalKind::Unavailable,
                "store_unavailable",
                "the record takes no changes until the control plane is started anew, and nothing was changed",
                "repeat the request with the same `Idempotency-Key` once it has been started anew; if it stays away, its log's last \
                 line says why",
            )
            .after_s(STORE_BACK_S)
        }
        other => {
            tracing::error!(error = &other as &dyn std::error::Error, "The store did not answer");
            Refusal::new(
                RefusalKind::Unavailable,
                "store_unavailable",
                "the record cannot be written or read at the moment, and nothing was changed",
                "repeat the request in a few seconds with the same `Idempotency-Key`",
            )
            .after_s(STORE_BACK_S)
        }
    }
}

fn key_reused() -> Refusal {
    Refusal::new(
        RefusalKind::Invalid,
        "idempotency_key_reused",
        "this `Idempotency-Key` was used for another request",
        "use a new key for a new request; repeat a request with exactly its first body",
    )
}

fn repeated<T: DeserializeOwned>(call: &Call, answer: &Idempotency) -> Result<Done<T>, Refusal> {
    if call.idempotency.as_ref().is_none_or(|(_, request)| *request != answer.request) {
        return Err(key_reused());
    }
    let value = serde_json::from_value(answer.body.clone()).map_err(|_| unreadable())?;
    Ok(Done { value, committed: None, plan: PlanView::default(), repeated: true })
}

fn idempotency<T: Serialize>(
    actor: &Actor,
    call: &Call,
    planned: &Planned<T>,
) -> Result<Option<Idempotency>, Refusal> {
    let Some((key, request)) = &call.idempotency else { return Ok(None) };
    Ok(Some(Idempotency {
        principal: actor.principal.clone(),
        key: key.clone(),
        request: request.clone(),
        status: planned.status,
        body: serde_json::to_value(&planned.value).map_err(|_| unreadable())?,
    }))
}

fn unreadable() -> Refusal {
    Refusal::new(
        RefusalKind::Unavailable,
        "answer_unreadable",
        "the answer of this request cannot be kept or read",
        "look the subject up instead of repeating the request; this is a fault of the server",
    )
}
