// What entries of several classes read like: whom they are about, by whom, and nothing of the codes of machines but what is folded.
import { renderToStaticMarkup } from "react-dom/server";
import { MemoryRouter } from "react-router";
import { expect, test } from "vitest";
import type { Schemas } from "../../../api/client";
import { Spoken } from "../../../i18n/lang";
import { Said } from "./said";
import { factsOf, subjectsOf } from "./subject";

const entry = (cls: string, facts: Record<string, unknown>) =>
  ({
    index: 7,
    class: cls,
    sequenced: "2026-11-21T01:01:40.231209Z",
    commitment: "990e",
    leaf: "leaf",
    masked: [],
    payload: { facts },
  }) as unknown as Schemas["LedgerEntry"];

const HELD = entry("measure.entered", {
  actor: "system:detect",
  keys: ["K616142eb3a000947c922fa46103e960b"],
  measure: "hold",
  policy: { digest: "728250b3", policy: "demo@2" },
  position: 853,
  roles: [],
  steps: [{ measure: "hold", mode: "act", phase: "enter", rule: "high_risk" }],
});
const ASKED = entry("approval.opened", { actor: "user:sora", subject: "vendor:V1", reason: "looked into (made up)", roles: [] });
const OPENED = entry("session.opened", { actor: "user:sora", from: "127.0.0.1", roles: ["security_admin"], session: "S1" });

test("an entry names whom it is about, the most telling first", () => {
  expect(subjectsOf(factsOf(HELD))).toEqual([
    { kind: "key", id: "K616142eb3a000947c922fa46103e960b", to: "/keys/K616142eb3a000947c922fa46103e960b" },
  ]);
  expect(subjectsOf(factsOf(ASKED))).toEqual([{ kind: "vendor", id: "V1", to: null }]);
  expect(subjectsOf(factsOf(OPENED))).toEqual([]);
  expect(subjectsOf({})).toEqual([]);
});

/** What is read without unfolding anything. */
function read(of: Schemas["LedgerEntry"]): string {
  const markup = renderToStaticMarkup(
    <Spoken>
      <MemoryRouter>
        <Said entry={of} />
      </MemoryRouter>
    </Spoken>,
  );
  const page = new DOMParser().parseFromString(markup, "text/html").body;
  for (const folded of page.querySelectorAll("details")) folded.remove();
  return page.textContent ?? "";
}

test("what is not folded is in words", () => {
  for (const one of [HELD, ASKED, OPENED]) {
    const said = read(one);
    expect(said).not.toMatch(/system:|user:|venue_facts|position|\{|security_admin|measure\.entered/);
    expect(said).not.toBe("");
  }
  expect(read(HELD)).toMatch(/demo@2/);
  expect(read(OPENED)).toMatch(/127\.0\.0\.1/);
});
