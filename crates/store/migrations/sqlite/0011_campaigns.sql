-- Enrolment campaigns. Everything asked of a million keys at once is found by index: what is due next, what one owner has, and how many keys
-- of a segment stand where, which is counted from the last index alone.
CREATE TABLE "campaigns" (
    "campaign" TEXT NOT NULL PRIMARY KEY,
    "state" TEXT NOT NULL,
    "terms" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "proposed_by" TEXT NOT NULL,
    "began_us" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "campaigns_by_state" ON "campaigns" ("state", "campaign");

CREATE TABLE "campaign_keys" (
    "member" TEXT NOT NULL PRIMARY KEY,
    "campaign" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "customer" TEXT NOT NULL,
    "segment" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "next_due_us" INTEGER,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "campaign_keys_by_next_due_us" ON "campaign_keys" ("campaign", "next_due_us", "member");
CREATE INDEX "campaign_keys_by_key" ON "campaign_keys" ("key", "member");
CREATE INDEX "campaign_keys_by_customer" ON "campaign_keys" ("customer", "member");
CREATE INDEX "campaign_keys_by_state" ON "campaign_keys" ("campaign", "state", "segment", "member");

-- Reading and cancelling only, until its owner has registered who uses it.
ALTER TABLE "keys" ADD COLUMN "campaign" TEXT;
