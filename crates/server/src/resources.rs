//! Every group of operations, one file each. Adding one: a file, a line here, its rows in [`crate::access`].

mod activity;
mod actuations;
mod approvals;
mod bypasses;
mod campaigns;
mod canaries;
mod cases;
mod drift;
mod enrolments;
pub(crate) mod events;
mod exposures;
mod feed;
mod gates;
mod imports;
mod key_actions;
mod keys;
mod ledger;
mod live;
mod measures;
mod mirrors;
pub(crate) mod overview;
mod owner_addresses;
mod owner_export;
mod owner_facts;
mod owner_notices;
mod owner_questions;
pub(crate) mod owner_sessions;
mod owner_verifications;
mod parties;
mod policies;
mod ramp;
mod receipts;
mod registrations;
mod service;
pub(crate) mod sessions;
mod shapes;
mod tasks;
mod tokens;
mod users;
mod venue;

use crate::api::Api;

/// Every operation with its handler.
pub(crate) fn all() -> Api {
    let mut api = Api::default();
    service::add(&mut api);
    overview::add(&mut api);
    live::add(&mut api);
    sessions::add(&mut api);
    owner_sessions::add(&mut api);
    owner_questions::add(&mut api);
    owner_addresses::add(&mut api);
    owner_verifications::add(&mut api);
    owner_notices::add(&mut api);
    owner_export::add(&mut api);
    enrolments::add(&mut api);
    users::add(&mut api);
    tokens::add(&mut api);
    parties::add(&mut api);
    keys::add(&mut api);
    activity::add(&mut api);
    key_actions::add(&mut api);
    exposures::add(&mut api);
    approvals::add(&mut api);
    cases::add(&mut api);
    measures::add(&mut api);
    tasks::add(&mut api);
    policies::add(&mut api);
    ramp::add(&mut api);
    campaigns::add(&mut api);
    registrations::add(&mut api);
    venue::add(&mut api);
    owner_facts::add(&mut api);
    ledger::add(&mut api);
    gates::add(&mut api);
    receipts::add(&mut api);
    canaries::add(&mut api);
    feed::add(&mut api);
    bypasses::add(&mut api);
    events::add(&mut api);
    imports::add(&mut api);
    mirrors::add(&mut api);
    drift::add(&mut api);
    actuations::add(&mut api);
    api
}
