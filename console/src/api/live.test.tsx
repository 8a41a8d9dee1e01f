// Live messages: many at once ask anew once, and a cut line asks anew for everything.
import { QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useLive } from "./live";
import { makeQueryClient } from "./queries";

class Source extends EventTarget {
  static readonly CLOSED = 2;
  static last: Source;
  closed = false;
  readyState = 1;
  constructor(readonly url: string) {
    super();
    Source.last = this;
  }
  close() {
    this.closed = true;
  }
  say(kinds: unknown) {
    this.dispatchEvent(new MessageEvent("changed", { data: typeof kinds === "string" ? kinds : JSON.stringify({ kinds }) }));
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function follow() {
  const client = makeQueryClient();
  const asked: unknown[] = [];
  vi.spyOn(client, "invalidateQueries").mockImplementation(async (filters) => void asked.push(filters?.queryKey ?? "all"));
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  return { asked, ...renderHook(() => useLive(), { wrapper }) };
}

test("five hundred messages ask anew once a second, each kind once", () => {
  const { asked } = follow();
  for (let n = 0; n < 500; n += 1) Source.last.say(["keys", "overview"]);
  expect(asked).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(asked).toEqual([["keys"], ["overview"]]);
  vi.advanceTimersByTime(5_000);
  expect(asked).toHaveLength(2);
});

test("a message that cannot be read asks for nothing", () => {
  const { asked } = follow();
  Source.last.say("{");
  Source.last.say('"text"');
  vi.advanceTimersByTime(2_000);
  expect(asked).toEqual([]);
});

test("after a cut, everything is asked anew; at first, nothing", () => {
  const { asked, result } = follow();
  act(() => void Source.last.dispatchEvent(new Event("open")));
  expect([result.current, asked]).toEqual(["live", []]);
  act(() => void Source.last.dispatchEvent(new Event("error")));
  expect(result.current).toBe("lost");
  act(() => void Source.last.dispatchEvent(new Event("open")));
  expect([result.current, asked]).toEqual(["live", ["all"]]);
});

test("a tab that nobody sees holds no line, and asks for everything once it is seen", () => {
  const { asked, result } = follow();
  const first = Source.last;
  act(() => void first.dispatchEvent(new Event("open")));
  const shown = vi.spyOn(document, "visibilityState", "get");
  shown.mockReturnValue("hidden");
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
  expect([first.closed, result.current, asked]).toEqual([true, "joining", []]);
  shown.mockReturnValue("visible");
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
  expect(Source.last).not.toBe(first);
  act(() => void Source.last.dispatchEvent(new Event("open")));
  expect([result.current, asked]).toEqual(["live", ["all"]]);
  shown.mockRestore();
});

test("leaving the page closes the line", () => {
  const { asked, unmount } = follow();
  Source.last.say(["keys"]);
  unmount();
  vi.advanceTimersByTime(2_000);
  expect([Source.last.closed, asked]).toEqual([true, []]);
});

test("a line that the browser gave up is tried again, and who is signed in is asked at once", () => {
  const { asked, result } = follow();
  const first = Source.last;
  first.readyState = Source.CLOSED;
  act(() => void first.dispatchEvent(new Event("error")));
  expect([result.current, asked]).toEqual(["lost", [["sessions"]]]);
  expect(Source.last).toBe(first);
  vi.advanceTimersByTime(5_000);
  expect(Source.last).not.toBe(first);
  act(() => void Source.last.dispatchEvent(new Event("open")));
  expect([result.current, asked]).toEqual(["live", [["sessions"], "all"]]);
});
