// What would become of a file's lines: counts, and each refused line by name.
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Result } from "./check";
import { driftWords } from "./words";

afterEach(cleanup);

const w = driftWords.ko;
const taken = {
  source: "exchange",
  dry_run: true,
  lines: 3,
  made: 1,
  changed: 0,
  same: 1,
  ended: 0,
  held_back: 0,
  older: 0,
  differing: 0,
  secrets: 0,
  refused_total: 0,
  refused: [],
};

test("a sound file", () => {
  render(<Result of={taken} name="keys.ndjson" />);
  expect(screen.getByText(w.checkGood, { exact: false }).textContent).toContain("keys.ndjson");
  expect(screen.queryByRole("table")).toBeNull();
  expect(screen.queryByText(w.heldBack)).toBeNull();
});

test("refused lines are named, and more than are shown are counted", () => {
  const refused = Array.from({ length: 101 }, (_, index) => ({
    code: "dead_id",
    column: null,
    field: "key",
    line: index + 1,
    message: `key K${index + 1} has ended here`,
    remedy: "end it at the exchange now",
    subject: `key:K${index + 1}`,
  }));
  render(<Result of={{ ...taken, refused_total: 101, refused }} name="keys.ndjson" />);
  expect(screen.getByText(w.checkRefused("101"), { exact: false })).toBeTruthy();
  expect(screen.getByText("key:K100")).toBeTruthy();
  expect(screen.queryByText("key:K101")).toBeNull();
  expect(screen.getByText(w.refusedMore("100", "101"))).toBeTruthy();
});
