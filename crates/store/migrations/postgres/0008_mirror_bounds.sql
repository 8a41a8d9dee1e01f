-- How many keys ended because a source told of their end, and since when that is counted: a wrong column must not end all of them.
ALTER TABLE "mirrors" ADD COLUMN "ends" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "mirrors" ADD COLUMN "ends_from_us" BIGINT NOT NULL DEFAULT 0;

-- When the source last told of the key, by the record's clock; and the snapshot that named it last, which a change does not count as.
ALTER TABLE "mirror_keys" ADD COLUMN "told_us" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "mirror_keys" ADD COLUMN "in_round" BIGINT NOT NULL DEFAULT 0;
UPDATE "mirror_keys" SET "told_us" = COALESCE((SELECT "heard_us" FROM "mirrors" WHERE "mirrors"."source" = "mirror_keys"."source"), 0);
