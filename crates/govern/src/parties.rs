//! Who stands behind keys: customers, persons, accounts, operators, vendors, delegations.
//!
//! The exchange's back end or compliance staff put each wholly. A put of what stands already writes nothing, so a nightly
//! synchronisation leaves the ledger as it was. Each file here is one kind: what is asked, what must hold, what is shown.
//! A customer's principal sees what is his own; for him the rest does not exist.

pub mod account;
mod closing;
pub mod customer;
pub mod delegation;
mod import;
pub mod mask;
pub mod operator;
pub mod person;
pub mod person_read;
pub mod vendor;
pub mod vendor_state;

pub use account::{Account, AccountPut};
pub use customer::{Customer, CustomerPut};
pub use delegation::{Delegation, DelegationPut};
pub use operator::{Operator, OperatorPut};
pub use person::{Person, PersonPut, PersonRead, PersonReadRequest};
pub use vendor::{Diligence, Vendor, VendorPut, VendorState};
pub use vendor_state::{VendorStateChange, VendorStateChanged};

use crate::actor::{Actor, Role};
use crate::call::{Call, Done, PlanView, Planned};
use crate::govern::{Govern, change, check_if_match, facts, not_found, store_refusal};
use crate::keys::access::inside;
use crate::plan::{Effect, Plan};
use crate::refusal::{Refusal, RefusalKind};
use crate::row;
use crate::staff::require;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::future::Future;
use sumun_model::{Timestamp, visible};
use sumun_store::{Filter, Image, RowRead, Table};

/// Who puts parties: the exchange's back end, and compliance.
pub const PUT_ROLES: &[Role] = &[Role::ExchangeBackend, Role::ComplianceLead];

/// Who sees every customer's parties.
const SEES_ALL: &[Role] = &[
    Role::Viewer,
    Role::Analyst,
    Role::Approver,
    Role::ComplianceLead,
    Role::SecurityAdmin,
    Role::Auditor,
    Role::Support,
    Role::ExchangeBackend,
];

/// Longest free text a party may have, in characters: a name, a reason.
pub const TEXT_CHARS_MAX: usize = 200;

/// One kind of party, as it is shown.
pub trait Party: Serialize + DeserializeOwned + Send {
    /// Where it stands.
    const TABLE: &'static Table;
    /// What a person calls it.
    const WHAT: &'static str;
    /// The class of the entry that puts it.
    const PUT: &'static str;
    /// Who puts it.
    const PUT_BY: &'static [Role] = PUT_ROLES;
    /// The view of a row; personal data is masked in it.
    fn of(row: &Image) -> Self;
    /// Whose it is; `None` is everybody's.
    fn customer(row: &Image) -> Option<String>;
    /// Whether everybody who has a customer may list all of them.
    fn open_to_all() -> bool {
        false
    }
    /// As those see it who look into nothing: without what is kept from customers.
    fn outwards(self) -> Self {
        self
    }
    /// As those see it who put nothing: with a version that tells nothing of what is kept from them.
    fn read_only(self) -> Self {
        self
    }
    /// As this actor sees it.
    fn seen_by(row: &Image, actor: &Actor) -> Self {
        let view = Self::of(row);
        match (inside(actor), actor.has(Self::PUT_BY)) {
            (true, _) => view,
            (false, true) => view.outwards(),
            (false, false) => view.outwards().read_only(),
        }
    }
    /// A field as the plan shows it.
    fn shown(_field: &str, value: Value) -> Value {
        value
    }
}

/// What a put would write: pure rules make it from the request and the rows it relies on.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The columns, without key and version.
    pub columns: Map<String, Value>,
    /// Rows relied on.
    pub reads: Vec<RowRead>,
    /// Facts beside who and what.
    pub facts: Map<String, Value>,
    /// What is allowed but unwise.
    pub warnings: Vec<String>,
    /// What follows from it in the same change.
    pub(crate) also: Vec<Plan>,
}

