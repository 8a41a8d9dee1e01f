// Where only taps watch, no gate decides anything: that is said, and what the exchange's logs told of is counted apart.
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Spoken } from "../../../i18n/lang";
import type { Facts } from "./index";
import { Requests } from "./requests";
import { overviewWords } from "./words";

afterEach(cleanup);

const QUIET: Facts["verdicts"] = {
  since: "2026-11-02T00:00:00Z",
  allowed: 0,
  refused: 0,
  elsewhere: 0,
  reasons: [],
  buckets: [{ at: "2026-11-02T00:00:00Z", allowed: 0, refused: 0 }],
  bucket_s: 10,
};

function shown(lang: "ko" | "en", verdicts: Facts["verdicts"]) {
  window.localStorage.setItem("sumun.lang", lang);
  render(
    <Spoken>
      <Requests verdicts={verdicts} />
    </Spoken>,
  );
  return overviewWords[lang];
}

test.each(["ko", "en"] as const)("lines of a tap are counted, and are no verdict (%s)", (lang) => {
  const w = shown(lang, { ...QUIET, elsewhere: 1_234 });
  expect(screen.getByText(w.elsewhere)).toBeTruthy();
  expect(screen.getByText("1,234")).toBeTruthy();
  expect(screen.getByText(w.countedElsewhere)).toBeTruthy();
  expect(screen.getByText(w.noneAtGates)).toBeTruthy();
});

test.each(["ko", "en"] as const)("without a tap nothing is said of one (%s)", (lang) => {
  const w = shown(lang, { ...QUIET, allowed: 7 });
  expect(screen.queryByText(w.elsewhere)).toBeNull();
  expect(screen.queryByText(w.noneAtGates)).toBeNull();
});
