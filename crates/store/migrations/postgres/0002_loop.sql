-- The loop: what detection found, where keys stand, cases, and what is asked of people.

CREATE TABLE "policies" (
    "policy" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "digest" TEXT COLLATE "C" NOT NULL,
    "text" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "proposed_by" TEXT COLLATE "C" NOT NULL,
    "proposed_us" BIGINT NOT NULL,
    "activated_us" BIGINT,
    "version" BIGINT NOT NULL
);
CREATE INDEX "policies_by_state" ON "policies" ("state", "policy");

CREATE TABLE "signals" (
    "signal" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "key" TEXT COLLATE "C",
    "account" TEXT COLLATE "C",
    "cluster" TEXT COLLATE "C",
    "detector" TEXT COLLATE "C" NOT NULL,
    "code" TEXT COLLATE "C" NOT NULL,
    "cause" TEXT COLLATE "C" NOT NULL,
    "points" BIGINT NOT NULL,
    "at_us" BIGINT NOT NULL,
    "position" BIGINT NOT NULL,
    "body" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "signals_by_key" ON "signals" ("key", "signal");
CREATE INDEX "signals_by_account" ON "signals" ("account", "signal");

CREATE TABLE "standings" (
    "key" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "account" TEXT COLLATE "C" NOT NULL,
    "customer" TEXT COLLATE "C",
    "measure" TEXT COLLATE "C",
    "assessment" TEXT COLLATE "C" NOT NULL,
    "standing" TEXT COLLATE "C" NOT NULL,
    "position" BIGINT NOT NULL,
    "next_due_us" BIGINT,
    "version" BIGINT NOT NULL
);
CREATE INDEX "standings_by_account" ON "standings" ("account", "key");
CREATE INDEX "standings_by_customer" ON "standings" ("customer", "key");
CREATE INDEX "standings_by_next_due_us" ON "standings" ("next_due_us", "key");

CREATE TABLE "measures" (
    "measure_id" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "key" TEXT COLLATE "C" NOT NULL,
    "account" TEXT COLLATE "C" NOT NULL,
    "case_id" TEXT COLLATE "C" NOT NULL,
    "measure" TEXT COLLATE "C" NOT NULL,
    "mode" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "by" TEXT COLLATE "C" NOT NULL,
    "approval" TEXT COLLATE "C",
    "began_us" BIGINT NOT NULL,
    "until_us" BIGINT,
    "ended_us" BIGINT,
    "effect_us" BIGINT,
    "body" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "measures_by_key" ON "measures" ("key", "measure_id");
CREATE INDEX "measures_by_account" ON "measures" ("account", "measure_id");
CREATE INDEX "measures_by_case_id" ON "measures" ("case_id", "measure_id");
CREATE INDEX "measures_by_state" ON "measures" ("state", "measure_id");
CREATE INDEX "measures_by_until_us" ON "measures" ("until_us", "measure_id");

CREATE TABLE "cases" (
    "case_id" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "subject" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "members" TEXT COLLATE "C" NOT NULL,
    "cause" TEXT COLLATE "C" NOT NULL,
    "assignee" TEXT COLLATE "C",
    "priority" BIGINT NOT NULL,
    "opened_us" BIGINT NOT NULL,
    "due_us" BIGINT,
    "outcome" TEXT COLLATE "C",
    "closed_us" BIGINT,
    "body" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "cases_by_subject" ON "cases" ("subject", "case_id");
CREATE INDEX "cases_by_state" ON "cases" ("state", "case_id");
CREATE INDEX "cases_by_assignee" ON "cases" ("assignee", "case_id");
CREATE INDEX "cases_by_due_us" ON "cases" ("due_us", "case_id");

CREATE TABLE "case_events" (
    "case_event" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "case_id" TEXT COLLATE "C" NOT NULL,
    "at_us" BIGINT NOT NULL,
    "kind" TEXT COLLATE "C" NOT NULL,
    "by" TEXT COLLATE "C" NOT NULL,
    "body" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "case_events_by_case_id" ON "case_events" ("case_id", "case_event");

CREATE TABLE "questions" (
    "question" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "key" TEXT COLLATE "C" NOT NULL,
    "account" TEXT COLLATE "C" NOT NULL,
    "customer" TEXT COLLATE "C" NOT NULL,
    "address" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "asked_us" BIGINT NOT NULL,
    "last_seen_us" BIGINT NOT NULL,
    "answer" TEXT COLLATE "C",
    "answered_by" TEXT COLLATE "C",
    "answered_us" BIGINT,
    "body" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "questions_by_key" ON "questions" ("key", "question");
CREATE INDEX "questions_by_account" ON "questions" ("account", "question");
CREATE INDEX "questions_by_customer" ON "questions" ("customer", "question");
CREATE INDEX "questions_by_state" ON "questions" ("state", "question");

CREATE TABLE "ceremonies" (
    "ceremony" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "key" TEXT COLLATE "C" NOT NULL,
    "account" TEXT COLLATE "C" NOT NULL,
    "customer" TEXT COLLATE "C" NOT NULL,
    "prefix" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "registered_by" TEXT COLLATE "C" NOT NULL,
    "registered_us" BIGINT NOT NULL,
    "until_us" BIGINT NOT NULL,
    "proved_us" BIGINT,
    "event" TEXT COLLATE "C",
    "version" BIGINT NOT NULL
);
CREATE INDEX "ceremonies_by_key" ON "ceremonies" ("key", "ceremony");
CREATE INDEX "ceremonies_by_account" ON "ceremonies" ("account", "ceremony");
CREATE INDEX "ceremonies_by_customer" ON "ceremonies" ("customer", "ceremony");
CREATE INDEX "ceremonies_by_state" ON "ceremonies" ("state", "ceremony");
CREATE INDEX "ceremonies_by_prefix" ON "ceremonies" ("prefix", "ceremony");
CREATE INDEX "ceremonies_by_until_us" ON "ceremonies" ("until_us", "ceremony");

CREATE TABLE "verifications" (
    "verification" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "key" TEXT COLLATE "C" NOT NULL,
    "account" TEXT COLLATE "C" NOT NULL,
    "customer" TEXT COLLATE "C" NOT NULL,
    "case_id" TEXT COLLATE "C",
    "state" TEXT COLLATE "C" NOT NULL,
    "identity" TEXT COLLATE "C" NOT NULL,
    "tests" TEXT COLLATE "C" NOT NULL,
    "opened_us" BIGINT NOT NULL,
    "until_us" BIGINT,
    "next_due_us" BIGINT,
    "failures" BIGINT NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "verifications_by_key" ON "verifications" ("key", "verification");
CREATE INDEX "verifications_by_account" ON "verifications" ("account", "verification");
CREATE INDEX "verifications_by_customer" ON "verifications" ("customer", "verification");
CREATE INDEX "verifications_by_state" ON "verifications" ("state", "verification");
CREATE INDEX "verifications_by_next_due_us" ON "verifications" ("next_due_us", "verification");

CREATE TABLE "notices" (
    "notice" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "customer" TEXT COLLATE "C",
    "account" TEXT COLLATE "C",
    "key" TEXT COLLATE "C",
    "case_id" TEXT COLLATE "C",
    "kind" TEXT COLLATE "C" NOT NULL,
    "texts" TEXT COLLATE "C" NOT NULL,
    "channel" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "attempts" BIGINT NOT NULL,
    "created_us" BIGINT NOT NULL,
    "delivered_us" BIGINT,
    "acknowledged_us" BIGINT,
    "failure" TEXT COLLATE "C",
    "version" BIGINT NOT NULL
);
CREATE INDEX "notices_by_customer" ON "notices" ("customer", "notice");
CREATE INDEX "notices_by_account" ON "notices" ("account", "notice");
CREATE INDEX "notices_by_key" ON "notices" ("key", "notice");
CREATE INDEX "notices_by_state" ON "notices" ("state", "notice");

CREATE TABLE "objections" (
    "objection" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "customer" TEXT COLLATE "C" NOT NULL,
    "account" TEXT COLLATE "C",
    "key" TEXT COLLATE "C",
    "case_id" TEXT COLLATE "C",
    "notice" TEXT COLLATE "C" NOT NULL,
    "by" TEXT COLLATE "C" NOT NULL,
    "at_us" BIGINT NOT NULL,
    "body" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "objections_by_customer" ON "objections" ("customer", "objection");
CREATE INDEX "objections_by_case_id" ON "objections" ("case_id", "objection");

CREATE TABLE "tasks" (
    "task" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "case_id" TEXT COLLATE "C" NOT NULL,
    "kind" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "assignee" TEXT COLLATE "C",
    "created_us" BIGINT NOT NULL,
    "due_us" BIGINT,
    "body" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "tasks_by_case_id" ON "tasks" ("case_id", "task");
CREATE INDEX "tasks_by_state" ON "tasks" ("state", "task");
