// What stands on a page whose server is gone: the same words for as long as it is, also while it is asked again.
import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem, UNREACHABLE } from "../api/client";
import { makeQueryClient } from "../api/queries";
import { Read } from "./states";
import { uiWords } from "./words";

const later = (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));
const ask = vi.fn<() => Promise<string>>();
const lost = () =>
  new Problem({ type: "about:blank", title: "", status: 0, detail: "", code: UNREACHABLE, remedy: "", instance: "" });
/** Nothing answers, and that takes a while to be known. */
const fails = () => new Promise<string>((_, bad) => setTimeout(() => bad(lost()), 500));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  ask.mockReset();
});

function Page({ of }: { of: string }) {
  const query = useQuery({ queryKey: ["keys", of], queryFn: ask });
  return <Read query={query}>{(text) => <p>{text}</p>}</Read>;
}
function shown(of: string) {
  return (
    <QueryClientProvider client={client}>
      <Page of={of} />
    </QueryClientProvider>
  );
}
let client = makeQueryClient();
beforeEach(() => {
  client = makeQueryClient();
});

const loads = () => screen.queryByRole("status", { name: uiWords.ko.loading });

test("an error stays while it is asked again, which is said, until an answer comes", async () => {
  ask.mockImplementation(fails);
  render(shown("one"));
  expect(loads()).not.toBeNull();
  // Four attempts of half a second, and the pauses between them.
  await later(9_500);
  const alert = screen.getByRole("alert");
  expect(alert.textContent).toContain(uiWords.ko.unreachableTitle);
  let asked = false;
  for (let second = 0; second < 30; second++) {
    await later(1_000);
    expect(loads()).toBeNull();
    expect(screen.getByRole("alert")).toBe(alert);
    asked ||= alert.textContent?.includes(uiWords.ko.asking) ?? false;
  }
  expect(asked).toBe(true);
  ask.mockResolvedValue("here");
  await later(20_000);
  expect(screen.queryByRole("alert")).toBeNull();
  expect(screen.getByText("here")).toBeTruthy();
});

test("the error of one read is not shown for another", async () => {
  ask.mockImplementation(fails);
  const { rerender } = render(shown("one"));
  await later(9_500);
  expect(screen.queryByRole("alert")).not.toBeNull();
  rerender(shown("two"));
  expect(screen.queryByRole("alert")).toBeNull();
  expect(loads()).not.toBeNull();
});
