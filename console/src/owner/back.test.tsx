// What was answered in another tab is not asked here any more, once somebody looks.
import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, test } from "vitest";
import { makeQueryClient } from "../api/queries";
import { watchForReturn } from "./back";

test.each(["focus", "visibilitychange"])("%s renews what is shown, however new it is", async (event) => {
  watchForReturn();
  let state = "open";
  const client = makeQueryClient();
  const { result } = renderHook(
    () => useQuery({ queryKey: ["questions", event], queryFn: async () => state, refetchOnWindowFocus: "always" }),
    {
      wrapper: ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>,
    },
  );
  await waitFor(() => expect(result.current.data).toBe("open"));
  state = "answered";
  window.dispatchEvent(new Event(event));
  await waitFor(() => expect(result.current.data).toBe("answered"));
});
