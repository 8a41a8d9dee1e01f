-- What keys did: a bounded record each, made of the event log and not of the ledger. One row of `activity_place` says how far
-- the log was taken in; it moves in the transaction that writes the records.
CREATE TABLE "key_activity" (
    "key" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "last_used_us" INTEGER,
    "body" TEXT NOT NULL,
    PRIMARY KEY ("key")
) STRICT;

CREATE TABLE "activity_place" (
    "one" INTEGER NOT NULL,
    "next" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    PRIMARY KEY ("one")
) STRICT;

-- Keys by what their applications begin with, and those under a measure: by index, whatever the number of keys.
CREATE INDEX "keys_by_application" ON "keys" ("application", "key");
CREATE INDEX "keys_by_measure" ON "keys" ("measure", "key", "account", "application") WHERE "measure" IS NOT NULL;
CREATE INDEX "keys_by_measure_and_state" ON "keys" ("measure", "state") WHERE "measure" IS NOT NULL;
-- The receipt that first covers a version.
CREATE INDEX "receipts_by_gate_and_to_version" ON "receipts" ("gate", "to_version", "receipt");
