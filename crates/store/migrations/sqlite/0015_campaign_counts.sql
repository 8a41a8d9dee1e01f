-- How many keys of a campaign stand where, kept with each row that is written: a million of them are not counted for every look at a page.
-- By the database itself, so that whatever writes a row, also a process of before this migration, keeps them right. `slot` spreads those who
-- write at once; here there is one writer, and one slot.
CREATE TABLE "campaign_counts" (
    "campaign" TEXT NOT NULL,
    "segment" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "slot" INTEGER NOT NULL,
    "keys" INTEGER NOT NULL,
    PRIMARY KEY ("campaign", "segment", "state", "slot")
) STRICT;
INSERT INTO "campaign_counts" ("campaign", "segment", "state", "slot", "keys")
    SELECT "campaign", "segment", "state", 0, COUNT(*) FROM "campaign_keys" GROUP BY "campaign", "segment", "state";

CREATE TRIGGER "campaign_keys_came" AFTER INSERT ON "campaign_keys"
BEGIN
    INSERT INTO "campaign_counts" ("campaign", "segment", "state", "slot", "keys")
        VALUES (NEW."campaign", NEW."segment", NEW."state", 0, 1)
        ON CONFLICT ("campaign", "segment", "state", "slot") DO UPDATE SET "keys" = "keys" + 1;
END;
CREATE TRIGGER "campaign_keys_moved" AFTER UPDATE ON "campaign_keys"
WHEN (OLD."campaign", OLD."segment", OLD."state") <> (NEW."campaign", NEW."segment", NEW."state")
BEGIN
    UPDATE "campaign_counts" SET "keys" = "keys" - 1
        WHERE "campaign" = OLD."campaign" AND "segment" = OLD."segment" AND "state" = OLD."state" AND "slot" = 0;
    INSERT INTO "campaign_counts" ("campaign", "segment", "state", "slot", "keys")
        VALUES (NEW."campaign", NEW."segment", NEW."state", 0, 1)
        ON CONFLICT ("campaign", "segment", "state", "slot") DO UPDATE SET "keys" = "keys" + 1;
END;
CREATE TRIGGER "campaign_keys_went" AFTER DELETE ON "campaign_keys"
BEGIN
    UPDATE "campaign_counts" SET "keys" = "keys" - 1
        WHERE "campaign" = OLD."campaign" AND "segment" = OLD."segment" AND "state" = OLD."state" AND "slot" = 0;
END;
