-- What an exchange told of its own keys, and where that differs from the record. A copy of what can be sent again: no entry of the
-- ledger stands behind these rows, and nothing is decided by them that the record does not hold too.
CREATE TABLE "mirrors" (
    "source" TEXT COLLATE "C" NOT NULL,
    "seq" BIGINT NOT NULL,
    "open_round" BIGINT NOT NULL,
    "round" BIGINT NOT NULL,
    "snapshot_us" BIGINT,
    "heard_us" BIGINT NOT NULL,
    PRIMARY KEY ("source")
);

-- One key has one source. `round` is the snapshot it stood in last; `gone_us` when a whole snapshot came without it.
CREATE TABLE "mirror_keys" (
    "key" TEXT COLLATE "C" NOT NULL,
    "source" TEXT COLLATE "C" NOT NULL,
    "round" BIGINT NOT NULL,
    "at_us" BIGINT NOT NULL,
    "gone_us" BIGINT,
    "body" TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY ("key")
);
CREATE INDEX "mirror_keys_by_source" ON "mirror_keys" ("source", "round");

-- Ids of drifts begin with how bad they are: the worst sort first.
CREATE TABLE "drifts" (
    "drift" TEXT COLLATE "C" NOT NULL,
    "key" TEXT COLLATE "C" NOT NULL,
    "kind" TEXT COLLATE "C" NOT NULL,
    "since_us" BIGINT NOT NULL,
    "body" TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY ("drift")
);
CREATE INDEX "drifts_by_kind" ON "drifts" ("kind", "drift");
CREATE INDEX "drifts_by_key" ON "drifts" ("key", "drift");
