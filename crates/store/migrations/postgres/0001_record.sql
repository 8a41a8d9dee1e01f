-- The record, first shape: governed tables (`tables.rs`), then what runs beside them.
-- The other database's folder holds the same shape; a test compares them.

CREATE TABLE "venue" (
    "venue" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "digest" TEXT COLLATE "C" NOT NULL,
    "facts" TEXT COLLATE "C" NOT NULL,
    "adopted_us" BIGINT NOT NULL,
    "version" BIGINT NOT NULL
);

CREATE TABLE "customers" (
    "customer" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "segment" TEXT COLLATE "C" NOT NULL,
    "country" TEXT COLLATE "C",
    "state" TEXT COLLATE "C" NOT NULL,
    "purpose" TEXT COLLATE "C",
    "created_us" BIGINT NOT NULL,
    "version" BIGINT NOT NULL
);

CREATE TABLE "persons" (
    "person" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "customer" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C",
    "email" TEXT COLLATE "C",
    "phone" TEXT COLLATE "C",
    "role" TEXT COLLATE "C" NOT NULL,
    "confirmed_us" BIGINT,
    "version" BIGINT NOT NULL
);
CREATE INDEX "persons_by_customer" ON "persons" ("customer", "person");

CREATE TABLE "accounts" (
    "account" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "customer" TEXT COLLATE "C" NOT NULL,
    "person" TEXT COLLATE "C",
    "segment" TEXT COLLATE "C" NOT NULL,
    "country" TEXT COLLATE "C",
    "opened" TEXT COLLATE "C",
    "owner" TEXT COLLATE "C",
    "parent" TEXT COLLATE "C",
    "fee_tier" TEXT COLLATE "C",
    "state" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "accounts_by_customer" ON "accounts" ("customer", "account");
CREATE INDEX "accounts_by_parent" ON "accounts" ("parent", "account");

CREATE TABLE "operators" (
    "operator" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "kind" TEXT COLLATE "C" NOT NULL,
    "customer" TEXT COLLATE "C",
    "vendor" TEXT COLLATE "C",
    "name" TEXT COLLATE "C",
    "networks" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "operators_by_customer" ON "operators" ("customer", "operator");
CREATE INDEX "operators_by_vendor" ON "operators" ("vendor", "operator");

CREATE TABLE "vendors" (
    "vendor" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "name" TEXT COLLATE "C" NOT NULL,
    "class" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "networks" TEXT COLLATE "C" NOT NULL,
    "scopes" TEXT COLLATE "C" NOT NULL,
    "diligence" TEXT COLLATE "C" NOT NULL,
    "attested_us" BIGINT,
    "recertify_us" BIGINT,
    "version" BIGINT NOT NULL
);

CREATE TABLE "delegations" (
    "delegation" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "account" TEXT COLLATE "C" NOT NULL,
    "key" TEXT COLLATE "C",
    "operator" TEXT COLLATE "C" NOT NULL,
    "networks" TEXT COLLATE "C" NOT NULL,
    "scopes" TEXT COLLATE "C" NOT NULL,
    "limits" TEXT COLLATE "C" NOT NULL,
    "from_us" BIGINT NOT NULL,
    "until_us" BIGINT NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "delegations_by_account" ON "delegations" ("account", "delegation");
CREATE INDEX "delegations_by_operator" ON "delegations" ("operator", "delegation");

CREATE TABLE "keys" (
    "key" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "account" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "measure" TEXT COLLATE "C",
    "before_hold" TEXT COLLATE "C",
    "cause" TEXT COLLATE "C",
    "scopes" TEXT COLLATE "C" NOT NULL,
    "allowlist" TEXT COLLATE "C" NOT NULL,
    "purpose" TEXT COLLATE "C" NOT NULL,
    "application" TEXT COLLATE "C" NOT NULL,
    "operator" TEXT COLLATE "C" NOT NULL,
    "vendor" TEXT COLLATE "C",
    "scheme" TEXT COLLATE "C" NOT NULL,
    "secret" TEXT COLLATE "C",
    "exposure" TEXT COLLATE "C",
    "public_key" TEXT COLLATE "C",
    "created_us" BIGINT NOT NULL,
    "expires_us" BIGINT NOT NULL,
    "rotate_by_us" BIGINT,
    "ends_us" BIGINT,
    "replaces" TEXT COLLATE "C",
    "mandate" TEXT COLLATE "C" NOT NULL,
    "terms" TEXT COLLATE "C" NOT NULL,
    "terms_accepted_us" BIGINT NOT NULL,
    "requested_by" TEXT COLLATE "C" NOT NULL,
    "session" TEXT COLLATE "C" NOT NULL,
    "approvals" TEXT COLLATE "C" NOT NULL,
    "canary" BIGINT NOT NULL,
    "reason" TEXT COLLATE "C",
    "review_by" TEXT COLLATE "C",
    "review_due_us" BIGINT,
    "next_due_us" BIGINT,
    "version" BIGINT NOT NULL
);
CREATE INDEX "keys_by_account" ON "keys" ("account", "key");
CREATE INDEX "keys_by_state" ON "keys" ("state", "key");
CREATE INDEX "keys_by_operator" ON "keys" ("operator", "key");
CREATE INDEX "keys_by_replaces" ON "keys" ("replaces", "key");
CREATE INDEX "keys_by_exposure" ON "keys" ("exposure", "key");
CREATE INDEX "keys_by_next_due_us" ON "keys" ("next_due_us", "key");

CREATE TABLE "dead_keys" (
    "key" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "state" TEXT COLLATE "C" NOT NULL,
    "cause" TEXT COLLATE "C",
    "ended_us" BIGINT NOT NULL,
    "version" BIGINT NOT NULL
);

CREATE TABLE "approvals" (
    "approval" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "action" TEXT COLLATE "C" NOT NULL,
    "subject" TEXT COLLATE "C" NOT NULL,
    "customer" TEXT COLLATE "C",
    "request" TEXT COLLATE "C" NOT NULL,
    "digest" TEXT COLLATE "C" NOT NULL,
    "requested_by" TEXT COLLATE "C" NOT NULL,
    "requested_us" BIGINT NOT NULL,
    "needed" TEXT COLLATE "C" NOT NULL,
    "decisions" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "due_us" BIGINT NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "approvals_by_state" ON "approvals" ("state", "approval");
CREATE INDEX "approvals_by_state_and_due_us" ON "approvals" ("state", "due_us", "approval");
CREATE INDEX "approvals_by_customer" ON "approvals" ("customer", "approval");
CREATE INDEX "approvals_by_subject" ON "approvals" ("subject", "approval");

CREATE TABLE "users" (
    "user" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "name" TEXT COLLATE "C" NOT NULL,
    "email" TEXT COLLATE "C",
    "roles" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "credential" TEXT COLLATE "C",
    "invite" TEXT COLLATE "C",
    "invite_until_us" BIGINT,
    "invited_by" TEXT COLLATE "C" NOT NULL,
    "created_us" BIGINT NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "users_by_invite" ON "users" ("invite", "user");

CREATE TABLE "tokens" (
    "token" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "name" TEXT COLLATE "C" NOT NULL,
    "roles" TEXT COLLATE "C" NOT NULL,
    "digest" TEXT COLLATE "C" NOT NULL,
    "created_by" TEXT COLLATE "C" NOT NULL,
    "created_us" BIGINT NOT NULL,
    "expires_us" BIGINT NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "tokens_by_digest" ON "tokens" ("digest", "token");

CREATE TABLE "gates" (
    "gate" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "state" TEXT COLLATE "C" NOT NULL,
    "public_key" TEXT COLLATE "C",
    "invite" TEXT COLLATE "C",
    "invite_until_us" BIGINT,
    "invited_by" TEXT COLLATE "C" NOT NULL,
    "enrolled_us" BIGINT,
    "version" BIGINT NOT NULL
);
CREATE INDEX "gates_by_invite" ON "gates" ("invite", "gate");

CREATE TABLE "receipts" (
    "receipt" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "gate" TEXT COLLATE "C" NOT NULL,
    "boot" TEXT COLLATE "C" NOT NULL,
    "from_version" BIGINT NOT NULL,
    "to_version" BIGINT NOT NULL,
    "acknowledgement" TEXT COLLATE "C" NOT NULL,
    "received_us" BIGINT NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "receipts_by_gate" ON "receipts" ("gate", "receipt");
CREATE INDEX "receipts_by_to_version" ON "receipts" ("to_version", "receipt");

CREATE TABLE "canaries" (
    "canary" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "key" TEXT COLLATE "C" NOT NULL,
    "gates" TEXT COLLATE "C" NOT NULL,
    "expired_us" BIGINT,
    "outcome" TEXT COLLATE "C",
    "findings" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "canaries_by_key" ON "canaries" ("key", "canary");

CREATE TABLE "feed_keys" (
    "key" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "feed_version" BIGINT NOT NULL,
    "record" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "feed_keys_by_feed_version" ON "feed_keys" ("feed_version", "key");

-- One row per ledger entry; `hashes` are those its leaf completes, its own first.
CREATE TABLE "ledger_entries" (
    "entry" BIGINT NOT NULL,
    "class" TEXT COLLATE "C" NOT NULL,
    "at_us" BIGINT NOT NULL,
    "leaf" TEXT COLLATE "C" NOT NULL,
    "salt" BYTEA,
    "payload" TEXT COLLATE "C",
    "hashes" BYTEA NOT NULL,
    "feed_version" BIGINT,
    PRIMARY KEY ("entry")
);
CREATE UNIQUE INDEX "ledger_entries_by_salt" ON "ledger_entries" ("salt");

-- One row: where the tree and the feed stand. Advanced by compare-and-swap on `size`.
CREATE TABLE "ledger_head" (
    "one" BIGINT NOT NULL,
    "size" BIGINT NOT NULL,
    "root" BYTEA NOT NULL,
    "checkpoint" TEXT COLLATE "C" NOT NULL,
    "feed_version" BIGINT NOT NULL,
    "at_us" BIGINT,
    PRIMARY KEY ("one")
);

-- Which rows an entry wrote, for timelines.
CREATE TABLE "entry_rows" (
    "table_name" TEXT COLLATE "C" NOT NULL,
    "row_key" TEXT COLLATE "C" NOT NULL,
    "entry" BIGINT NOT NULL,
    PRIMARY KEY ("table_name", "row_key", "entry")
);
CREATE INDEX "entry_rows_by_entry" ON "entry_rows" ("entry");

-- Committed changes that wait for their place. Always empty on SQLite, where the writer sequences.
-- `code` is under a key that is not in the database: without it the sequencer takes none.
CREATE TABLE "pending_leaves" (
    "leaf" BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
    "class" TEXT COLLATE "C" NOT NULL,
    "salt" BYTEA NOT NULL,
    "payload" TEXT COLLATE "C" NOT NULL,
    "commitment" BYTEA NOT NULL,
    "outbox" TEXT COLLATE "C" NOT NULL,
    "code" BYTEA,
    PRIMARY KEY ("leaf")
);
CREATE UNIQUE INDEX "pending_leaves_by_salt" ON "pending_leaves" ("salt");

-- The feed, step by step. The oldest are pruned: a gate that is further behind takes a snapshot.
CREATE TABLE "feed_deltas" (
    "feed_version" BIGINT NOT NULL,
    "entry" BIGINT NOT NULL,
    "at_us" BIGINT NOT NULL,
    "records" TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY ("feed_version")
);

-- Sealed texts by the hex SHA-256 of the text.
CREATE TABLE "vault" (
    "digest" TEXT COLLATE "C" NOT NULL,
    "sealed" TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY ("digest")
);

-- Messages that leave after sequencing. A lease keeps two processes from sending one at once.
CREATE TABLE "outbox" (
    "message" BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
    "topic" TEXT COLLATE "C" NOT NULL,
    "entry" BIGINT NOT NULL,
    "body" TEXT COLLATE "C" NOT NULL,
    "leased_until_us" BIGINT NOT NULL,
    "leased_by" TEXT COLLATE "C",
    "attempts" BIGINT NOT NULL,
    PRIMARY KEY ("message")
);
CREATE INDEX "outbox_by_topic" ON "outbox" ("topic");

-- Answers to requests that may be repeated.
CREATE TABLE "idempotency" (
    "principal" TEXT COLLATE "C" NOT NULL,
    "idempotency_key" TEXT COLLATE "C" NOT NULL,
    "request" TEXT COLLATE "C" NOT NULL,
    "status" BIGINT NOT NULL,
    "body" TEXT COLLATE "C" NOT NULL,
    "at_us" BIGINT NOT NULL,
    PRIMARY KEY ("principal", "idempotency_key")
);
CREATE INDEX "idempotency_by_at_us" ON "idempotency" ("at_us");

-- Signed-in principals by the digest of their token. One whose `code` is wrong is none.
CREATE TABLE "sessions" (
    "digest" TEXT COLLATE "C" NOT NULL,
    "principal" TEXT COLLATE "C" NOT NULL,
    "body" TEXT COLLATE "C" NOT NULL,
    "expires_us" BIGINT NOT NULL,
    "code" BYTEA,
    PRIMARY KEY ("digest")
);
CREATE INDEX "sessions_by_principal" ON "sessions" ("principal");
CREATE INDEX "sessions_by_expires_us" ON "sessions" ("expires_us");

-- What may be used once only, such as an assertion's id.
CREATE TABLE "used_once" (
    "scope" TEXT COLLATE "C" NOT NULL,
    "used" TEXT COLLATE "C" NOT NULL,
    "until_us" BIGINT NOT NULL,
    PRIMARY KEY ("scope", "used")
);
CREATE INDEX "used_once_by_until_us" ON "used_once" ("until_us");

-- Who does what only one may do.
CREATE TABLE "leases" (
    "lease" TEXT COLLATE "C" NOT NULL,
    "holder" TEXT COLLATE "C" NOT NULL,
    "until_us" BIGINT NOT NULL,
    "term" BIGINT NOT NULL,
    PRIMARY KEY ("lease")
);
