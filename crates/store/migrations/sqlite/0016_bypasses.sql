-- Times in which everything passed at a gate because somebody there said so. "until_us" is null while it lasts, "let_pass" as long as nobody knows it.
CREATE TABLE "bypasses" (
    "bypass" TEXT NOT NULL PRIMARY KEY,
    "gate" TEXT NOT NULL,
    "since_us" INTEGER NOT NULL,
    "until_us" INTEGER,
    "by" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "let_pass" INTEGER,
    "version" INTEGER NOT NULL
) STRICT;
CREATE INDEX "bypasses_by_gate" ON "bypasses" ("gate", "bypass");
CREATE INDEX "bypasses_by_until_us" ON "bypasses" ("until_us", "bypass");
