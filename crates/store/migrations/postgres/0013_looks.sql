-- When each person first opened an approval: how long somebody looked is the server's to say, whichever process he opened it at. Beside the
-- record: what is decided stands there, with how long was looked.
CREATE TABLE "looks" (
    "approval" TEXT COLLATE "C" NOT NULL,
    "principal" TEXT COLLATE "C" NOT NULL,
    "at_us" BIGINT NOT NULL,
    PRIMARY KEY ("approval", "principal")
);
CREATE INDEX "looks_by_at_us" ON "looks" ("at_us");
