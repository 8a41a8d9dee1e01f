// Which entry is the answer to "why was this key cut off?".
import { expect, test } from "vitest";
import type { KeyView } from "../../parts/shapes";
import type { Entry, History } from "./reads";
import { cutEntry } from "./verdict";

const entry = (index: number, kind: string, state?: string, measure?: string): Entry => ({
  index,
  class: kind,
  at: "2026-11-20T20:00:00Z",
  ended: null,
  erased: false,
  ...(state === undefined ? {} : { state }),
  ...(measure === undefined ? {} : { measure }),
});
const whole = (entries: Entry[]): History => ({ entries, whole: true });
const key = (state: KeyView["state"], measure: string | null) => ({ state, measure }) as KeyView;

test("the entry since which a key has stood where it stands", () => {
  const entries = [
    entry(1, "key.issued", "active"),
    entry(2, "measure.entered", "active", "hold"),
    entry(3, "measure.left", "active"),
    entry(4, "measure.entered", "active", "hold"),
    entry(5, "notice.sent"),
    entry(6, "address.registered", "active", "hold"),
  ];
  expect(cutEntry(key("active", "hold"), whole(entries))?.index).toBe(4);
  const ended = [...entries, entry(7, "question.answered", "expired", "hold"), entry(8, "measure.watched", "expired")];
  expect(cutEntry(key("expired", null), whole(ended))?.index).toBe(7);
});

test("nothing is made up where nothing is known", () => {
  expect(cutEntry(key("expired", null), whole([]))).toBeUndefined();
  expect(cutEntry(key("suspended", null), whole([entry(1, "key.issued", "active")]))).toBeUndefined();
});

test("of a past that was read in part, what lies before it is not guessed", () => {
  const last = [entry(801, "key.held", "active", "hold"), entry(802, "notice.sent")];
  expect(cutEntry(key("active", "hold"), { entries: last, whole: false })).toBeUndefined();
  const more = [entry(800, "key.issued", "active"), ...last];
  expect(cutEntry(key("active", "hold"), { entries: more, whole: false })?.index).toBe(801);
});
