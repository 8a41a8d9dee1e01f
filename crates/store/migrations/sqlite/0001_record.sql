-- The record, first shape: governed tables (`tables.rs`), then what runs beside them.
-- The other database's folder holds the same shape; a test compares them.

CREATE TABLE "venue" (
    "venue" TEXT NOT NULL PRIMARY KEY,
    "digest" TEXT NOT NULL,
    "facts" TEXT NOT NULL,
    "adopted_us" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;

CREATE TABLE "customers" (
    "customer" TEXT NOT NULL PRIMARY KEY,
    "segment" TEXT NOT NULL,
    "country" TEXT,
    "state" TEXT NOT NULL,
    "purpose" TEXT,
    "created_us" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;

CREATE TABLE "persons" (
    "person" TEXT NOT NULL PRIMARY KEY,
    "customer" TEXT NOT NULL,
    "name" TEXT,
    "email" TEXT,
    "phone" TEXT,
    "role" TEXT NOT NULL,
    "confirmed_us" INTEGER,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "persons_by_customer" ON "persons" ("customer", "person");

CREATE TABLE "accounts" (
    "account" TEXT NOT NULL PRIMARY KEY,
    "customer" TEXT NOT NULL,
    "person" TEXT,
    "segment" TEXT NOT NULL,
    "country" TEXT,
    "opened" TEXT,
    "owner" TEXT,
    "parent" TEXT,
    "fee_tier" TEXT,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "accounts_by_customer" ON "accounts" ("customer", "account");
CREATE INDEX "accounts_by_parent" ON "accounts" ("parent", "account");

CREATE TABLE "operators" (
    "operator" TEXT NOT NULL PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "customer" TEXT,
    "vendor" TEXT,
    "name" TEXT,
    "networks" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "operators_by_customer" ON "operators" ("customer", "operator");
CREATE INDEX "operators_by_vendor" ON "operators" ("vendor", "operator");

CREATE TABLE "vendors" (
    "vendor" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "class" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "networks" TEXT NOT NULL,
    "scopes" TEXT NOT NULL,
    "diligence" TEXT NOT NULL,
    "attested_us" INTEGER,
    "recertify_us" INTEGER,
    "version" INTEGER NOT NULL
) STRICT;

CREATE TABLE "delegations" (
    "delegation" TEXT NOT NULL PRIMARY KEY,
    "account" TEXT NOT NULL,
    "key" TEXT,
    "operator" TEXT NOT NULL,
    "networks" TEXT NOT NULL,
    "scopes" TEXT NOT NULL,
    "limits" TEXT NOT NULL,
    "from_us" INTEGER NOT NULL,
    "until_us" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "delegations_by_account" ON "delegations" ("account", "delegation");
CREATE INDEX "delegations_by_operator" ON "delegations" ("operator", "delegation");

CREATE TABLE "keys" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "account" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "measure" TEXT,
    "before_hold" TEXT,
    "cause" TEXT,
    "scopes" TEXT NOT NULL,
    "allowlist" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "application" TEXT NOT NULL,
    "operator" TEXT NOT NULL,
    "vendor" TEXT,
    "scheme" TEXT NOT NULL,
    "secret" TEXT,
    "exposure" TEXT,
    "public_key" TEXT,
    "created_us" INTEGER NOT NULL,
    "expires_us" INTEGER NOT NULL,
    "rotate_by_us" INTEGER,
    "ends_us" INTEGER,
    "replaces" TEXT,
    "mandate" TEXT NOT NULL,
    "terms" TEXT NOT NULL,
    "terms_accepted_us" INTEGER NOT NULL,
    "requested_by" TEXT NOT NULL,
    "session" TEXT NOT NULL,
    "approvals" TEXT NOT NULL,
    "canary" INTEGER NOT NULL,
    "reason" TEXT,
    "review_by" TEXT,
    "review_due_us" INTEGER,
    "next_due_us" INTEGER,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "keys_by_account" ON "keys" ("account", "key");
CREATE INDEX "keys_by_state" ON "keys" ("state", "key");
CREATE INDEX "keys_by_operator" ON "keys" ("operator", "key");
CREATE INDEX "keys_by_replaces" ON "keys" ("replaces", "key");
CREATE INDEX "keys_by_exposure" ON "keys" ("exposure", "key");
CREATE INDEX "keys_by_next_due_us" ON "keys" ("next_due_us", "key");

CREATE TABLE "dead_keys" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "state" TEXT NOT NULL,
    "cause" TEXT,
    "ended_us" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;

CREATE TABLE "approvals" (
    "approval" TEXT NOT NULL PRIMARY KEY,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "customer" TEXT,
    "request" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "requested_us" INTEGER NOT NULL,
    "needed" TEXT NOT NULL,
    "decisions" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "due_us" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "approvals_by_state" ON "approvals" ("state", "approval");
CREATE INDEX "approvals_by_state_and_due_us" ON "approvals" ("state", "due_us", "approval");
CREATE INDEX "approvals_by_customer" ON "approvals" ("customer", "approval");
CREATE INDEX "approvals_by_subject" ON "approvals" ("subject", "approval");

CREATE TABLE "users" (
    "user" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "roles" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "credential" TEXT,
    "invite" TEXT,
    "invite_until_us" INTEGER,
    "invited_by" TEXT NOT NULL,
    "created_us" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "users_by_invite" ON "users" ("invite", "user");

CREATE TABLE "tokens" (
    "token" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "roles" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_us" INTEGER NOT NULL,
    "expires_us" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "tokens_by_digest" ON "tokens" ("digest", "token");

CREATE TABLE "gates" (
    "gate" TEXT NOT NULL PRIMARY KEY,
    "state" TEXT NOT NULL,
    "public_key" TEXT,
    "invite" TEXT,
    "invite_until_us" INTEGER,
    "invited_by" TEXT NOT NULL,
    "enrolled_us" INTEGER,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "gates_by_invite" ON "gates" ("invite", "gate");

CREATE TABLE "receipts" (
    "receipt" TEXT NOT NULL PRIMARY KEY,
    "gate" TEXT NOT NULL,
    "boot" TEXT NOT NULL,
    "from_version" INTEGER NOT NULL,
    "to_version" INTEGER NOT NULL,
    "acknowledgement" TEXT NOT NULL,
    "received_us" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "receipts_by_gate" ON "receipts" ("gate", "receipt");
CREATE INDEX "receipts_by_to_version" ON "receipts" ("to_version", "receipt");

CREATE TABLE "canaries" (
    "canary" TEXT NOT NULL PRIMARY KEY,
    "key" TEXT NOT NULL,
    "gates" TEXT NOT NULL,
    "expired_us" INTEGER,
    "outcome" TEXT,
    "findings" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "canaries_by_key" ON "canaries" ("key", "canary");

CREATE TABLE "feed_keys" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "feed_version" INTEGER NOT NULL,
    "record" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "feed_keys_by_feed_version" ON "feed_keys" ("feed_version", "key");

-- One row per ledger entry; `hashes` are those its leaf completes, its own first.
CREATE TABLE "ledger_entries" (
    "entry" INTEGER NOT NULL,
    "class" TEXT NOT NULL,
    "at_us" INTEGER NOT NULL,
    "leaf" TEXT NOT NULL,
    "salt" BLOB,
    "payload" TEXT,
    "hashes" BLOB NOT NULL,
    "feed_version" INTEGER,
    PRIMARY KEY ("entry")
) STRICT;
CREATE UNIQUE INDEX "ledger_entries_by_salt" ON "ledger_entries" ("salt");

-- One row: where the tree and the feed stand. Advanced by compare-and-swap on `size`.
CREATE TABLE "ledger_head" (
    "one" INTEGER NOT NULL,
    "size" INTEGER NOT NULL,
    "root" BLOB NOT NULL,
    "checkpoint" TEXT NOT NULL,
    "feed_version" INTEGER NOT NULL,
    "at_us" INTEGER,
    PRIMARY KEY ("one")
) STRICT;

-- Which rows an entry wrote, for timelines.
CREATE TABLE "entry_rows" (
    "table_name" TEXT NOT NULL,
    "row_key" TEXT NOT NULL,
    "entry" INTEGER NOT NULL,
    PRIMARY KEY ("table_name", "row_key", "entry")
) STRICT;
CREATE INDEX "entry_rows_by_entry" ON "entry_rows" ("entry");

-- Committed changes that wait for their place. Always empty on SQLite, where the writer sequences.
-- `code` is under a key that is not in the database: without it the sequencer takes none.
CREATE TABLE "pending_leaves" (
    "leaf" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "class" TEXT NOT NULL,
    "salt" BLOB NOT NULL,
    "payload" TEXT NOT NULL,
    "commitment" BLOB NOT NULL,
    "outbox" TEXT NOT NULL,
    "code" BLOB
) STRICT;
CREATE UNIQUE INDEX "pending_leaves_by_salt" ON "pending_leaves" ("salt");

-- The feed, step by step. The oldest are pruned: a gate that is further behind takes a snapshot.
CREATE TABLE "feed_deltas" (
    "feed_version" INTEGER NOT NULL,
    "entry" INTEGER NOT NULL,
    "at_us" INTEGER NOT NULL,
    "records" TEXT NOT NULL,
    PRIMARY KEY ("feed_version")
) STRICT;

-- Sealed texts by the hex SHA-256 of the text.
CREATE TABLE "vault" (
    "digest" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    PRIMARY KEY ("digest")
) STRICT;

-- Messages that leave after sequencing. A lease keeps two processes from sending one at once.
CREATE TABLE "outbox" (
    "message" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "topic" TEXT NOT NULL,
    "entry" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    "leased_until_us" INTEGER NOT NULL,
    "leased_by" TEXT,
    "attempts" INTEGER NOT NULL
) STRICT;
CREATE INDEX "outbox_by_topic" ON "outbox" ("topic");

-- Answers to requests that may be repeated.
CREATE TABLE "idempotency" (
    "principal" TEXT NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "request" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    "at_us" INTEGER NOT NULL,
    PRIMARY KEY ("principal", "idempotency_key")
) STRICT;
CREATE INDEX "idempotency_by_at_us" ON "idempotency" ("at_us");

-- Signed-in principals by the digest of their token. One whose `code` is wrong is none.
CREATE TABLE "sessions" (
    "digest" TEXT NOT NULL,
    "principal" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "expires_us" INTEGER NOT NULL,
    "code" BLOB,
    PRIMARY KEY ("digest")
) STRICT;
CREATE INDEX "sessions_by_principal" ON "sessions" ("principal");
CREATE INDEX "sessions_by_expires_us" ON "sessions" ("expires_us");

-- What may be used once only, such as an assertion's id.
CREATE TABLE "used_once" (
    "scope" TEXT NOT NULL,
    "used" TEXT NOT NULL,
    "until_us" INTEGER NOT NULL,
    PRIMARY KEY ("scope", "used")
) STRICT;
CREATE INDEX "used_once_by_until_us" ON "used_once" ("until_us");

-- Who does what only one may do.
CREATE TABLE "leases" (
    "lease" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "until_us" INTEGER NOT NULL,
    "term" INTEGER NOT NULL,
    PRIMARY KEY ("lease")
) STRICT;
