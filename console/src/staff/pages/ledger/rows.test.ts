// Which entries stand in one row.
import { expect, test } from "vitest";
import { type Entry, rowsOf } from "./rows";

const entry = (index: number, cls: string, at: string) =>
  ({ index, class: cls, sequenced: `2026-11-21T03:${at}.000000Z`, commitment: "" }) as Entry;
const entries = [
  entry(9, "key.assessed", "10:40"),
  entry(8, "key.assessed", "10:20"),
  entry(7, "measure.entered", "10:10"),
  entry(6, "key.assessed", "10:05"),
  entry(5, "key.assessed", "09:59"),
  entry(4, "key.assessed", "09:01"),
];
const told = (open: number[]) =>
  rowsOf(entries, new Set(open)).map(({ entry, more }) => [entry.index, ...more.map((one) => one.index)]);

test("assessments of one minute that follow one another are one row, which opens", () => {
  expect(told([])).toEqual([[9, 8], [7], [6], [5, 4]]);
  // By any of its numbers: what comes in later stands before them.
  expect(told([4])).toEqual([[9, 8], [7], [6], [5], [4]]);
});
