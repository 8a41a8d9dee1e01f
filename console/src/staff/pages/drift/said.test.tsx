// What each side says, in words.
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { type DriftItem, Side } from "./said";
import { driftWords } from "./words";

afterEach(cleanup);

const item = (over: Partial<DriftItem>): DriftItem => ({
  drift: "1-K1",
  key: "K1",
  kind: "differs",
  attribute: "state",
  authority: "dead",
  since: "2026-11-02T00:20:00.000000Z",
  ...over,
});
const text = (of: DriftItem, there = false) => {
  const { container } = render(<Side of={of} there={there} />);
  return container.textContent;
};
const ko = driftWords.ko;

test.each<[string, DriftItem, boolean, string]>([
  ["an end", item({ here: "expired", there: "active" }), false, "종료"],
  ["a living key", item({ here: "expired", there: "active" }), true, "사용 중"],
  ["a key that a snapshot left out", item({ kind: "alive_here_dead_there", here: "active", there: "gone" }), true, ko.gone],
  [
    "a state that was not told: it lives",
    item({ kind: "dead_here_alive_there", here: "expired", there: null }),
    true,
    ko.notSaid,
  ],
  ["what nobody told of", item({ kind: "unknown_there", here: "active", there: null }), true, ko.absent],
  ["scopes", item({ attribute: "scopes", here: ["read", "trade"], there: [] }), false, "조회 전체, 주문"],
  ["no address", item({ attribute: "allowlist", here: ["192.0.2.0/24"], there: [] }), true, ko.absent],
  ["addresses", item({ attribute: "allowlist", here: ["192.0.2.0/24"], there: [] }), false, "192.0.2.0/24"],
  ["a program", item({ attribute: "application", here: "otter-bot" }), false, "otter-bot"],
])("%s", (_, of, there, said) => expect(text(of, there)).toBe(said));

test("an end date is Korea's", () => {
  expect(text(item({ attribute: "expires", here: "2026-12-31T15:00:00Z" }))?.replaceAll("\u00a0", " ")).toBe(
    "2027. 1. 1. 00:00:00 KST",
  );
});
