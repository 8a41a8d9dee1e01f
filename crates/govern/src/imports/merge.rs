//! What a line makes of a key: one pure rule for import, snapshot and changes.
//!
//! Dead wins: what has ended here stays ended whatever the line says, and what has ended there ends here. Of a living key the line
//! changes only what the exchange's word counts for; the rest is told as a difference. What a line leaves out it says nothing of.

use crate::keys::row::{Grant, IMPORT_SESSION, KeyRow, Scheme};
use crate::keys::steps;
use crate::venue::{Attribute, Authority, AuthorityRules};
use sumun_model::key::AllowlistEntry;
use sumun_model::wire::KeyLine;
use sumun_model::{ExpiryCause, KeyState, Prefix, Purpose, Scope, Segment, Timestamp, visible};

/// The end of a key that has none at the exchange, as gates and clocks want an instant: 2200-01-01. Later ones in microseconds are
/// soon more than every JSON reader holds exactly.
pub const NO_END: Timestamp = Timestamp::from_micros(7_258_118_400_000_000);
/// What an application is called that nobody named.
pub const APPLICATION_UNKNOWN: &str = "not declared";
/// Longest name of an application that is kept, in characters.
const APPLICATION_CHARS_MAX: usize = 120;
/// Most addresses of one key, as everywhere.
const ALLOWLIST_ENTRIES_MAX: usize = crate::keys::rules::ALLOWLIST_ENTRIES_MAX;

/// Why a line makes nothing of a key: code, field, what is wrong, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct No {
    /// Stable.
    pub code: &'static str,
    /// The line's field.
    pub field: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: &'static str,
}

fn no(code: &'static str, field: &'static str, message: impl Into<String>, remedy: &'static str) -> No {
    No { code, field, message: message.into(), remedy }
}

/// An account as far as a key that comes in looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub account: String,
    /// Whose.
    pub customer: String,
    /// Which rules hold.
    pub segment: Segment,
    /// The owner as an operator.
    pub owner: Option<String>,
    /// Whether account and customer do business here.
    pub open: bool,
}

/// What is known of the key and around it.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The key, if it is on record.
    pub here: Option<&'a KeyRow>,
    /// When the id ended here, by the registry of dead ids.
    pub dead_us: Option<i64>,
    /// The account that the line names, if it is on record.
    pub holder: Option<&'a Holder>,
}

/// How it is done, by whom, when.
#[derive(Clone, Copy, Debug)]
pub struct Doing<'a> {
    /// Whose word counts.
    pub authority: &'a AuthorityRules,
    /// Who tells, as the key will name him.
    pub principal: &'a str,
    /// The source's name.
    pub source: &'a str,
    /// When.
    pub now: Timestamp,
}

/// What becomes of the key.
#[derive(Clone, Debug, PartialEq)]
pub enum Becomes {
    /// It comes on record; ended, if it has ended there.
    Made(Box<KeyRow>),
    /// It is brought up to date.
    Changed(Box<KeyRow>),
    /// It ends, with this cause.
    Ends(ExpiryCause),
    /// Nothing.
    Same,
}

/// A line's outcome: what becomes of the key, and in what of ours the line differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// What becomes of it.
    pub becomes: Becomes,
    /// Where Sumun's word counts and the exchange has it otherwise.
    pub differs: Vec<Attribute>,
}

/// Merges.
///
/// # Errors
/// Why nothing is made of the line.
pub fn merge(line: &KeyLine, known: Known<'_>, doing: Doing<'_>) -> Result<Merged, No> {
    let state = line.state.ok_or_else(|| {
        no(
            "state_missing",
            "state",
            "the line does not say whether the key lives",
            "say its state: `active`, `suspended`, `expired` or `rejected`",
        )
    })?;
    if let (Some(at), false) = (known.dead_us, state.is_terminal()) {
        return Err(no(
            "dead_id",
            "key",
            format!(
                "key `{}` has ended here on {}, and is `{state}` at the exchange: an id that has ended never lives again",
                line.key,
                Timestamp::from_micros(at)
            ),
            "end it at the exchange now; its holder may ask for a new key, with a new id",
        ));
    }
    let same = Merged { becomes: Becomes::Same, differs: Vec::new() };
    match known.here {
        None if known.dead_us.is_some() => Ok(same),
        None => made(line, state, known.holder, doing)
            .map(|key| Merged { becomes: Becomes::Made(Box::new(key)), differs: Vec::new() }),
        Some(here) if here.state.is_terminal() => Ok(same),
        // It is over, though nobody has written so yet: a later date would be a second life.
        Some(here)
            if !state.is_terminal() && here.state != KeyState::Requested && here.ends() <= doing.now =>
        {
            Err(no(
                "dead_id",
                "key",
                format!(
                    "key `{}` ran out here on {}, and is `{state}` at the exchange: an id that has ended never lives again",
                    here.key,
                    here.ends()
                ),
                "end it at the exchange now; its holder may ask for a new key, with a new id",
            ))
        }
        Some(here) => {
            if line.account.as_ref().is_some_and(|account| account.as_str() != here.account) {
                return Err(no(
                    "account_differs",
                    "account",
                    format!(
                        "key `{}` belongs to account `{}` here, and a key never changes hands",
                        here.key, here.account
                    ),
                    "correct the account; for another account the exchange issues another key",
                ));
            }
            if state.is_terminal() {
                let cause = line.cause.unwrap_or(ExpiryCause::Natural);
                return Ok(Merged { becomes: Becomes::Ends(cause), differs: Vec::new() });
            }
            if here.state == KeyState::Requested {
                return Err(no(
                    "asked_for_here",
                    "key",
                    format!("key `{}` was asked for here and is not issued yet", here.key),
                    "let it be issued or revoked here first",
                ));
            }
            changed(line, state, here, doing)
        }
    }
}

