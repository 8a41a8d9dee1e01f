-- What is looked at first, and what every gate has yet to obey: by index, whatever the number of cases and measures.
CREATE INDEX "cases_by_rank" ON "cases" ("state", "assignee", "priority" DESC, "opened_us", "case_id");
CREATE INDEX "measures_by_state_and_effect_us" ON "measures" ("state", "effect_us", "measure_id");
