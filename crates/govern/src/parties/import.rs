//! Accounts and vendors as an exchange has them already: many at once, each as its own put would make it.
//!
//! A line says nothing of what it leaves out. A customer, a person or an owner that an account names and nobody has put comes with it.
//! A vendor comes as `applied` whatever the line says: whether it may be used is decided here.

use super::account::{self, Account, AccountPut, Around};
use super::closing;
use super::customer::{self, Customer, CustomerPut, Standing};
use super::operator::{self, Operator, OperatorKind, OperatorPut, OperatorState};
use super::person::{self, Person, PersonPut, PersonRole};
use super::vendor::{self, Diligence, Vendor, VendorClass, VendorPut};
use super::{Draft, Party, inconsistent};
use crate::actor::Actor;
use crate::call::{Call, Planned};
use crate::govern::{Govern, change, facts, store_refusal};
use crate::imports::take::line_refused;
use crate::imports::{Taken, Taking};
use crate::plan::Plan;
use crate::refusal::{NOTHING, Refusal, nothing};
use crate::row;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use sumun_model::Timestamp;
use sumun_model::wire::{AccountLine, VendorLine};
use sumun_store::tables::{ACCOUNTS, CUSTOMERS, OPERATORS, PERSONS, VENDORS};
use sumun_store::{Image, RowRead, Table};

