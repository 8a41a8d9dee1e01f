// The badge of the frame is as honest as its reads: one that gets no answer is enough, and one that has it again ends that.
import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem, UNREACHABLE } from "./client";
import type { LiveState } from "./live";
import { makeQueryClient } from "./queries";
import { useLostSince } from "./reach";

const later = (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));
const problem = (code: string) =>
  new Problem({ type: "about:blank", title: "", status: 503, detail: "", code, remedy: "", instance: "" });
const ask = vi.fn<() => Promise<string>>();

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  ask.mockReset();
});

function followed(first: LiveState) {
  const client = makeQueryClient();
  return renderHook(
    ({ live }: { live: LiveState }) => {
      useQuery({ queryKey: ["overview"], queryFn: ask, refetchInterval: 10_000 });
      return useLostSince(live);
    },
    {
      initialProps: { live: first },
      wrapper: ({ children }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>,
    },
  );
}

test("a read without an answer is a loss from then on, until one comes", async () => {
  ask.mockResolvedValue("here");
  const { result } = followed("live");
  await later(5_000);
  expect(result.current).toBeNull();
  ask.mockRejectedValue(problem(UNREACHABLE));
  await later(10_000);
  const since = result.current;
  expect(since).not.toBeNull();
  await later(60_000);
  expect(result.current).toBe(since);
  ask.mockResolvedValue("here");
  await later(20_000);
  expect(result.current).toBeNull();
});

test("a no is an answer, and a line that is cut is a loss", async () => {
  ask.mockRejectedValue(problem("forbidden"));
  const { result, rerender } = followed("live");
  await later(20_000);
  expect(result.current).toBeNull();
  rerender({ live: "lost" });
  expect(result.current).not.toBeNull();
  rerender({ live: "live" });
  expect(result.current).toBeNull();
});
