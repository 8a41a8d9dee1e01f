// The ladder's figures are what they are called: forced ends are those by a measure, and all ended keys are a step away.
import { cleanup, render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { afterEach, expect, test } from "vitest";
import { Spoken } from "../../../i18n/lang";
import { Ladder } from "./ladder";
import { overviewWords } from "./words";

afterEach(cleanup);

test.each(["ko", "en"] as const)("an end by the owner's answer is said to be no forced end (%s)", (lang) => {
  window.localStorage.setItem("sumun.lang", lang);
  const w = overviewWords[lang];
  const rung = (measure: string) => ({ measure, in_force: 0, entered_day: 0, proposed: 0 });
  render(
    <Spoken>
      <MemoryRouter>
        <Ladder ladder={["monitor", "expire"].map(rung)} />
      </MemoryRouter>
    </Spoken>,
  );
  expect(screen.getByText(w.byMeasure, { exact: false })).toBeTruthy();
  expect(screen.getByRole("link", { name: w.allEnded }).getAttribute("href")).toBe("/keys?state=expired");
  expect(screen.getByRole("link", { name: new RegExp(w.ended) }).getAttribute("href")).toContain("measure=expire");
});
