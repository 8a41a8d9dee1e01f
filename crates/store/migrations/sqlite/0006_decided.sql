-- What was decided last stands first: by index, whatever the number of approvals. Rows of before this was kept go by when they were asked for.
ALTER TABLE "approvals" ADD COLUMN "decided_us" INTEGER;
CREATE INDEX "approvals_by_state_and_decided_us" ON "approvals" ("state", (COALESCE("decided_us", "requested_us")) DESC, "approval" DESC);
-- What an owner objected to about one key.
CREATE INDEX "objections_by_key" ON "objections" ("key", "objection");
