-- What is looked at first, and what every gate has yet to obey: by index, whatever the number of cases and measures.
CREATE INDEX "cases_by_rank" ON "cases" ("state", "assignee", "priority" DESC, "opened_us", "case_id");
-- PostgreSQL takes no order from an index behind a column that is null: nobody's cases have one of their own.
CREATE INDEX "cases_by_rank_of_nobody" ON "cases" ("state", "priority" DESC, "opened_us", "case_id") WHERE "assignee" IS NULL;
CREATE INDEX "measures_by_state_and_effect_us" ON "measures" ("state", "effect_us", "measure_id");
