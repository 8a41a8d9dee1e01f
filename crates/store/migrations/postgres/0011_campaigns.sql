-- Enrolment campaigns. Everything asked of a million keys at once is found by index: what is due next, what one owner has, and how many keys
-- of a segment stand where, which is counted from the last index alone.
CREATE TABLE "campaigns" (
    "campaign" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "state" TEXT COLLATE "C" NOT NULL,
    "terms" TEXT COLLATE "C" NOT NULL,
    "body" TEXT COLLATE "C" NOT NULL,
    "proposed_by" TEXT COLLATE "C" NOT NULL,
    "began_us" BIGINT NOT NULL,
    "version" BIGINT NOT NULL
);
CREATE INDEX "campaigns_by_state" ON "campaigns" ("state", "campaign");

CREATE TABLE "campaign_keys" (
    "member" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "campaign" TEXT COLLATE "C" NOT NULL,
    "key" TEXT COLLATE "C" NOT NULL,
    "account" TEXT COLLATE "C" NOT NULL,
    "customer" TEXT COLLATE "C" NOT NULL,
    "segment" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "body" TEXT COLLATE "C" NOT NULL,
    "next_due_us" BIGINT,
    "version" BIGINT NOT NULL
);
CREATE INDEX "campaign_keys_by_next_due_us" ON "campaign_keys" ("campaign", "next_due_us", "member");
CREATE INDEX "campaign_keys_by_key" ON "campaign_keys" ("key", "member");
CREATE INDEX "campaign_keys_by_customer" ON "campaign_keys" ("customer", "member");
CREATE INDEX "campaign_keys_by_state" ON "campaign_keys" ("campaign", "state", "segment", "member");

-- Reading and cancelling only, until its owner has registered who uses it.
ALTER TABLE "keys" ADD COLUMN "campaign" TEXT COLLATE "C";
