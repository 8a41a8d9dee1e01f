-- Times in which everything passed at a gate because somebody there said so. "until_us" is null while it lasts, "let_pass" as long as nobody knows it.
CREATE TABLE "bypasses" (
    "bypass" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "gate" TEXT COLLATE "C" NOT NULL,
    "since_us" BIGINT NOT NULL,
    "until_us" BIGINT,
    "by" TEXT COLLATE "C" NOT NULL,
    "reason" TEXT COLLATE "C" NOT NULL,
    "let_pass" BIGINT,
    "version" BIGINT NOT NULL
);
CREATE INDEX "bypasses_by_gate" ON "bypasses" ("gate", "bypass");
CREATE INDEX "bypasses_by_until_us" ON "bypasses" ("until_us", "bypass");
