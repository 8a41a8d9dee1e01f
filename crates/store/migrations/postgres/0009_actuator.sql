-- What should be true of keys at an exchange that keeps its own gateway, and what it acknowledged (ADR 0025). One row a key and
-- destination: a newer intent takes the place of an older one.
CREATE TABLE "actuations" (
    "actuation" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "destination" TEXT COLLATE "C" NOT NULL,
    "key" TEXT COLLATE "C" NOT NULL,
    "target" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "intent" BIGINT NOT NULL,
    "intended_us" BIGINT NOT NULL,
    "changed_us" BIGINT NOT NULL,
    "acknowledged_us" BIGINT,
    "body" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "actuations_by_state" ON "actuations" ("state", "actuation");
CREATE INDEX "actuations_by_key" ON "actuations" ("key", "actuation");
CREATE INDEX "actuations_by_changed_us" ON "actuations" ("changed_us", "actuation");