/// The key as it comes on record.
fn made(line: &KeyLine, state: KeyState, holder: Option<&Holder>, doing: Doing<'_>) -> Result<KeyRow, No> {
    if state == KeyState::Requested {
        return Err(no(
            "state_not_taken",
            "state",
            "a key that nobody has granted yet is not imported",
            "send it once the exchange has granted it; it can do nothing until then",
        ));
    }
    let Some(account) = &line.account else {
        return Err(no(
            "account_missing",
            "account",
            "the line names no account",
            "name the one account that the key belongs to",
        ));
    };
    let Some(holder) = holder else {
        return Err(no(
            "account_unknown",
            "account",
            format!("there is no account `{account}` on record"),
            "import the accounts first, then this line again",
        ));
    };
    if !holder.open && !state.is_terminal() {
        return Err(no(
            "account_not_active",
            "account",
            format!(
                "account `{account}`, or the customer behind it, is closed here, and the key lives there"
            ),
            "end the key at the exchange, or have the account opened again",
        ));
    }
    let Some(scopes) = line.scopes else {
        return Err(no(
            "scopes_missing",
            "scopes",
            "the line does not say what the key may do",
            "list its scopes",
        ));
    };
    if scopes.is_empty() && !state.is_terminal() {
        return Err(no(
            "scopes_missing",
            "scopes",
            "the key may do nothing",
            "list its scopes, or end it at the exchange",
        ));
    }
    let purpose = line.purpose.unwrap_or(Purpose::Other);
    never(purpose, scopes)?;
    let allowlist: Vec<AllowlistEntry> = prefixes(line)?.unwrap_or_default();
    if line.mandate.as_ref().is_some_and(|mandate| mandate.orders_per_second_max == Some(0)) {
        return Err(no(
            "mandate_bad",
            "mandate.orders_per_second_max",
            "0 orders a second would refuse every order",
            "leave the limit out, or take the scope `trade` out",
        ));
    }
    let ended = state.is_terminal();
    let created = line.created.unwrap_or(line.ts).as_micros();
    // Who drives it is for its owner to declare; until then the account's own owner answers for it.
    let operator = line.operator.as_ref().map(ToString::to_string).or_else(|| holder.owner.clone());
    Ok(KeyRow {
        key: line.key.to_string(),
        account: account.to_string(),
        state,
        measure: None,
        before_hold: None,
        cause: (state == KeyState::Expired).then(|| line.cause.unwrap_or(ExpiryCause::Natural)),
        scopes,
        allowlist,
        purpose,
        application: application(line)?.unwrap_or_else(|| APPLICATION_UNKNOWN.to_owned()),
        operator: operator.unwrap_or_else(|| holder.customer.clone()),
        vendor: line.vendor.as_ref().map(ToString::to_string),
        scheme: Scheme::Hs256,
        secret: None,
        exposure: None,
        public_key: None,
        created_us: created,
        expires_us: line.expires.unwrap_or(NO_END).as_micros(),
        rotate_by_us: None,
        ends_us: None,
        replaces: line.replaces.as_ref().map(ToString::to_string),
        mandate: line.mandate.clone().unwrap_or_default(),
        terms: String::new(),
        terms_accepted_us: created,
        requested_by: doing.principal.to_owned(),
        session: format!("{IMPORT_SESSION}{}", doing.source),
        approvals: steps::of(scopes)
            .into_iter()
            .map(|step| Grant { step, approval: None, granted: !ended, until_us: None })
            .collect(),
        canary: 0,
        reason: None,
        review_by: None,
        review_due_us: None,
        next_due_us: None,
        campaign: None,
        version: 1,
    })
}

