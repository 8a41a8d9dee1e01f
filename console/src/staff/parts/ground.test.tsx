// The ground of a forced end: every one that the server knows can be chosen, and the free choice says that it is one.
import { readFileSync } from "node:fs";
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { Spoken } from "../../i18n/lang";
import { GROUNDS, GroundField, groundWords } from "./ground";

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
