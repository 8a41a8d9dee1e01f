// Days of a demonstration.
import { expect, test } from "vitest";
import { demoDays } from "./demoDays";

test("days of the length that the demonstration gives them", () => {
  expect(demoDays("2026-11-21T01:00:00Z", "2026-11-21T01:04:49.999Z", 10)).toBe(28);
  expect(demoDays("2026-11-01T00:00:00Z", "2026-11-21T00:00:00Z", 86_400)).toBe(20);
});