/// Rows as they stand, and as this part of an import leaves them.
#[derive(Default)]
struct Rows {
    stand: BTreeMap<(&'static str, String), Image>,
    will: BTreeMap<(&'static str, String), Image>,
    reads: BTreeMap<(&'static str, String), RowRead>,
    /// What the line at hand wrote over, to be undone if it is refused.
    before: Vec<((&'static str, String), Option<Image>)>,
}

impl Rows {
    /// Does all of it or nothing.
    fn whole_or_nothing(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<Made, Refusal>,
    ) -> Result<Made, Refusal> {
        self.before.clear();
        let done = work(self);
        if done.is_err() {
            while let Some((at, before)) = self.before.pop() {
                match before {
                    Some(before) => self.will.insert(at, before),
                    None => self.will.remove(&at),
                };
            }
        }
        done
    }

    fn get(&self, table: &'static Table, key: &str) -> Option<&Image> {
        let at = (table.name, key.to_owned());
        self.will.get(&at).or_else(|| self.stand.get(&at))
    }

    /// What a draft would write, unless it stands so; and whether it is new.
    fn put<P: Party>(&mut self, id: &str, draft: Draft) -> Made {
        let at = (P::TABLE.name, id.to_owned());
        // What this part makes itself needs no reading.
        for read in draft.reads {
            if !self.stand.contains_key(&(read.table.name, read.key.clone())) {
                continue;
            }
            self.reads.entry((read.table.name, read.key.clone())).or_insert(read);
        }
        let mut image = draft.columns;
        image.insert(P::TABLE.key.to_owned(), json!(id));
        let before = self.get(P::TABLE, id);
        let version = before.map_or(0, row::version);
        image.insert("version".to_owned(), json!(version));
        if before == Some(&image) {
            return Made::Same;
        }
        let made = if before.is_some() { Made::Changed } else { Made::New };
        let before = self.will.insert(at.clone(), image);
        self.before.push((at, before));
        made
    }
}

/// What a put came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    New,
    Changed,
    Same,
}

impl Govern {
    /// Accounts of a part, with whoever they name.
    pub(crate) async fn take_accounts(
        &self,
        actor: &Actor,
        taking: &Taking,
        lines: &[(u64, &AccountLine)],
    ) -> Result<Taken, Refusal> {
        self.take_parties(actor, taking, "account.imported", |now| async move {
            let mut rows = Rows::default();
            let named = |of: fn(&AccountLine) -> Option<String>| -> Vec<String> {
                lines.iter().filter_map(|(_, line)| of(line)).collect()
            };
            let own = named(|line| Some(line.account.to_string()));
            let parents = named(|line| line.parent.as_ref().map(ToString::to_string));
            self.load(&mut rows, &ACCOUNTS, own.into_iter().chain(parents).collect()).await?;
            // A line says nothing of what it leaves out: whom an account names already counts as named.
            let standing = |column: &str, rows: &Rows| -> Vec<String> {
                let accounts = rows.stand.values().filter(|row| row.contains_key("owner"));
                accounts.filter_map(|row| row::text_or_null(row, column)).collect()
            };
            let parents = standing("parent", &rows);
            self.load(&mut rows, &ACCOUNTS, parents).await?;
            let (own_persons, own_owners) = (standing("person", &rows), standing("owner", &rows));
            let mut customers = named(|line| line.customer.as_ref().map(ToString::to_string));
            customers.extend(rows.stand.values().map(|row| row::text(row, "customer").to_owned()));
            self.load(&mut rows, &CUSTOMERS, customers).await?;
            let mut persons = named(|line| line.person.as_ref().map(ToString::to_string));
            persons.extend(own_persons);
            self.load(&mut rows, &PERSONS, persons).await?;
            let mut owners = named(|line| line.owner.as_ref().map(ToString::to_string));
            owners.extend(own_owners);
            self.load(&mut rows, &OPERATORS, owners).await?;
            let mut taken = Taken::default();
            for (number, line) in lines {
                let id = line.account.as_str();
                match rows.whole_or_nothing(|rows| account_line(actor, rows, line, now)) {
                    Ok(Made::New) => taken.made += 1,
                    Ok(Made::Changed) => taken.changed += 1,
                    Ok(Made::Same) => taken.same += 1,
                    Err(refusal) => {
                        taken.refused.push(line_refused(*number, &format!("account:{id}"), &refusal));
                    }
                }
            }
            Ok((rows, taken))
        })
        .await
    }

    /// Vendors of a part.
    pub(crate) async fn take_vendors(
        &self,
        actor: &Actor,
        taking: &Taking,
        lines: &[(u64, &VendorLine)],
    ) -> Result<Taken, Refusal> {
        self.take_parties(actor, taking, "vendor.imported", |now| async move {
            let mut rows = Rows::default();
            let ids = lines.iter().map(|(_, line)| line.vendor.to_string()).collect();
            self.load(&mut rows, &VENDORS, ids).await?;
            let mut taken = Taken::default();
            for (number, line) in lines {
                match vendor_line(&mut rows, line, now) {
                    Ok(Made::New | Made::Changed) => taken.made += 1,
                    Ok(Made::Same) => taken.same += 1,
                    Err(refusal) => {
                        let subject = format!("vendor:{}", line.vendor);
                        taken.refused.push(line_refused(*number, &subject, &refusal));
                    }
                }
            }
            Ok((rows, taken))
        })
        .await
    }

    async fn load(&self, rows: &mut Rows, table: &'static Table, ids: Vec<String>) -> Result<(), Refusal> {
        for row in self.store.get_many(table, &ids).await.map_err(store_refusal)? {
            rows.stand.insert((table.name, row::text(&row, table.key).to_owned()), row);
        }
        Ok(())
    }

    /// Writes what a part makes, as one change; nothing if all of it stands.
    async fn take_parties<F, Fut>(
        &self,
        actor: &Actor,
        taking: &Taking,
        class: &'static str,
        draft: F,
    ) -> Result<Taken, Refusal>
    where
        F: Fn(Timestamp) -> Fut,
        Fut: Future<Output = Result<(Rows, Taken), Refusal>>,
    {
        let outcome = Mutex::new(Taken::default());
        let (outcome_of, draft) = (&outcome, &draft);
        let call = Call { dry_run: taking.dry_run, ..Call::default() };
        let done = self
            .run(actor, &call, |now| async move {
                let (rows, taken) = draft(now).await?;
                *outcome_of.lock().unwrap_or_else(PoisonError::into_inner) = taken;
                let plan = plan(actor, taking, class, rows, now);
                if plan.change.writes.is_empty() {
                    Err(nothing())
                } else {
                    Ok(Planned { plan, value: (), status: 200 })
                }
            })
            .await;
        match done {
            Ok(_) => {}
            Err(refusal) if refusal.code == NOTHING => {}
            Err(refusal) => return Err(refusal),
        }
        Ok(outcome.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

fn plan(actor: &Actor, taking: &Taking, class: &'static str, rows: Rows, now: Timestamp) -> Plan {
    let mut facts = facts(actor);
    facts.insert("source".to_owned(), json!(taking.source));
    let mut change = change(class, now, facts);
    let Rows { stand, will, reads, .. } = rows;
    for ((table, key), image) in will {
        let Some(of) = TABLES.iter().find(|of| of.name == table) else { continue };
        change.writes.push(row::replace(of, stand.get(&(table, key)), image));
    }
    let written = |read: &RowRead| {
        change.writes.iter().any(|write| {
            write.table.name == read.table.name && row::text(&write.image, write.table.key) == read.key
        })
    };
    change.reads = reads.into_values().filter(|read| !written(read)).collect();
    let title = format!("take {} rows as `{}` has them", change.writes.len(), taking.source);
    Plan { title, effects: Vec::new(), warnings: Vec::new(), change }
}

/// What an import of parties writes.
const TABLES: &[&Table] = &[&ACCOUNTS, &CUSTOMERS, &OPERATORS, &PERSONS, &VENDORS];

/// An account's line, with whoever it names.
fn account_line(actor: &Actor, rows: &mut Rows, line: &AccountLine, now: Timestamp) -> Result<Made, Refusal> {
    let id = line.account.as_str();
    let before = rows.get(&ACCOUNTS, id).cloned();
    let column = |name: &str| before.as_ref().and_then(|row| row::text_or_null(row, name));
    let missing = |field: &str| {
        inconsistent(
            format!("/{field}").as_str(),
            format!("account `{id}` is new, and the line names no {field}"),
            format!("name its {field}"),
        )
    };
    let customer = line
        .customer
        .clone()
        .map_or_else(|| known(column("customer")), Some)
        .ok_or_else(|| missing("customer"))?;
    let whose = rows.get(&CUSTOMERS, customer.as_str()).cloned();
    let of_customer = whose.as_ref().map(|row| row::text(row, "segment").to_owned());
    let segment = line
        .segment
        .map_or_else(|| known(column("segment").or_else(|| of_customer.clone())), Some)
        .ok_or_else(|| missing("segment"))?;
    closing::segment_by_lead(actor, segment, before.as_ref(), of_customer.as_deref())?;
    let put = AccountPut {
        customer: customer.clone(),
        person: line.person.clone().map_or_else(|| known(column("person")), Some),
        segment,
        segment_reason: None,
        country: line.country.clone().or_else(|| column("country")),
        opened: line.opened.map_or_else(|| known(column("opened")), Some),
        owner: line.owner.clone().map_or_else(|| known(column("owner")), Some),
        parent: line.parent.clone().map_or_else(|| known(column("parent")), Some),
        fee_tier: line.fee_tier.clone().or_else(|| column("fee_tier")),
        // An import opens and closes nothing.
        state: if column("state").as_deref() == Some("closed") { Standing::Closed } else { Standing::Active },
    };
    if whose.is_none() {
        let new =
            CustomerPut { segment, country: put.country.clone(), state: Standing::Active, purpose: None };
        rows.put::<Customer>(customer.as_str(), customer::draft(&new, None, now)?);
    }
    if let Some(person) = &put.person
        && rows.get(&PERSONS, person.as_str()).is_none()
    {
        let new = PersonPut {
            customer: customer.clone(),
            name: None,
            email: None,
            phone: None,
            role: PersonRole::Owner,
            confirmed: None,
        };
        let behind = rows.get(&CUSTOMERS, customer.as_str()).cloned();
        rows.put::<Person>(person.as_str(), person::draft(&new, None, behind.as_ref())?);
    }
    if let Some(owner) = &put.owner
        && rows.get(&OPERATORS, owner.as_str()).is_none()
    {
        let new = OperatorPut {
            kind: OperatorKind::Owner,
            customer: Some(customer.clone()),
            vendor: None,
            name: None,
            networks: Vec::new(),
            state: OperatorState::Active,
        };
        let behind = rows.get(&CUSTOMERS, customer.as_str()).cloned();
        let draft = operator::draft(owner.as_str(), &new, None, behind.as_ref(), None)?;
        rows.put::<Operator>(owner.as_str(), draft);
    }
    let row_of = |table, id: Option<&str>| id.and_then(|id| rows.get(table, id)).cloned();
    let around = Around {
        customer: row_of(&CUSTOMERS, Some(customer.as_str())),
        person: row_of(&PERSONS, put.person.as_ref().map(|id| id.as_str())),
        owner: row_of(&OPERATORS, put.owner.as_ref().map(|id| id.as_str())),
        parent: row_of(&ACCOUNTS, put.parent.as_ref().map(|id| id.as_str())),
    };
    Ok(rows.put::<Account>(id, account::draft(id, &put, before.as_ref(), &around)?))
}

/// A vendor's line: a new one is entered; of one that stands here it is told where it differs.
fn vendor_line(rows: &mut Rows, line: &VendorLine, now: Timestamp) -> Result<Made, Refusal> {
    let id = line.vendor.as_str();
    let class = line.class.map(|class| match class {
        sumun_model::wire::state::VendorClass::Tool => VendorClass::Tool,
        sumun_model::wire::state::VendorClass::Signal => VendorClass::Signal,
        sumun_model::wire::state::VendorClass::Discretionary => VendorClass::Discretionary,
    });
    let Some(before) = rows.get(&VENDORS, id) else {
        let put = VendorPut {
            name: id.to_owned(),
            class: class.unwrap_or(VendorClass::Tool),
            networks: line.networks.clone().unwrap_or_default(),
            scopes: line.scopes.unwrap_or_default(),
            diligence: Diligence::default(),
            attested: None,
        };
        let draft = vendor::draft(&put, None, now)?;
        return Ok(rows.put::<Vendor>(id, draft));
    };
    let differs = [
        ("class", class.is_some_and(|class| class.as_str() != row::text(before, "class"))),
        (
            "networks",
            line.networks
                .as_ref()
                .is_some_and(|told| *told != row::json::<Vec<sumun_model::Prefix>>(before, "networks")),
        ),
        (
            "scopes",
            line.scopes.is_some_and(|told| told != row::json::<sumun_model::ScopeSet>(before, "scopes")),
        ),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        None => Ok(Made::Same),
        Some((field, _)) => Err(inconsistent(
            format!("/{field}").as_str(),
            format!("vendor `{id}` stands here with another `{field}`, and the register is kept here"),
            "have a compliance lead put it with `sumun vendors put`, or correct the export",
        )),
    }
}

/// What a column holds as an id; none if it holds nothing that is one.
fn known<T: DeserializeOwned>(text: Option<String>) -> Option<T> {
    serde_json::from_value(json!(text?)).ok()
}
