// What was decided last stands first, whatever its id.
import { expect, test } from "vitest";
import type { Approval } from "../../parts/shapes";
import { newestFirst } from "./order";

const one = (approval: string, state: string, requested: string, decided: string[], due = "2026-11-30T00:00:00Z") =>
  ({ approval, state, requested, due, decisions: decided.map((at) => ({ at })) }) as unknown as Approval;

test("the newest decision first", () => {
  const found = newestFirst([
    one("P1", "granted", "2026-11-20T08:00:00Z", ["2026-11-20T08:30:00Z", "2026-11-20T09:00:00Z"]),
    one("P2", "granted", "2026-11-20T07:00:00Z", ["2026-11-20T12:00:00Z"]),
    one("P3", "lapsed", "2026-11-20T07:30:00Z", [], "2026-11-20T10:00:00Z"),
    one("P4", "withdrawn", "2026-11-20T08:15:00Z", []),
  ]);
  expect(found.map(({ approval }) => approval)).toEqual(["P2", "P3", "P1", "P4"]);
});
