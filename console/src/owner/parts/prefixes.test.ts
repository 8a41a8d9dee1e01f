// What is an address by its form, and which line is named.
import { expect, it } from "vitest";
import { isAll, isPrefix, isWithin, pointedAt, typedPrefixes, wrongPrefixes } from "./prefixes";

it.each([
  ["203.0.113.7", true],
  ["203.0.113.0/24", true],
  ["0.0.0.0/0", true],
  ["2001:db8::7", true],
  ["2001:db8::/48", true],
  ["::1", true],
  ["::ffff:203.0.113.7", true],
  ["203.0.113", false],
  ["203.0.113.256", false],
  ["203.0.113.07", false],
  ["203.0.113.7.", false],
  ["203.0.113.7/33", false],
  ["203.0.113.7/", false],
  ["203.0.113.7/8/8", false],
  ["2001:db8::7/129", false],
  ["2001:db8::7::1", false],
  ["home.example", false],
  ["https://203.0.113.7", false],
])("%s has the form of an address: %s", (text, is) => {
  expect(isPrefix(text)).toBe(is);
});

it.each([
  ["10.0.0.1", true],
  ["192.168.0.7/32", true],
  ["172.16.3.4", true],
  ["fd00::1", true],
  ["172.32.3.4", false],
  ["100.10.0.1", false],
  ["203.0.113.7", false],
  ["10.0.0.256", false],
])("%s exists within a network only: %s", (text, is) => {
  expect(isWithin(text)).toBe(is);
});

it("knows what stands for every address", () => {
  expect(["0.0.0.0/0", "::/0", "203.0.113.0/20", "203.0.113.7"].filter(isAll)).toEqual(["0.0.0.0/0", "::/0"]);
});

it("names the line of what is wrong, and of what the server points at", () => {
  const typed = typedPrefixes("203.0.113.7\n\n 300.1.1.1, ::1\nmine");
  expect(wrongPrefixes(typed)).toEqual([
    { text: "300.1.1.1", line: 3 },
    { text: "mine", line: 4 },
  ]);
  expect(pointedAt(typed, "/allowlist/2")).toEqual({ text: "::1", line: 3 });
  expect(pointedAt(typed, "/allowlist")).toBeUndefined();
});