/// What a living key becomes by a line about a living one.
fn changed(line: &KeyLine, state: KeyState, here: &KeyRow, doing: Doing<'_>) -> Result<Merged, No> {
    let mut after = here.clone();
    let mut differs = Vec::new();
    for attribute in differences(line, state, here)? {
        // What the exchange suspended itself it may serve again itself. Nobody here has acted on it.
        if attribute == Attribute::State && here.is_suspended_there() && state == KeyState::Active {
            after.state = state;
            continue;
        }
        if doing.authority.of(attribute) == Authority::Sumun {
            differs.push(attribute);
            continue;
        }
        match attribute {
            Attribute::Scopes => {
                let scopes = line.scopes.unwrap_or(here.scopes);
                never(here.purpose, scopes)?;
                after.scopes = scopes;
                steps::note_new(&mut after, here.scopes, None);
            }
            Attribute::Allowlist => {
                if let Some(told) = prefixes(line)? {
                    // What is known of an address stays known.
                    let known = |entry: &AllowlistEntry| {
                        here.allowlist.iter().find(|old| old.prefix() == entry.prefix())
                    };
                    after.allowlist =
                        told.iter().map(|entry| known(entry).unwrap_or(entry).clone()).collect();
                }
            }
            Attribute::Expires => {
                if let Some(expires) = line.expires {
                    after.expires_us = expires.as_micros();
                }
            }
            Attribute::Application => {
                if let Some(application) = application(line)? {
                    after.application = application;
                }
            }
            Attribute::State | Attribute::Account => {}
        }
    }
    let becomes = if after == *here { Becomes::Same } else { Becomes::Changed(Box::new(after)) };
    Ok(Merged { becomes, differs })
}

/// In what a line about a living key differs from the living key here.
///
/// # Errors
/// What the line says cannot be.
pub fn differences(line: &KeyLine, state: KeyState, here: &KeyRow) -> Result<Vec<Attribute>, No> {
    let mut found = Vec::new();
    let mut note = |attribute, differs: bool| {
        if differs {
            found.push(attribute);
        }
    };
    note(Attribute::State, state != here.state);
    note(Attribute::Scopes, line.scopes.is_some_and(|scopes| !scopes.is_empty() && scopes != here.scopes));
    let told = prefixes(line)?;
    note(Attribute::Allowlist, told.is_some_and(|told| sorted(&told) != sorted(&here.allowlist)));
    note(Attribute::Expires, line.expires.is_some_and(|expires| expires.as_micros() != here.expires_us));
    note(Attribute::Application, application(line)?.is_some_and(|told| told != here.application));
    note(Attribute::Account, line.account.as_ref().is_some_and(|account| account.as_str() != here.account));
    Ok(found)
}

/// The prefixes of an allowlist, each once, in order.
#[must_use]
pub fn sorted(entries: &[AllowlistEntry]) -> Vec<String> {
    let mut prefixes: Vec<String> = entries.iter().map(|entry| entry.prefix().to_string()).collect();
    prefixes.sort_unstable();
    prefixes.dedup();
    prefixes
}

/// The addresses that a line names, in effect there and so here: whoever told of them answers for them.
fn prefixes(line: &KeyLine) -> Result<Option<Vec<AllowlistEntry>>, No> {
    let Some(entries) = &line.allowlist else { return Ok(None) };
    if entries.len() > ALLOWLIST_ENTRIES_MAX {
        return Err(no(
            "allowlist_too_long",
            "allowlist",
            format!("{} addresses, at most {ALLOWLIST_ENTRIES_MAX} are kept", entries.len()),
            "join neighbours into one prefix at the exchange",
        ));
    }
    let mut told: Vec<Prefix> = Vec::with_capacity(entries.len());
    for prefix in entries.iter().map(AllowlistEntry::prefix) {
        if !told.contains(&prefix) {
            told.push(prefix);
        }
    }
    Ok(Some(told.into_iter().map(AllowlistEntry::Plain).collect()))
}

fn application(line: &KeyLine) -> Result<Option<String>, No> {
    // What no screen shows is left out, and not refused: a name must not be a way for a key to stay unknown here.
    let told = line.application.as_deref().unwrap_or_default();
    let told: String = told.chars().filter(|c| c.is_control() || !visible::is_hidden(*c)).collect();
    let told = told.trim();
    if !visible::shows(told) {
        return Ok(None);
    }
    if told.chars().any(char::is_control) || told.chars().count() > APPLICATION_CHARS_MAX {
        return Err(no(
            "application_bad",
            "application",
            format!(
                "the application's name is longer than {APPLICATION_CHARS_MAX} characters, or holds some that do not print"
            ),
            "shorten it at the exchange, or leave it out of the line",
        ));
    }
    Ok(Some(told.to_owned()))
}

/// What no key may be, wherever it comes from: gates would not serve it.
fn never(purpose: Purpose, scopes: sumun_model::ScopeSet) -> Result<(), No> {
    if purpose == Purpose::ThirdPartyTool && scopes.contains(Scope::Withdraw) {
        return Err(no(
            "withdraw_third_party",
            "scopes",
            "a key for a third party's tool never holds `withdraw`",
            "take `withdraw` from the key at the exchange, or correct its purpose",
        ));
    }
    Ok(())
}
