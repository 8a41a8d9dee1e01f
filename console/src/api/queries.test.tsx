// One act, one idempotency key: however often somebody clicks, and whatever is lost on the way.
import { QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, test } from "vitest";
import { Problem, UNREACHABLE } from "./client";
import { makeQueryClient, useWrite } from "./queries";

function problem(code: string, status: number): Problem {
  return new Problem({ type: "", title: "", status, detail: code, code, remedy: "", instance: "" });
}

function hook(answers: (Problem | string)[]) {
  const keys: string[] = [];
  const client = makeQueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(
    () =>
      useWrite(async (_: { reason: string }, key: string) => {
        keys.push(key);
        const answer = answers.shift() ?? "done";
        if (answer instanceof Problem) throw answer;
        return answer;
      }),
    { wrapper },
  );
  const send = (reason: string) => act(async () => void (await result.current.mutateAsync({ reason }).catch(() => undefined)));
  return { keys, send, result };
}

test("a double click is one act", async () => {
  const { keys, result } = hook(["the secret"]);
  const told = await act(() =>
    Promise.all([result.current.mutateAsync({ reason: "a" }), result.current.mutateAsync({ reason: "a" })]),
  );
  expect(keys).toHaveLength(1);
  expect(told).toEqual(["the secret", "the secret"]);
});

test("what was lost on the way is the same act again", async () => {
  const { keys, send } = hook([problem(UNREACHABLE, 503), problem("timed_out", 503), problem("second_factor_needed", 401)]);
  await send("a");
  await send("a");
  await send("a");
  await send("a");
  expect(new Set(keys).size).toBe(1);
});

test("other words, a refusal and a success each begin a new act", async () => {
  const { keys, send } = hook([problem(UNREACHABLE, 503), problem("forbidden", 403), "done"]);
  await send("a");
  await send("b");
  await send("b");
  await send("b");
  expect(new Set(keys).size).toBe(4);
});
