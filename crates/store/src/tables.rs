//! Every governed table. The SQL of the same shape stands in the two folders of migrations; a test compares them.
//!
//! Adding a table: an entry here, a line in [`ALL`], a migration for each database.

use crate::table::{Column, Kind, Table};

macro_rules! tables {
    ($($(#[$meta:meta])* $id:ident = $name:literal { $($column:ident : $kind:ident),+ $(,)? })+) => {
        $(
            $(#[$meta])*
            pub static $id: Table = Table {
                name: $name,
                key: tables!(@first $($column)+),
                columns: &[
                    $(Column { name: stringify!($column), kind: Kind::$kind },)+
                    Column { name: "version", kind: Kind::Integer },
                ],
            };
        )+

        /// Every governed table, in the order in which a ledger fills them.
        pub static ALL: &[&Table] = &[$(&$id),+];
    };
    (@first $first:ident $($rest:ident)*) => { stringify!($first) };
}

/// Columns that came later than their tables: entries of before say nothing of them, which means null.
pub(crate) const LATER: &[(&str, &str)] = &[("approvals", "decided_us"), ("keys", "campaign")];

tables! {
    /// The venue's own facts as they were adopted; one row, `venue` is its id.
    VENUE = "venue" { venue: Text, digest: Text, facts: Json, adopted_us: Integer }
    /// Verified customers.
    CUSTOMERS = "customers" { customer: Text, segment: Text, country: TextOrNull, state: Text, purpose: TextOrNull, created_us: Integer }
    /// Natural persons. Personal data: reading one is itself recorded.
    PERSONS = "persons" { person: Text, customer: Text, name: TextOrNull, email: TextOrNull, phone: TextOrNull, role: Text, confirmed_us: IntegerOrNull }
    /// What customers trade from.
    ACCOUNTS = "accounts" { account: Text, customer: Text, person: TextOrNull, segment: Text, country: TextOrNull, opened: TextOrNull, owner: TextOrNull, parent: TextOrNull, fee_tier: TextOrNull, state: Text }
    /// Who in fact drives keys.
    OPERATORS = "operators" { operator: Text, kind: Text, customer: TextOrNull, vendor: TextOrNull, name: TextOrNull, networks: Json, state: Text }
    /// Third-party tools.
    VENDORS = "vendors" { vendor: Text, name: Text, class: Text, state: Text, networks: Json, scopes: Json, diligence: Json, attested_us: IntegerOrNull, recertify_us: IntegerOrNull }
    /// Records that let a named operator use a key.
    DELEGATIONS = "delegations" { delegation: Text, account: Text, key: TextOrNull, operator: Text, networks: Json, scopes: Json, limits: Json, from_us: Integer, until_us: Integer, state: Text }
    /// API keys. `secret` names a sealed text in the vault by its digest; `exposure` is the SHA-256 of the secret itself, for
    /// matching exposures; `next_due_us` is when the clock next asks something of the key, null once it has ended. `before_hold` is the
    /// measure that a hold covers. `campaign` is the enrolment campaign under which it reads and cancels only.
    KEYS = "keys" {
        key: Text, account: Text, state: Text, measure: TextOrNull, before_hold: TextOrNull, cause: TextOrNull, scopes: Json, allowlist: Json, purpose: Text,
        application: Text, operator: Text, vendor: TextOrNull, scheme: Text, secret: TextOrNull, exposure: TextOrNull, public_key: TextOrNull,
        created_us: Integer, expires_us: Integer, rotate_by_us: IntegerOrNull, ends_us: IntegerOrNull, replaces: TextOrNull, mandate: Json,
        terms: Text, terms_accepted_us: Integer, requested_by: Text, session: Text, approvals: Json, canary: Integer,
        reason: TextOrNull, review_by: TextOrNull, review_due_us: IntegerOrNull, next_due_us: IntegerOrNull, campaign: TextOrNull,
    }
    /// Ids that have ended: none may live again.
    DEAD_KEYS = "dead_keys" { key: Text, state: Text, cause: TextOrNull, ended_us: Integer }
    /// What waits for a second pair of eyes, and what came of it.
    APPROVALS = "approvals" {
        approval: Text, action: Text, subject: Text, customer: TextOrNull, request: Json, digest: Text, requested_by: Text, requested_us: Integer,
        needed: Json, decisions: Json, state: Text, due_us: Integer, decided_us: IntegerOrNull,
    }
    /// Staff. `credential` names a sealed text in the vault by its digest.
    USERS = "users" { user: Text, name: Text, email: TextOrNull, roles: Json, state: Text, credential: TextOrNull, invite: TextOrNull, invite_until_us: IntegerOrNull, invited_by: Text, created_us: Integer }
    /// Machines' API tokens, by the digest of their secret part.
    TOKENS = "tokens" { token: Text, name: Text, roles: Json, digest: Text, created_by: Text, created_us: Integer, expires_us: Integer, state: Text }
    /// Gates that may receive the feed.
    GATES = "gates" { gate: Text, state: Text, public_key: TextOrNull, invite: TextOrNull, invite_until_us: IntegerOrNull, invited_by: Text, enrolled_us: IntegerOrNull }
    /// When a gate obeyed: its signed acknowledgement, and govern's clock.
    RECEIPTS = "receipts" { receipt: Text, gate: Text, boot: Text, from_version: Integer, to_version: Integer, acknowledgement: Text, received_us: Integer }
    /// Times in which everything passed at a gate because somebody there said so (ADR 0022). `bypass` is the gate and when it began;
    /// `until_us` is null while it lasts, `let_pass` as long as nobody knows how many refusals did not hold.
    BYPASSES = "bypasses" { bypass: Text, gate: Text, since_us: Integer, until_us: IntegerOrNull, by: Text, reason: Text, let_pass: IntegerOrNull }
    /// Canary keys tried from outside, and what was found.
    CANARIES = "canaries" { canary: Text, key: Text, gates: Json, expired_us: IntegerOrNull, outcome: TextOrNull, findings: Json }
    /// Policies: a versioned text each. At most one is `active`; `digest` is the SHA-256 of `text`.
    POLICIES = "policies" { policy: Text, digest: Text, text: Text, state: Text, proposed_by: Text, proposed_us: Integer, activated_us: IntegerOrNull }
    /// What detection found, as it was handed over.
    SIGNALS = "signals" { signal: Text, key: TextOrNull, account: TextOrNull, cluster: TextOrNull, detector: Text, code: Text, cause: Text, points: Integer, at_us: Integer, position: Integer, body: Json }
    /// Where a key stands on the ladder: the last assessment, what policy remembers, when the clock next asks something. `position` is the
    /// last place of the event log that was taken in.
    STANDINGS = "standings" { key: Text, account: Text, customer: TextOrNull, measure: TextOrNull, assessment: Json, standing: Json, position: Integer, next_due_us: IntegerOrNull }
    /// Measures taken or proposed, with what they rely on. `ended_us` is null while it is in force.
    MEASURES = "measures" {
        measure_id: Text, key: Text, account: Text, case_id: Text, measure: Text, mode: Text, state: Text, by: Text, approval: TextOrNull,
        began_us: Integer, until_us: IntegerOrNull, ended_us: IntegerOrNull, effect_us: IntegerOrNull, body: Json,
    }
    /// Cases: the one file on a suspicion. `subject` is `key:K1` or `cluster:<id>`.
    CASES = "cases" { case_id: Text, subject: Text, state: Text, members: Json, cause: Text, assignee: TextOrNull, priority: Integer, opened_us: Integer, due_us: IntegerOrNull, outcome: TextOrNull, closed_us: IntegerOrNull, body: Json }
    /// What happened in a case, by whom, with what reason.
    CASE_EVENTS = "case_events" { case_event: Text, case_id: Text, at_us: Integer, kind: Text, by: Text, body: Json }
    /// *Is it you?*: a valid signature from an address not in effect, and what the owner said.
    QUESTIONS = "questions" { question: Text, key: Text, account: Text, customer: Text, address: Text, state: Text, asked_us: Integer, last_seen_us: Integer, answer: TextOrNull, answered_by: TextOrNull, answered_us: IntegerOrNull, body: Json }
    /// Addresses on their way into effect (R198): registered, and proved by a signed request from them.
    CEREMONIES = "ceremonies" { ceremony: Text, key: Text, account: Text, customer: Text, prefix: Text, state: Text, registered_by: Text, registered_us: Integer, until_us: Integer, proved_us: IntegerOrNull, event: TextOrNull }
    /// Renewed verifications: identity, and tests of control whose draws stand in the ledger before use.
    VERIFICATIONS = "verifications" { verification: Text, key: Text, account: Text, customer: Text, case_id: TextOrNull, state: Text, identity: Json, tests: Json, opened_us: Integer, until_us: IntegerOrNull, next_due_us: IntegerOrNull, failures: Integer }
    /// Notices to people, with proof of delivery.
    NOTICES = "notices" { notice: Text, customer: TextOrNull, account: TextOrNull, key: TextOrNull, case_id: TextOrNull, kind: Text, texts: Json, channel: Text, state: Text, attempts: Integer, created_us: Integer, delivered_us: IntegerOrNull, acknowledged_us: IntegerOrNull, failure: TextOrNull }
    /// What an owner says against a notice, in the case behind it (R182).
    OBJECTIONS = "objections" { objection: Text, customer: Text, account: TextOrNull, key: TextOrNull, case_id: TextOrNull, notice: Text, by: Text, at_us: Integer, body: Json }
    /// What somebody of staff has to do.
    TASKS = "tasks" { task: Text, case_id: Text, kind: Text, state: Text, assignee: TextOrNull, created_us: Integer, due_us: IntegerOrNull, body: Json }
    /// What should be true of a key at somebody who is told by calls or messages, and what he acknowledged. `intent` is the row's version
    /// that brought what is intended now; `changed_us` is when the row was last written.
    ACTUATIONS = "actuations" {
        actuation: Text, destination: Text, key: Text, target: Text, state: Text, intent: Integer, intended_us: Integer, changed_us: Integer,
        acknowledged_us: IntegerOrNull, body: Json,
    }
    /// Campaigns in which owners of living keys register who uses them (R195).
    CAMPAIGNS = "campaigns" { campaign: Text, state: Text, terms: Text, body: Json, proposed_by: Text, began_us: Integer }
    /// The campaign that was last granted about the keys of a segment. Each grant writes these rows: of two at once about one segment the second
    /// finds its row moved.
    CAMPAIGN_SEGMENTS = "campaign_segments" { segment: Text, campaign: Text }
    /// Keys that a campaign asks about: where each stands, what its owner was told and when. `member` is the campaign and the key.
    CAMPAIGN_KEYS = "campaign_keys" { member: Text, campaign: Text, key: Text, account: Text, customer: Text, segment: Text, state: Text, body: Json, next_due_us: IntegerOrNull }
    /// The gate-visible image of each key, as the feed carries it. `feed_version` is the version that brought it.
    FEED_KEYS = "feed_keys" { key: Text, feed_version: Integer, record: Json }
}
