-- How many keys of a campaign stand where, kept with each row that is written: a million of them are not counted for every look at a page.
-- By the database itself, so that whatever writes a row, also a process of before this migration, keeps them right. `slot` spreads those who
-- write at once: each transaction writes to one of sixteen by its number, and whoever reads adds them up. One slot alone may fall below zero.
CREATE TABLE "campaign_counts" (
    "campaign" TEXT COLLATE "C" NOT NULL,
    "segment" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "slot" BIGINT NOT NULL,
    "keys" BIGINT NOT NULL,
    PRIMARY KEY ("campaign", "segment", "state", "slot")
);
-- Nobody writes a row between its being counted and the triggers.
LOCK TABLE "campaign_keys" IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO "campaign_counts" ("campaign", "segment", "state", "slot", "keys")
    SELECT "campaign", "segment", "state", 0, COUNT(*) FROM "campaign_keys" GROUP BY "campaign", "segment", "state";

CREATE FUNCTION "campaign_keys_counted"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_this BIGINT := pg_current_xact_id()::text::bigint % 16;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO "campaign_counts" ("campaign", "segment", "state", "slot", "keys")
            SELECT "campaign", "segment", "state", of_this, COUNT(*) FROM "came" GROUP BY "campaign", "segment", "state"
            ON CONFLICT ("campaign", "segment", "state", "slot")
            DO UPDATE SET "keys" = "campaign_counts"."keys" + excluded."keys";
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO "campaign_counts" ("campaign", "segment", "state", "slot", "keys")
            SELECT "campaign", "segment", "state", of_this, -COUNT(*) FROM "went" GROUP BY "campaign", "segment", "state"
            ON CONFLICT ("campaign", "segment", "state", "slot")
            DO UPDATE SET "keys" = "campaign_counts"."keys" + excluded."keys";
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER "campaign_keys_came" AFTER INSERT ON "campaign_keys"
    REFERENCING NEW TABLE AS "came" FOR EACH STATEMENT EXECUTE FUNCTION "campaign_keys_counted"();
CREATE TRIGGER "campaign_keys_moved" AFTER UPDATE ON "campaign_keys"
    REFERENCING OLD TABLE AS "went" NEW TABLE AS "came" FOR EACH STATEMENT EXECUTE FUNCTION "campaign_keys_counted"();
CREATE TRIGGER "campaign_keys_went" AFTER DELETE ON "campaign_keys"
    REFERENCING OLD TABLE AS "went" FOR EACH STATEMENT EXECUTE FUNCTION "campaign_keys_counted"();