impl Draft {
    fn column(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.columns.insert(name.to_owned(), value.into());
        self
    }

    fn relies_on(mut self, table: &'static Table, key: &str, row: Option<&Image>) -> Self {
        self.reads.push(row::unchanged(table, key, row));
        self
    }

    /// The row as it would stand, without its version.
    fn image<P: Party>(&self, id: &str) -> Image {
        let mut image = self.columns.clone();
        image.insert(P::TABLE.key.to_owned(), json!(id));
        image
    }

    /// The plan and its answer.
    fn plan<P: Party>(
        self,
        actor: &Actor,
        id: &str,
        before: Option<&Image>,
        now: Timestamp,
    ) -> Result<Planned<P>, Refusal> {
        let write = row::replace(P::TABLE, before, self.image::<P>(id));
        let mut facts = facts(actor);
        facts.insert(P::WHAT.to_owned(), json!(id));
        facts.extend(self.facts);
        let value = P::of(&write.image);
        let mut change = change(P::PUT, now, facts);
        let effects = shown::<P>(row::effects(P::WHAT, &write, before));
        change.writes.push(write);
        change.reads = self.reads;
        let verb = if before.is_some() { "replace" } else { "make" };
        let mut plan =
            Plan { title: format!("{verb} {} {id}", P::WHAT), effects, warnings: self.warnings, change };
        for also in self.also {
            plan.absorb(also)?;
        }
        Ok(Planned { plan, value, status: if before.is_some() { 200 } else { 201 } })
    }
}

fn shown<P: Party>(effects: Vec<Effect>) -> Vec<Effect> {
    effects
        .into_iter()
        .map(|effect| Effect {
            before: P::shown(&effect.field, effect.before),
            after: P::shown(&effect.field, effect.after),
            ..effect
        })
        .collect()
}

impl Govern {
    /// Puts one party wholly; `draft` makes what is written from what stands.
    pub(crate) async fn put_party<P, F, Fut>(
        &self,
        actor: &Actor,
        id: &str,
        call: &Call,
        draft: F,
    ) -> Result<Done<P>, Refusal>
    where
        P: Party,
        F: Fn(Option<Image>, Timestamp) -> Fut,
        Fut: Future<Output = Result<Draft, Refusal>>,
    {
        require(actor, P::PUT_BY)?;
        // Anything but a plain "it stands so already" goes the whole way: a repeated request must get its first answer.
        if let Some(before) = self.row(P::TABLE, id).await?
            && check_if_match(call, P::WHAT, id, row::version(&before)).is_ok()
            && let Ok(draft) = draft(Some(before.clone()), self.world.now()).await
        {
            let mut same = draft.image::<P>(id);
            same.insert("version".to_owned(), json!(row::version(&before)));
            if same == before {
                let plan =
                    PlanView { title: format!("{} {id} stands as it was", P::WHAT), ..PlanView::default() };
                return Ok(Done { value: P::of(&before), committed: None, plan, repeated: false });
            }
        }
        let draft = &draft;
        self.run(actor, call, |now| async move {
            let before = self.row(P::TABLE, id).await?;
            match &before {
                Some(row) => check_if_match(call, P::WHAT, id, row::version(row))?,
                None if call.if_match.is_some() => return Err(not_found(P::WHAT, id)),
                None => {}
            }
            draft(before.clone(), now).await?.plan(actor, id, before.as_ref(), now)
        })
        .await
    }

    /// One party, if this actor may see it.
    ///
    /// # Errors
    /// `not_found`, the store's.
    pub async fn party<P: Party>(&self, actor: &Actor, id: &str) -> Result<P, Refusal> {
        let row = self.row_or_not_found(P::TABLE, P::WHAT, id).await?;
        if !sees(actor, P::customer(&row).as_deref()) {
            return Err(not_found(P::WHAT, id));
        }
        Ok(P::seen_by(&row, actor))
    }

