-- What the overview counts, and the latest of it: by index, whatever the number of keys.
CREATE INDEX "measures_by_state_measure_and_began_us" ON "measures" ("state", "measure", "began_us");
CREATE INDEX "measures_by_effect_us" ON "measures" ("effect_us", "measure_id");
CREATE INDEX "cases_by_state_and_assignee" ON "cases" ("state", "assignee", "case_id");
CREATE INDEX "cases_by_state_and_due_us" ON "cases" ("state", "due_us", "case_id");
CREATE INDEX "cases_by_opened_us" ON "cases" ("opened_us", "case_id");
