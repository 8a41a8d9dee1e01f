-- The loop: what detection found, where keys stand, cases, and what is asked of people.

CREATE TABLE "policies" (
    "policy" TEXT NOT NULL PRIMARY KEY,
    "digest" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "proposed_by" TEXT NOT NULL,
    "proposed_us" INTEGER NOT NULL,
    "activated_us" INTEGER,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "policies_by_state" ON "policies" ("state", "policy");

CREATE TABLE "signals" (
    "signal" TEXT NOT NULL PRIMARY KEY,
    "key" TEXT,
    "account" TEXT,
    "cluster" TEXT,
    "detector" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "points" INTEGER NOT NULL,
    "at_us" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "signals_by_key" ON "signals" ("key", "signal");
CREATE INDEX "signals_by_account" ON "signals" ("account", "signal");

CREATE TABLE "standings" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "account" TEXT NOT NULL,
    "customer" TEXT,
    "measure" TEXT,
    "assessment" TEXT NOT NULL,
    "standing" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "next_due_us" INTEGER,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "standings_by_account" ON "standings" ("account", "key");
CREATE INDEX "standings_by_customer" ON "standings" ("customer", "key");
CREATE INDEX "standings_by_next_due_us" ON "standings" ("next_due_us", "key");

CREATE TABLE "measures" (
    "measure_id" TEXT NOT NULL PRIMARY KEY,
    "key" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "case_id" TEXT NOT NULL,
    "measure" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "approval" TEXT,
    "began_us" INTEGER NOT NULL,
    "until_us" INTEGER,
    "ended_us" INTEGER,
    "effect_us" INTEGER,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "measures_by_key" ON "measures" ("key", "measure_id");
CREATE INDEX "measures_by_account" ON "measures" ("account", "measure_id");
CREATE INDEX "measures_by_case_id" ON "measures" ("case_id", "measure_id");
CREATE INDEX "measures_by_state" ON "measures" ("state", "measure_id");
CREATE INDEX "measures_by_until_us" ON "measures" ("until_us", "measure_id");

CREATE TABLE "cases" (
    "case_id" TEXT NOT NULL PRIMARY KEY,
    "subject" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "members" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "assignee" TEXT,
    "priority" INTEGER NOT NULL,
    "opened_us" INTEGER NOT NULL,
    "due_us" INTEGER,
    "outcome" TEXT,
    "closed_us" INTEGER,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "cases_by_subject" ON "cases" ("subject", "case_id");
CREATE INDEX "cases_by_state" ON "cases" ("state", "case_id");
CREATE INDEX "cases_by_assignee" ON "cases" ("assignee", "case_id");
CREATE INDEX "cases_by_due_us" ON "cases" ("due_us", "case_id");

CREATE TABLE "case_events" (
    "case_event" TEXT NOT NULL PRIMARY KEY,
    "case_id" TEXT NOT NULL,
    "at_us" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "case_events_by_case_id" ON "case_events" ("case_id", "case_event");

CREATE TABLE "questions" (
    "question" TEXT NOT NULL PRIMARY KEY,
    "key" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "customer" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "asked_us" INTEGER NOT NULL,
    "last_seen_us" INTEGER NOT NULL,
    "answer" TEXT,
    "answered_by" TEXT,
    "answered_us" INTEGER,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "questions_by_key" ON "questions" ("key", "question");
CREATE INDEX "questions_by_account" ON "questions" ("account", "question");
CREATE INDEX "questions_by_customer" ON "questions" ("customer", "question");
CREATE INDEX "questions_by_state" ON "questions" ("state", "question");

CREATE TABLE "ceremonies" (
    "ceremony" TEXT NOT NULL PRIMARY KEY,
    "key" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "customer" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "registered_by" TEXT NOT NULL,
    "registered_us" INTEGER NOT NULL,
    "until_us" INTEGER NOT NULL,
    "proved_us" INTEGER,
    "event" TEXT,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "ceremonies_by_key" ON "ceremonies" ("key", "ceremony");
CREATE INDEX "ceremonies_by_account" ON "ceremonies" ("account", "ceremony");
CREATE INDEX "ceremonies_by_customer" ON "ceremonies" ("customer", "ceremony");
CREATE INDEX "ceremonies_by_state" ON "ceremonies" ("state", "ceremony");
CREATE INDEX "ceremonies_by_prefix" ON "ceremonies" ("prefix", "ceremony");
CREATE INDEX "ceremonies_by_until_us" ON "ceremonies" ("until_us", "ceremony");

CREATE TABLE "verifications" (
    "verification" TEXT NOT NULL PRIMARY KEY,
    "key" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "customer" TEXT NOT NULL,
    "case_id" TEXT,
    "state" TEXT NOT NULL,
    "identity" TEXT NOT NULL,
    "tests" TEXT NOT NULL,
    "opened_us" INTEGER NOT NULL,
    "until_us" INTEGER,
    "next_due_us" INTEGER,
    "failures" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "verifications_by_key" ON "verifications" ("key", "verification");
CREATE INDEX "verifications_by_account" ON "verifications" ("account", "verification");
CREATE INDEX "verifications_by_customer" ON "verifications" ("customer", "verification");
CREATE INDEX "verifications_by_state" ON "verifications" ("state", "verification");
CREATE INDEX "verifications_by_next_due_us" ON "verifications" ("next_due_us", "verification");

CREATE TABLE "notices" (
    "notice" TEXT NOT NULL PRIMARY KEY,
    "customer" TEXT,
    "account" TEXT,
    "key" TEXT,
    "case_id" TEXT,
    "kind" TEXT NOT NULL,
    "texts" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "created_us" INTEGER NOT NULL,
    "delivered_us" INTEGER,
    "acknowledged_us" INTEGER,
    "failure" TEXT,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "notices_by_customer" ON "notices" ("customer", "notice");
CREATE INDEX "notices_by_account" ON "notices" ("account", "notice");
CREATE INDEX "notices_by_key" ON "notices" ("key", "notice");
CREATE INDEX "notices_by_state" ON "notices" ("state", "notice");

CREATE TABLE "objections" (
    "objection" TEXT NOT NULL PRIMARY KEY,
    "customer" TEXT NOT NULL,
    "account" TEXT,
    "key" TEXT,
    "case_id" TEXT,
    "notice" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at_us" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "objections_by_customer" ON "objections" ("customer", "objection");
CREATE INDEX "objections_by_case_id" ON "objections" ("case_id", "objection");

CREATE TABLE "tasks" (
    "task" TEXT NOT NULL PRIMARY KEY,
    "case_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "assignee" TEXT,
    "created_us" INTEGER NOT NULL,
    "due_us" INTEGER,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "tasks_by_case_id" ON "tasks" ("case_id", "task");
CREATE INDEX "tasks_by_state" ON "tasks" ("state", "task");
