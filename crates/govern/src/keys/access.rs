//! Who may do what to a key, and what is loaded to know it: the key, its account, the verified customer behind it.

use super::row::KeyRow;
use super::rules::VendorFacts;
use crate::actor::{Actor, Role};
use crate::govern::{Govern, not_found};
use crate::refusal::{Refusal, RefusalKind};
use crate::row::{json, text, text_or_null, unchanged, update};
use crate::venue::Venue;
use sumun_model::{Segment, Timestamp, visible};
use sumun_store::tables::{ACCOUNTS, CUSTOMERS, KEYS, OPERATORS, VENDORS};
use sumun_store::{Change, Image, RowRead};

/// A customer's roles that hold keys.
pub const KEY_OWNERS: &[Role] = &[Role::Owner, Role::CorporateAdmin, Role::Broker, Role::MarketMaker];
/// Who may suspend.
pub const SUSPENDERS: &[Role] = &[Role::Analyst, Role::Approver, Role::SecurityAdmin];
/// Who may give a suspended key back.
pub const LIFTERS: &[Role] = &[Role::Approver, Role::SecurityAdmin];
/// Who may hold a key on suspicion and end the hold.
pub const HOLDERS: &[Role] = &[Role::Analyst, Role::Approver, Role::ComplianceLead];
/// Who may propose that a key be ended by force.
pub const PROPOSERS: &[Role] = &[Role::Analyst, Role::Approver, Role::ComplianceLead, Role::SecurityAdmin];
/// Who may report an exposed secret, beside its owner.
pub const EXPOSURE_REPORTERS: &[Role] =
    &[Role::Analyst, Role::SecurityAdmin, Role::Support, Role::ExchangeBackend];
/// Who sees every customer's keys.
pub const READERS: &[Role] = &[
    Role::Viewer,
    Role::Analyst,
    Role::Approver,
    Role::ComplianceLead,
    Role::SecurityAdmin,
    Role::Auditor,
    Role::Support,
    Role::ExchangeBackend,
];

/// Who sees what is kept from a customer: that he is watched, what staff wrote, what is proposed about him. Not those who talk
/// with him, and not the machine that shows him his keys: what they do not know they cannot let slip.
pub const INSIDE: &[Role] =
    &[Role::Viewer, Role::Analyst, Role::Approver, Role::ComplianceLead, Role::SecurityAdmin, Role::Auditor];

/// Whether he sees what is kept from a customer; the clock and its like do.
#[must_use]
pub fn inside(actor: &Actor) -> bool {
    let customer = actor.roles.iter().any(|role| role.is_customer());
    !customer && (actor.has(INSIDE) || actor.principal.starts_with("system:"))
}

/// An account as far as keys look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountFacts {
    /// Its id.
    pub account: String,
    /// The verified customer.
    pub customer: String,
    /// The natural person, if one stands behind it.
    pub person: Option<String>,
    /// Which rules hold.
    pub segment: Segment,
    /// The owner as an operator.
    pub owner: Option<String>,
    /// Account and customer as they were read: the change relies on both.
    pub reads: Vec<RowRead>,
    /// The account's row.
    row: Image,
    /// The customer's row, if he is verified here.
    customer_row: Option<Image>,
}

impl AccountFacts {
    /// For a change that adds a key to the account: it relies on both rows and writes the account's anew, so that of two
    /// such changes at once the later one counts the earlier one's key.
    pub(crate) fn gets_a_key(&self, change: &mut Change) {
        change.reads.extend(self.reads.iter().filter(|read| read.table.name != ACCOUNTS.name).cloned());
        change.writes.push(update(&ACCOUNTS, &self.row, []));
    }

    /// For a change of a measure: it writes the customer's row anew, on which every new key of his relies, so that no key
    /// comes to life beside a measure unseen.
    pub(crate) fn gets_a_measure(&self, change: &mut Change) {
        change.writes.extend(self.customer_row.as_ref().map(|row| update(&CUSTOMERS, row, [])));
    }
}

/// A key and whose it is.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The key.
    pub key: KeyRow,
    /// Its account.
    pub account: AccountFacts,
}

