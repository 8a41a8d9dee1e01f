// A command as it stands is what is copied, whole.
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { Command } from "./basics";

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

test("what is copied is what stands there", async () => {
  const written = vi.spyOn(window.navigator.clipboard, "writeText").mockResolvedValue();
  const text = "sumun ledger verify --folder https://ledger.invalid/venue --vkey vkey --since ~/Downloads/checkpoint-1234567.txt";
  render(<Command text={text} />);
  expect(document.querySelector("pre")?.textContent).toBe(text);
  fireEvent.click(screen.getByRole("button"));
  await vi.waitFor(() => expect(written).toHaveBeenCalledWith(text));
});

test("no option is broken at its hyphens, and no character is lost", () => {
  const text = "sumun do --one --dir /srv/a--b --since x";
  render(<Command text={text} />);
  expect(document.querySelector("pre")?.textContent).toBe(text);
  expect([...document.querySelectorAll(".option")].map((one) => one.textContent)).toEqual(["--one", "--dir", "--since"]);
});
