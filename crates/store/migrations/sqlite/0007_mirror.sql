-- What an exchange told of its own keys, and where that differs from the record. A copy of what can be sent again: no entry of the
-- ledger stands behind these rows, and nothing is decided by them that the record does not hold too.
CREATE TABLE "mirrors" (
    "source" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "open_round" INTEGER NOT NULL,
    "round" INTEGER NOT NULL,
    "snapshot_us" INTEGER,
    "heard_us" INTEGER NOT NULL,
    PRIMARY KEY ("source")
) STRICT;

-- One key has one source. `round` is the snapshot it stood in last; `gone_us` when a whole snapshot came without it.
CREATE TABLE "mirror_keys" (
    "key" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "at_us" INTEGER NOT NULL,
    "gone_us" INTEGER,
    "body" TEXT NOT NULL,
    PRIMARY KEY ("key")
) STRICT;
CREATE INDEX "mirror_keys_by_source" ON "mirror_keys" ("source", "round");

-- Ids of drifts begin with how bad they are: the worst sort first.
CREATE TABLE "drifts" (
    "drift" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "since_us" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    PRIMARY KEY ("drift")
) STRICT;
CREATE INDEX "drifts_by_kind" ON "drifts" ("kind", "drift");
CREATE INDEX "drifts_by_key" ON "drifts" ("key", "drift");