/// Refuses who is not the customer behind this account, in a human session.
///
/// # Errors
/// `owner_only` for staff and machines, `not_found` for other customers, `session_missing`.
pub fn owner<'a>(actor: &'a Actor, account: &AccountFacts) -> Result<&'a str, Refusal> {
    if !actor.has(KEY_OWNERS) {
        return Err(Refusal::new(
            RefusalKind::Forbidden,
            "owner_only",
            format!(
                "`{}` is not the customer: nobody asks for or changes a key in the customer's place",
                actor.principal
            ),
            "let the customer do it in a session of their own; staff can suspend, hold, or propose to end a key",
        ));
    }
    if actor.customer.as_deref() != Some(account.customer.as_str()) {
        return Err(not_found("account", &account.account));
    }
    actor.session.as_deref().ok_or_else(|| {
        Refusal::new(
            RefusalKind::Forbidden,
            "session_missing",
            "a key is bound to the human session that asked for it, and there is none",
            "sign in through the exchange and ask again",
        )
    })
}

/// Refuses without a second factor shown lately.
///
/// # Errors
/// `second_factor_needed`.
pub fn fresh(venue: &Venue, actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
    if actor.second_factor.as_ref().is_some_and(|factor| venue.accepts_factor(factor, now)) {
        return Ok(());
    }
    let minutes = venue.second_factor.age_minutes_max.get();
    let methods: Vec<&str> = venue.second_factor.methods.iter().map(|method| method.as_str()).collect();
    Err(Refusal::new(
        RefusalKind::StepUp,
        "second_factor_needed",
        format!("this takes a second factor shown within the last {minutes} minutes"),
        format!("show one of {} and repeat the request", methods.join(", ")),
    ))
}

/// Whether he may see this customer's things.
#[must_use]
pub fn sees(actor: &Actor, customer: &str) -> bool {
    actor.has(READERS)
        || actor.principal.starts_with("system:")
        || (actor.has(KEY_OWNERS) && actor.customer.as_deref() == Some(customer))
}

/// Staff give reasons in their own words: this many characters at least, so that "ok" is none.
pub const REASON_CHARS_MIN: usize = 8;
/// Longest reason kept.
pub const REASON_CHARS_MAX: usize = 2_000;

/// A reason in own words.
///
/// # Errors
/// `reason_missing`, `reason_too_long`, `reason_unprintable`.
pub fn reason<'a>(field: &str, text: &'a str) -> Result<&'a str, Refusal> {
    let trimmed = text.trim();
    let chars = trimmed.chars().count();
    let odd = trimmed.chars().any(|c| visible::is_hidden(c) && c != '\n' && c != '\t');
    let (code, message) = if odd {
        ("reason_unprintable", format!("`{field}` holds characters that do not print"))
    } else if !visible::says(trimmed) {
        (
            "reason_missing",
            format!("`{field}` says nothing: it needs three different letters or digits at least"),
        )
    } else if chars < REASON_CHARS_MIN {
        (
            "reason_missing",
            format!(
                "`{field}` says too little: {chars} characters, where {REASON_CHARS_MIN} are needed at least"
            ),
        )
    } else if chars > REASON_CHARS_MAX {
        (
            "reason_too_long",
            format!("`{field}` is {chars} characters long, at most {REASON_CHARS_MAX} are kept"),
        )
    } else {
        return Ok(trimmed);
    };
    Err(Refusal::new(
        RefusalKind::Invalid,
        code,
        message,
        "say in your own words what was seen and why this follows; it stands in the record for ever",
    )
    .at(format!("/{field}")))
}

/// The segment that an account's row names.
///
/// # Errors
/// `row_unreadable`.
pub(crate) fn segment_of(account: &str, row: &Image) -> Result<Segment, Refusal> {
    text(row, "segment").parse::<Segment>().map_err(|error| {
        Refusal::new(
            RefusalKind::Unavailable,
            "row_unreadable",
            format!("account `{account}`: {error}"),
            "run `sumun ledger verify`, then put the account again",
        )
    })
}

impl Govern {
    /// The account and the customer behind it, both in good standing for `asking`.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`, `account_unreadable`.
    pub(crate) async fn account_facts(
        &self,
        account: &str,
    ) -> Result<(AccountFacts, Option<Refusal>), Refusal> {
        let row = self.row_or_not_found(&ACCOUNTS, "account", account).await?;
        let customer = text(&row, "customer").to_owned();
        let customer_row = self.row(&CUSTOMERS, &customer).await?;
        let segment = segment_of(account, &row)?;
        let standing = standing(account, &row, &customer, customer_row.as_ref());
        let facts = AccountFacts {
            account: account.to_owned(),
            person: text_or_null(&row, "person"),
            segment,
            owner: text_or_null(&row, "owner"),
            reads: vec![
                unchanged(&ACCOUNTS, account, Some(&row)),
                unchanged(&CUSTOMERS, &customer, customer_row.as_ref()),
            ],
            customer,
            row,
            customer_row,
        };
        Ok((facts, standing))
    }