    /// Parties of one kind this actor may see, by id. `equals` narrows by columns.
    ///
    /// # Errors
    /// `forbidden` to those who see none, the store's.
    pub async fn parties<P: Party>(
        &self,
        actor: &Actor,
        mut equals: Vec<(&'static str, Value)>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<P>, Refusal> {
        if !actor.has(SEES_ALL) {
            let own = actor.customer.as_deref().ok_or_else(|| nothing_to_see(actor))?;
            // What has no customer of its own, such as a vendor, stands open to everybody who may list.
            if P::TABLE.columns.iter().any(|column| column.name == "customer") {
                equals.retain(|(column, _)| *column != "customer");
                equals.push(("customer", json!(own)));
            } else if !P::open_to_all() {
                return Err(nothing_to_see(actor));
            }
        }
        let filter = Filter { equals, after, limit: limit.clamp(1, Filter::LIMIT_MAX), ..Filter::default() };
        let rows = self.store.list(P::TABLE, &filter).await.map_err(store_refusal)?;
        Ok(rows.iter().map(|row| P::seen_by(row, actor)).collect())
    }
}

fn nothing_to_see(actor: &Actor) -> Refusal {
    Refusal::new(
        RefusalKind::Forbidden,
        "forbidden",
        format!("`{}` may not list these", actor.principal),
        "ask for one by its id, or sign in as staff",
    )
}

/// Whether this actor sees what belongs to that customer; `None` belongs to everybody.
#[must_use]
pub fn sees(actor: &Actor, customer: Option<&str>) -> bool {
    actor.has(SEES_ALL)
        || match customer {
            None => actor.customer.is_some(),
            Some(customer) => actor.customer.as_deref() == Some(customer),
        }
}

/// A named thing that is not there.
fn missing(what: &str, id: &str, pointer: &str) -> Refusal {
    let shown: String = id.chars().take(64).collect();
    Refusal::new(
        RefusalKind::Invalid,
        "no_such_reference",
        format!("there is no {what} `{shown}`"),
        format!("put the {what} first, or correct the id"),
    )
    .at(pointer)
}

/// Something that does not fit together.
fn inconsistent(pointer: &str, message: impl Into<String>, remedy: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::Invalid, "inconsistent", message, remedy).at(pointer)
}

/// Free text that people read: not empty, not long, on one line.
pub(crate) fn check_text(pointer: &str, text: &str) -> Result<(), Refusal> {
    let chars = text.chars().count();
    if chars > TEXT_CHARS_MAX || text.chars().any(visible::is_hidden) || !visible::shows(text) {
        return Err(inconsistent(
            pointer,
            format!(
                "`{}` is not 1 to {TEXT_CHARS_MAX} characters that a screen shows, on one line",
                &pointer.replace('/', "")
            ),
            "write a short text without line breaks",
        ));
    }
    Ok(())
}

/// Longest reason, in characters: that of the API's `Reason`.
const REASON_CHARS_MAX: usize = 1_000;

/// Why somebody does something, in his own words: it may run over several lines.
pub(crate) fn check_reason(pointer: &str, text: &str) -> Result<(), Refusal> {
    let chars = text.chars().count();
    let odd = text.chars().any(|c| visible::is_hidden(c) && c != '\n' && c != '\t');
    if !visible::says(text) || chars > REASON_CHARS_MAX || odd {
        return Err(inconsistent(
            pointer,
            format!(
                "`{}` is not 1 to {REASON_CHARS_MAX} characters that print, three different letters or digits among them",
                &pointer.replace('/', "")
            ),
            "say in your own words why; line breaks may stand in it",
        ));
    }
    Ok(())
}

/// Two capital letters.
fn check_country(pointer: &str, country: Option<&str>) -> Result<(), Refusal> {
    match country {
        Some(code) if code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase()) => Err(inconsistent(
            pointer,
            format!("`{}` is not a country code", code.chars().take(16).collect::<String>()),
            "write two capital letters (ISO 3166-1), such as `KR`",
        )),
        _ => Ok(()),
    }
}
