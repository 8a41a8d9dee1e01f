// Bars of the chart, and that words stand for everything a gate may say.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bars } from "./chart";
import { classText } from "./classes";
import { reasonText, reasonWords } from "./reasons";

test("bars: something is never drawn as nothing, nothing never as something, and all of it fits", () => {
  const at = "2026-11-20T12:00:00Z";
  const drawn = bars([
    { at, allowed: 1_000_000, refused: 1 },
    { at, allowed: 0, refused: 0 },
    { at, allowed: 1, refused: 250_000 },
  ]);
  expect(drawn[0]?.down).toBeGreaterThanOrEqual(3);
  expect([drawn[1]?.up, drawn[1]?.down]).toEqual([0, 0]);
  expect(drawn[2]?.up).toBeGreaterThanOrEqual(3);
  expect(Math.max(...drawn.map((bar) => bar.up)) + Math.max(...drawn.map((bar) => bar.down))).toBeLessThanOrEqual(168);
  expect(bars([])).toEqual([]);
});

test("every reason code of the gate has words", () => {
  const source = readFileSync("../crates/model/src/reason.rs", "utf8");
  const codes = [...source.matchAll(/= "([a-z_]+)",/g)].map((match) => match[1] ?? "");
  expect(codes).toContain("address_not_allowed");
  expect(codes.filter((code) => !(code in reasonWords.ko))).toEqual([]);
});

test("what has no words is shown as it is", () => {
  expect(reasonText("en", "newer_code")).toBe("newer_code");
  expect(classText("ko", "newer.class")).toBe("newer.class");
});
