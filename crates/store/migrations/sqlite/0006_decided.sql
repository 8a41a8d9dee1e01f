-- What was decided last stands first: by index, whatever the number of approvals. Only what is decided is in it, so that no planner takes it
-- for those that wait.
ALTER TABLE "approvals" ADD COLUMN "decided_us" INTEGER;
CREATE INDEX "approvals_by_state_and_decided_us" ON "approvals" ("state", "decided_us" DESC, "approval" DESC) WHERE "decided_us" IS NOT NULL;
-- What an owner objected to about one key.
CREATE INDEX "objections_by_key" ON "objections" ("key", "objection");