    /// A key that this principal may see, with its account.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    pub(crate) async fn key_loaded(&self, actor: &Actor, key: &str) -> Result<Loaded, Refusal> {
        let row = KeyRow::of(&self.row_or_not_found(&KEYS, "key", key).await?)?;
        let (account, _) = self.account_facts(&row.account).await?;
        if !sees(actor, &account.customer) {
            return Err(not_found("key", key));
        }
        Ok(Loaded { key: row, account })
    }

    pub(crate) async fn vendor_facts(
        &self,
        vendor: Option<&str>,
    ) -> Result<Option<(VendorFacts, RowRead)>, Refusal> {
        let Some(vendor) = vendor else { return Ok(None) };
        let Some(row) = self.row(&VENDORS, vendor).await? else {
            return Err(Refusal::new(
                RefusalKind::Invalid,
                "vendor_unknown",
                format!("there is no vendor `{vendor}` in the registry"),
                "choose one from the list of approved vendors",
            )
            .at("/vendor"));
        };
        let facts = VendorFacts {
            vendor: vendor.to_owned(),
            state: text(&row, "state").to_owned(),
            scopes: json(&row, "scopes"),
            networks: json(&row, "networks"),
        };
        Ok(Some((facts, unchanged(&VENDORS, vendor, Some(&row)))))
    }

    /// The operator named, or the account's owner; on record and active, and this customer's or this vendor's.
    pub(crate) async fn operator_facts(
        &self,
        operator: Option<&str>,
        vendor: Option<&str>,
        account: &AccountFacts,
    ) -> Result<(String, Option<RowRead>), Refusal> {
        let invalid = |code, message: String, remedy: &str| {
            Refusal::new(RefusalKind::Invalid, code, message, remedy).at("/operator")
        };
        let Some(operator) = operator.or(account.owner.as_deref()) else {
            return Err(invalid(
                "operator_missing",
                "it is not on record who will drive this key".to_owned(),
                "name an operator of this customer; a key handed to somebody who is not on record is lent",
            ));
        };
        let Some(row) = self.row(&OPERATORS, operator).await? else {
            // The account's own owner needs no record beside the account.
            return if account.owner.as_deref() == Some(operator) {
                Ok((operator.to_owned(), Some(unchanged(&OPERATORS, operator, None))))
            } else {
                Err(invalid(
                    "operator_unknown",
                    format!("there is no operator `{operator}` on record"),
                    "have the operator recorded first",
                ))
            };
        };
        let theirs = text_or_null(&row, "customer").is_some_and(|customer| customer == account.customer)
            || vendor.is_some() && text_or_null(&row, "vendor").as_deref() == vendor;
        if !theirs || text(&row, "state") != "active" {
            return Err(invalid(
                "operator_not_approved",
                format!("operator `{operator}` is not an active one of this customer or vendor"),
                "name one that is, or have it recorded first",
            ));
        }
        Ok((operator.to_owned(), Some(unchanged(&OPERATORS, operator, Some(&row)))))
    }
}

fn standing(account: &str, row: &Image, customer: &str, customer_row: Option<&Image>) -> Option<Refusal> {
    let no = |message: String| {
        Refusal::new(
            RefusalKind::Conflict,
            "account_not_active",
            message,
            "the exchange's customer service can say why and what is needed",
        )
    };
    match customer_row {
        None => Some(no(format!("customer `{customer}` behind account `{account}` is not verified here"))),
        Some(found) if text(found, "state") != "active" => {
            Some(no(format!("customer `{customer}` is `{}`", text(found, "state"))))
        }
        Some(_) if text(row, "state") != "active" => {
            Some(no(format!("account `{account}` is `{}`", text(row, "state"))))
        }
        Some(_) => None,
    }
}

/// A secret is shown to the person who asked for the key, never to another of the same customer.
///
/// # Errors
/// `requester_only`.
pub(crate) fn requester(actor: &Actor, key: &KeyRow) -> Result<(), Refusal> {
    if actor.principal == key.requested_by {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Forbidden,
        "requester_only",
        "a key is issued to the person who asked for it and to nobody else",
        "let whoever asked have it issued in their own session; another person asks for a key of their own",
    ))
}
