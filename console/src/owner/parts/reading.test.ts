// Which notices wait for their reader: what was lifted or replaced later asks for nothing any more.
import { expect, test } from "vitest";
import type { KeyView, NoticeView } from "../reads";
import { tellsOfOpen, waiting } from "./reading";

/** Notices of one key, one minute after the other. */
function told(...kinds: string[]): NoticeView[] {
  return kinds.map(
    (kind, at) =>
      ({
        notice: `${at}:${kind}`,
        kind,
        key: "K1",
        acknowledged: null,
        created: `2026-11-20T12:0${at}:00Z`,
        say: [],
      }) as unknown as NoticeView,
  );
}

const LIVES = { key: "K1", state: "active", expires: "2099-01-01T00:00:00Z" } as unknown as KeyView;

test.each<[string[], string[]]>([
  [["key.held"], ["0:key.held"]],
  [["key.held", "key.released"], []],
  [["key.held", "key.released", "key.held"], ["2:key.held"]],
  [["key.held", "key.lifted"], ["0:key.held"]],
  [["key.held", "measure.reverify"], ["1:measure.reverify"]],
  [
    ["key.held", "measure.warn"],
    ["0:key.held", "1:measure.warn"],
  ],
  [["measure.hold", "key.released"], []],
  [["measure.warn", "key.released"], ["0:measure.warn"]],
  [["measure.warn", "measure.ended"], []],
  [["key.suspended"], ["0:key.suspended"]],
  [["key.suspended", "key.lifted"], []],
  [
    ["key.suspended", "key.released", "measure.warn"],
    ["0:key.suspended", "2:measure.warn"],
  ],
  [["key.lifted", "key.suspended"], ["1:key.suspended"]],
  [["verification.timed_out", "measure.expire"], ["1:measure.expire"]],
  [["key.exposure_reported", "key.released", "measure.ended"], ["0:key.exposure_reported"]],
])("%j: wait %j", (kinds, wait) => {
  expect(waiting(told(...kinds), [LIVES]).map((one) => one.notice)).toEqual(wait);
});

test("another key's release ends nothing of this one", () => {
  const notices = told("key.held", "key.released").map((one, at) => (at === 1 ? { ...one, key: "K2" } : one));
  expect(waiting(notices, [LIVES])).toHaveLength(1);
});

test("of a key that has ended only its end waits", () => {
  const over = { ...LIVES, state: "expired" } as KeyView;
  expect(waiting(told("key.held", "key.suspended", "key.expired"), [over]).map((one) => one.kind)).toEqual([]);
  expect(waiting(told("key.held", "measure.expire"), [over]).map((one) => one.kind)).toEqual(["measure.expire"]);
});

test("a notice belongs to the open question about its own address, and to the open re-verification of its key", () => {
  const [asked, reverify, held] = told("question.asked", "measure.reverify", "key.held").map((one) => ({
    ...one,
    say: [{ code: "question.seen", ko: "", en: "It came from 203.0.113.9." }],
  })) as NoticeView[];
  if (!asked || !reverify || !held) throw new Error("three were made");
  const here = { key: "K1", address: "203.0.113.9" };
  expect(tellsOfOpen(asked, [here], [])).toBe(true);
  expect(tellsOfOpen(asked, [{ ...here, address: "203.0.113.7" }], [{ key: "K1" }])).toBe(false);
  expect(tellsOfOpen(reverify, [here], [{ key: "K1" }])).toBe(true);
  expect(tellsOfOpen(reverify, [here], [{ key: "K2" }])).toBe(false);
  expect(tellsOfOpen(held, [here], [{ key: "K1" }])).toBe(false);
});
