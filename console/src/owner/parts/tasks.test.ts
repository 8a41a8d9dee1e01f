// In which order what waits is told: his soonest deadline on top.
import { expect, test } from "vitest";
import { inOrder, type Task } from "./tasks";

const task = (id: string, rank: number, until?: string, by?: string) =>
  ({ id, rank, until, by, asked: true, tone: "warn", title: "", text: "", key: null, go: "", to: "" }) satisfies Task;

test("the soonest deadline of his is first, whatever it is about", () => {
  const told = inOrder([
    task("take a key", 3),
    task("question", 0, "2026-11-28T10:00:00Z"),
    task("held: the exchange's time", 2, "2026-11-21T09:00:00Z", "reviewed by"),
    task("re-verification", 1, "2026-11-21T10:17:00Z"),
    task("notice of an end", 2),
  ]);
  expect(told.map(({ id }) => id)).toEqual([
    "re-verification",
    "question",
    "held: the exchange's time",
    "notice of an end",
    "take a key",
  ]);
});
