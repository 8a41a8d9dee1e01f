// How long somebody looked: over reloads, not while the page cannot be seen, and as the instant that the server counts from.
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lookedSince, useLooked } from "./looked";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-21T00:00:00Z") });
  window.sessionStorage.clear();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));
function see(visible: boolean): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visible ? "visible" : "hidden");
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
}

test("a reload goes on counting; another approval and another person begin anew", () => {
  const first = renderHook(() => useLooked("user:joon", "a1"));
  pass(10_000);
  expect(first.result.current).toBe(10_000);
  first.unmount();
  const again = renderHook(() => useLooked("user:joon", "a1"));
  expect(again.result.current).toBe(10_000);
  pass(3_000);
  expect(again.result.current).toBe(13_000);
  expect(renderHook(() => useLooked("user:joon", "a2")).result.current).toBe(0);
  expect(renderHook(() => useLooked("user:sora", "a1")).result.current).toBe(0);
});

test("what cannot be seen, or was slept through, is not looked at", () => {
  const { result } = renderHook(() => useLooked("user:joon", "a1"));
  pass(4_000);
  see(false);
  pass(60_000);
  see(true);
  pass(2_000);
  expect(result.current).toBe(6_000);
  vi.setSystemTime(Date.now() + 3_600_000);
  pass(1_000);
  expect(result.current).toBe(6_000);
});

test("the server counts what is shown", () => {
  const now = Date.parse("2026-11-21T00:10:00Z");
  const asked = "2026-11-21T00:00:00Z";
  expect(lookedSince(60_000, now, "2026-11-21T00:10:00Z", now, asked)).toBe("2026-11-21T00:09:00.000Z");
  // A browser an hour ahead; one behind says nothing that is still to come.
  expect(lookedSince(60_000, now + 3_600_000, "2026-11-21T00:10:00Z", now + 3_600_000, asked)).toBe("2026-11-21T00:09:00.000Z");
  expect(lookedSince(0, now - 5_000, "2026-11-21T00:10:00Z", now - 5_000, asked) <= "2026-11-21T00:10:00.000Z").toBe(true);
  // Never before it was asked for.
  expect(lookedSince(3_600_000, now, "2026-11-21T00:10:00Z", now, asked)).toBe("2026-11-21T00:00:00.001Z");
});
