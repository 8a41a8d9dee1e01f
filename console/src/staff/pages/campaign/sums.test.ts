// Coverage added up: what ended or was replaced counts in no share.
import { expect, test } from "vitest";
import { of, share, together } from "./sums";

const VIEW = {
  campaign: "E1",
  at: "2027-01-20T00:00:00Z",
  keys: 20,
  segments: [
    { segment: "retail" as const, keys: 15, states: { enrolled: 6, window: 4, gone: 3, ended: 2 } },
    { segment: "corporate" as const, keys: 5, states: { enrolled: 1, read_only: 3, unreachable: 1 } },
  ],
};

test("segments add up", () => {
  const all = together(VIEW);
  expect(all).toEqual({ keys: 20, states: { enrolled: 7, window: 4, gone: 3, ended: 2, read_only: 3, unreachable: 1 } });
  expect(of(all, "window", "read_only", "not_told")).toBe(7);
});

test("the share is of those that are still asked about", () => {
  expect(share(together(VIEW))).toBeCloseTo(7 / 15);
  expect(share({ keys: 2, states: { gone: 2 } })).toBeNull();
  expect(share({ keys: 0, states: {} })).toBeNull();
});
