-- What should be true of keys at an exchange that keeps its own gateway, and what it acknowledged (ADR 0025). One row a key and
-- destination: a newer intent takes the place of an older one.
CREATE TABLE "actuations" (
    "actuation" TEXT NOT NULL PRIMARY KEY,
    "destination" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "intent" INTEGER NOT NULL,
    "intended_us" INTEGER NOT NULL,
    "changed_us" INTEGER NOT NULL,
    "acknowledged_us" INTEGER,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "actuations_by_state" ON "actuations" ("state", "actuation");
CREATE INDEX "actuations_by_key" ON "actuations" ("key", "actuation");
CREATE INDEX "actuations_by_changed_us" ON "actuations" ("changed_us", "actuation");
