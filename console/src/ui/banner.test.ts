// A banner in both languages is told in one, its first sentence first; what has another shape is told whole.
import { expect, test } from "vitest";
import { firstOf, inLanguage } from "./banner";

const BOTH = "시연: 하루는 10초입니다. 시계는 실제입니다. · Demo: a day is 10 seconds. The clock is real.";

test("one language of two", () => {
  expect(inLanguage("ko", BOTH)).toBe("시연: 하루는 10초입니다. 시계는 실제입니다.");
  expect(inLanguage("en", BOTH)).toBe("Demo: a day is 10 seconds. The clock is real.");
  for (const text of ["점검 중", "Staging · not for customers", "A · 나 · C"]) expect(inLanguage("en", text)).toBe(text);
});

test("the first sentence, and the rest", () => {
  expect(firstOf("Version 1.5 runs. Look out.")).toEqual(["Version 1.5 runs.", "Look out."]);
  expect(firstOf("One sentence.")).toEqual(["One sentence.", ""]);
});
