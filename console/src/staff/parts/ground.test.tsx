// The ground of a forced end: every one that the server knows can be chosen, and the free choice says that it is one.
import { readFileSync } from "node:fs";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Spoken } from "../../i18n/lang";
import { GROUNDS, GroundField, GroundTold, groundRead, groundWords } from "./ground";

afterEach(cleanup);

const openapi = JSON.parse(readFileSync("../docs/openapi.json", "utf8"));

test("every ground of the server can be chosen, in words", () => {
  expect([...GROUNDS].sort()).toEqual([...openapi.components.schemas.GroundWord.enum].sort());
  window.localStorage.setItem("sumun.lang", "en");
  const chosen: string[] = [];
  render(
    <Spoken>
      <GroundField value="" onChange={(ground) => chosen.push(ground)} />
    </Spoken>,
  );
  const field = screen.getByLabelText<HTMLSelectElement>(groundWords.en.label);
  expect([...field.options].map((option) => option.text)).toEqual([
    groundWords.en.none,
    ...GROUNDS.map((one) => groundWords.en[one]),
  ]);
  fireEvent.change(field, { target: { value: "used_by_others" } });
  expect(chosen).toEqual(["used_by_others"]);
});

test("what the owner reads of a ground is told as the server writes it", () => {
  const notices = readFileSync("../crates/govern/data/notices.toml", "utf8");
  for (const ground of GROUNDS) {
    const written = `"key.ground.${ground}" = { ko = "${groundRead.ko[ground]}", en = "${groundRead.en[ground]}" }`;
    expect(notices).toContain(written);
  }
});

test("the preview says the sentence of the ground that was chosen, and no other", () => {
  window.localStorage.setItem("sumun.lang", "en");
  const said = (ground: unknown, measured: boolean) => {
    const { container } = render(
      <Spoken>
        <GroundTold ground={ground} measured={measured} />
      </Spoken>,
    );
    return container.textContent ?? "";
  };
  for (const ground of GROUNDS) {
    const text = said(ground, false);
    for (const other of GROUNDS) expect(text.includes(groundRead.en[other])).toBe(other === ground);
    expect(text).not.toContain("No ground");
  }
  // What measures saw is told only where there is a measure; without a ground, that none is named.
  expect(said("secret_out", true)).toContain("measures in force saw");
  expect(said("secret_out", false)).not.toContain("measures in force saw");
  expect(said("", false)).toMatch(/^No ground is named.*reads only/);
  expect(said(null, true)).toMatch(/^No ground is named.*measures in force saw/);
});
