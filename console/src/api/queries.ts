// Reading and writing with React Query. Every read has a key that begins with the noun of its path (`["cases", id]`), so that a live
// message "cases changed" can say which reads are stale.
import { QueryClient, type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { CANCELLED, Problem, UNREACHABLE } from "./client";

/** What did not reach the server is asked again after so long. */
const LOST_ASKS_EVERY_MS = 5_000;

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // A browser that thinks itself offline would wait without a word: asked anyway, it says that nothing answers.
      mutations: { networkMode: "always" },
      queries: {
        networkMode: "always",
        staleTime: 5_000,
        // What a server refused it will refuse again; what did not reach it may.
        retry: (failures, error) => error instanceof Problem && error.code === UNREACHABLE && failures < 3,
        retryDelay: (failures) => Math.min(1_000 * 2 ** failures, 8_000),
        // What is told to go on by itself does, also for whom no live line renews it.
        refetchInterval: ({ state }) =>
          state.error instanceof Problem && state.error.code === UNREACHABLE ? LOST_ASKS_EVERY_MS : false,
      },
    },
  });
}

/**
 * A governed write. The idempotency key is drawn once for what is asked and kept until it succeeds or something else is asked, so that a
 * double click and a repeated attempt are one act. Asked again while the first is on its way, both have its answer: a repeated one is told
 * without the secret. `touches` names reads that are stale afterwards.
 */
export function useWrite<Input, Output>(
  act: (input: Input, idempotencyKey: string) => Promise<Output>,
  touches: QueryKey[] = [],
) {
  const client = useQueryClient();
  const drawn = useRef<{ asked: string; key: string; going?: Promise<Output> | undefined } | null>(null);
  return useMutation<Output, Problem, Input>({
    mutationFn: (input) => {
      const asked = JSON.stringify(input) ?? "";
      if (drawn.current?.asked !== asked) drawn.current = { asked, key: window.crypto.randomUUID() };
      const mine = drawn.current;
      mine.going ??= act(input, mine.key).finally(() => {
        mine.going = undefined;
      });
      return mine.going;
    },
    onSuccess: async () => {
      drawn.current = null;
      await Promise.all(touches.map((queryKey) => client.invalidateQueries({ queryKey })));
    },
    onError: (error) => {
      // Refused for good: the same words asked again are a new request. Of a server's own trouble nobody knows whether it was done.
      const waits = error.code === "second_factor_needed" || error.code === CANCELLED;
      if (error.status < 500 && !waits) drawn.current = null;
    },
  });
}
