// What was chosen stands at once, though what keeps it follows later.
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, test } from "vitest";
import { Choice } from "./forms";

const OF = [
  ["a", "A"],
  ["b", "B"],
  ["c", "C"],
] as const;
type Letter = "a" | "b" | "c";

let later: (() => void)[] = [];
let elsewhere: (value: Letter) => void = () => undefined;

/** Keeps what was chosen only when told to, as an address does. */
function Slow() {
  const [value, set] = useState<Letter>("a");
  elsewhere = set;
  return <Choice label="Letter" of={OF} value={value} onChange={(next) => later.push(() => set(next))} />;
}

const box = () => screen.getByLabelText<HTMLSelectElement>("Letter");
const choose = (value: Letter) => fireEvent.change(box(), { target: { value } });
const keep = () => act(() => later.shift()?.());

afterEach(() => {
  cleanup();
  later = [];
});

test("two choices before either is kept: the last one stands throughout", () => {
  render(<Slow />);
  choose("b");
  expect(box().value).toBe("b");
  choose("c");
  expect(box().value).toBe("c");
  keep();
  expect(box().value).toBe("c");
  keep();
  expect(box().value).toBe("c");
});

test("what is set elsewhere stands, whatever was chosen", () => {
  render(<Slow />);
  choose("b");
  keep();
  act(() => elsewhere("a"));
  expect(box().value).toBe("a");
  choose("c");
  act(() => elsewhere("b"));
  expect(box().value).toBe("b");
});
