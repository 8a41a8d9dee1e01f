-- Keys that read and cancel only by a campaign: by index, so that one that is stopped finds them whatever else it asks about.
CREATE INDEX "keys_by_campaign" ON "keys" ("campaign", "state", "key") WHERE "campaign" IS NOT NULL;

-- How many keys ended because an exchange told so, and when: counted for all sources together, since whoever tells names his source himself.
CREATE TABLE "mirror_ends" (
    "at_us" INTEGER NOT NULL,
    "ends" INTEGER NOT NULL,
    PRIMARY KEY ("at_us")
) STRICT;
INSERT INTO "mirror_ends" ("at_us", "ends") SELECT "ends_from_us", SUM("ends") FROM "mirrors" WHERE "ends" > 0 GROUP BY "ends_from_us";
ALTER TABLE "mirrors" DROP COLUMN "ends";
ALTER TABLE "mirrors" DROP COLUMN "ends_from_us";
