// What an approval rests on, as whoever decides reads it: nothing where the server tells nothing, and the objection in the owner's own words.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderToStaticMarkup } from "react-dom/server";
import { MemoryRouter } from "react-router";
import { expect, test } from "vitest";
import { Spoken } from "../../../i18n/lang";
import type { Approval } from "../../parts/shapes";
import { Grounds, Objected } from "./grounds";
import { groundsWords } from "./groundsWords";

const OBJECTION = {
  objection: "O1",
  notice: "N1",
  key: "K1",
  state: "received",
  text: "That was my own bot. (made up)",
  at: "2026-11-21T01:00:00Z",
  decided: null,
  say: [],
  version: 1,
};
const GROUNDS = {
  key: "K1",
  measure: "expire",
  case_id: "C1",
  rule: "ladder.timed_out",
  because: { ko: "통제권 시험에 한 번 실패했습니다.", en: "One control test failed." },
  lesser: { ko: "", en: "" },
  signals: [],
  reverification: {
    verification: "V1",
    state: "timed_out",
    identity: "passed",
    identity_at: "2026-11-21T00:50:00Z",
    control: "outstanding",
    tests: 1,
    failures: 1,
    tries_left: 1,
    due: "2026-11-21T00:55:00Z",
  },
  objections: [OBJECTION],
  owner_told: true,
};
const approval = (over: Record<string, unknown>) => ({ approval: "P1", state: "open", ...over }) as unknown as Approval;

function read(of: Approval): string {
  const markup = renderToStaticMarkup(
    <QueryClientProvider client={new QueryClient()}>
      <Spoken>
        <MemoryRouter>
          <Objected of={of} keyId="K1" />
          <Grounds of={of} keyId="K1" />
        </MemoryRouter>
      </Spoken>
    </QueryClientProvider>,
  );
  return new DOMParser().parseFromString(markup, "text/html").body.textContent ?? "";
}

test("the objection leads, then why, and how far the owner came", () => {
  window.localStorage.setItem("sumun.lang", "en");
  const said = read(approval({ grounds: GROUNDS }));
  const w = groundsWords.en;
  const order = [w.objected, OBJECTION.text, w.title, GROUNDS.because.en, w.s_timed_out, w.h_passed, w.tries("1", "2", "1")];
  const places = order.map((text) => said.indexOf(text));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
});

test("what was answered, or is closed, is no warning", () => {
  const answered = { ...OBJECTION, state: "upheld", decided: "2026-11-21T02:00:00Z" };
  expect(read(approval({ grounds: { ...GROUNDS, objections: [answered] } }))).not.toContain(OBJECTION.text);
  expect(read(approval({ state: "granted", grounds: GROUNDS }))).not.toContain(OBJECTION.text);
});

test("a server that tells nothing of it is no error", () => {
  expect(read(approval({}))).toBe("");
  expect(read(approval({ grounds: null }))).toBe("");
});

test("what is over is no longer due, and says how it ended", () => {
  window.localStorage.setItem("sumun.lang", "en");
  const w = groundsWords.en;
  expect(read(approval({ grounds: GROUNDS }))).toContain(`${w.wasDue}21`);
  const failed = { ...GROUNDS.reverification, state: "failed", control: "failed", failures: 2, tries_left: 0 };
  const said = read(approval({ grounds: { ...GROUNDS, reverification: failed } }));
  expect(said).toContain(w.s_failed);
  expect(said).toContain(w.h_failed);
  expect(said).not.toContain(`${w.due}21`);
});

test("a rule stands in words where the server has them", () => {
  const rule_said = { ko: "재확인 기한이 지남", en: "The time for re-verification ran out" };
  const said = read(approval({ grounds: { ...GROUNDS, rule_said } }));
  expect(said).toContain(rule_said.en);
  expect(said).not.toContain(GROUNDS.rule);
});
