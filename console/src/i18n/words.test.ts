// Every text of both programs: in both languages, with the same arguments, and each in its own language.
import { expect, test, vi } from "vitest";
import type { Words } from "./words";

type Any = Words<Record<string, string>>;
const all = vi.hoisted(() => ({ found: [] as { ko: Record<string, unknown>; en: Record<string, unknown> }[] }));

vi.mock("./words", () => ({
  words: (ko: Record<string, unknown>, en: Record<string, unknown>) => {
    const made = { ko, en };
    all.found.push(made);
    return made as unknown as Any;
  },
}));

const HANGUL = /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]/;
/** The one place where a language is named in itself. */
const NAMED_IN_ITSELF = new Set(["한국어", "English"]);

// Every file but those that start a program and name its pages; importing one makes its texts.
const files = import.meta.glob(["../**/*.{ts,tsx}", "!../**/*.test.{ts,tsx}", "!../**/{main,routes}.tsx", "!../**/*.d.ts"]);
await Promise.all(Object.values(files).map((file) => file()));

/** What a text says. Whatever it is given, it must say something. */
function said(text: unknown): string {
  if (typeof text === "string") return text;
  if (typeof text !== "function") throw new Error(`neither text nor function: ${String(text)}`);
  const arguments_ = Array.from({ length: text.length }, (_, index) => String(index + 2));
  return String((text as (...values: string[]) => unknown)(...arguments_));
}

const texts = all.found.flatMap(({ ko, en }) => Object.keys(ko).map((name) => ({ name, ko: ko[name], en: en[name] })));

test("there are texts", () => {
  expect(all.found.length).toBeGreaterThan(15);
  expect(texts.length).toBeGreaterThan(300);
});

test("both languages have the same names", () => {
  for (const { ko, en } of all.found) expect(Object.keys(en).toSorted()).toEqual(Object.keys(ko).toSorted());
});

test("what takes arguments does so in both", () => {
  expect(texts.filter(({ ko, en }) => typeof ko !== typeof en).map((one) => one.name)).toEqual([]);
});

test("no text is empty", () => {
  const empty = texts.filter(({ ko, en }) => said(ko).trim() === "" || said(en).trim() === "").map((one) => one.name);
  expect(empty).toEqual([]);
});

test("English has no Hangul", () => {
  const wrong = texts.map((one) => said(one.en)).filter((text) => HANGUL.test(text) && !NAMED_IN_ITSELF.has(text));
  expect(wrong).toEqual([]);
});

test("what is said in English words is said in Korean too", () => {
  const wrong = texts
    .filter(({ ko, en }) => said(ko) === said(en) && /[a-z]{3}/.test(said(en)) && !NAMED_IN_ITSELF.has(said(en)))
    .map((one) => `${one.name}: ${said(one.en)}`);
  // Names that are the same in both languages.
  expect(wrong.filter((one) => !/^digest: SHA-256$|^\w+: (ccxt|gate-1|[\w.+-]+@[\w.]+)$/.test(one))).toEqual([]);
});

test("Korean speaks politely", () => {
  const rude = texts.map((one) => said(one.ko)).filter((text) => /(해라|하라|한다|된다|이다|있다|없다)[.!]/.test(text));
  expect(rude).toEqual([]);
});
