-- Which campaign was last granted about the keys of a segment. A grant writes one row per segment, so that of two at once about one segment
-- only one can be committed as it was planned.
CREATE TABLE "campaign_segments" (
    "segment" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "campaign" TEXT COLLATE "C" NOT NULL,
    "version" BIGINT NOT NULL
);
