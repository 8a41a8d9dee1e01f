// A long record that is told to wait, and one that breaks off halfway.
import { expect, test } from "vitest";
import { Problem } from "../../../api/client";
import { type Part, type Place, START, takeParts, waits } from "./parts";

function problem(status: number, retryS: number | null = null): Problem {
  return new Problem({ type: "", title: "", status, detail: "", code: "too_busy", remedy: "", instance: "" }, retryS);
}

/** Asks a server that answers like this, in turn; what was seen of it. */
function of(...answers: (Part | Problem)[]) {
  const seen: string[] = [];
  const places: Place[] = [];
  const take = (from: Place) =>
    takeParts(from, {
      ask: async (after) => {
        seen.push(`ask ${after}`);
        const answer = answers.shift();
        if (answer === undefined || answer instanceof Problem) throw answer;
        return answer;
      },
      save: (text, part) => seen.push(`save ${part} ${text}`),
      at: (place) => places.push(place),
      waits: (part, seconds) => seen.push(`wait ${part} ${seconds}`),
      pause: async (ms) => void seen.push(`pause ${ms}`),
    });
  return { take, seen, places };
}

test("a part that is told to come later is asked for again, and only that one", async () => {
  const { take, seen } = of({ text: "a", next: "K1" }, problem(429, 7), problem(503), { text: "b", next: null });
  expect(await take(START)).toBe(2);
  expect(seen).toEqual([
    "ask null",
    "save 1 a",
    "ask K1",
    "wait 2 7",
    "pause 7000",
    "wait 2 null",
    "ask K1",
    "wait 2 3",
    "pause 3000",
    "wait 2 null",
    "ask K1",
    "save 2 b",
  ]);
});

test("what fails for good is gone on from where it failed", async () => {
  const { take, seen, places } = of({ text: "a", next: "K1" }, problem(500), { text: "b", next: null });
  await expect(take(START)).rejects.toThrow(Problem);
  const left = places.at(-1) ?? START;
  expect(left).toEqual({ saved: 1, after: "K1" });
  expect(await take(left)).toBe(2);
  expect(seen).toEqual(["ask null", "save 1 a", "ask K1", "ask K1", "save 2 b"]);
});

test("nobody waits for ever", async () => {
  const { take, seen } = of(...Array.from({ length: 9 }, () => problem(503, 2)));
  await expect(take(START)).rejects.toThrow(Problem);
  expect(seen.filter((one) => one === "ask null")).toHaveLength(6);
});

test.each([
  [problem(429, 5), 5],
  [problem(503, 0), 1],
  [problem(503, 86_400), 60],
  [problem(503), 3],
  [problem(403, 5), null],
  [new Error("none of the server's"), null],
])("%# waits %j seconds", (error, seconds) => {
  expect(waits(error)).toBe(seconds);
});
