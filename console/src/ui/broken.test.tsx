// A page that could not be shown: a lost server is said as everywhere, and the page starts anew once it answers, never before.
import { QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, render, screen } from "@testing-library/react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeQueryClient } from "../api/queries";
import { Broken } from "./broken";
import { Loading } from "./states";
import { uiWords } from "./words";

const fetched = vi.fn<() => Promise<Response>>();
const reload = vi.fn();
const later = (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetched);
  vi.spyOn(window.location, "reload").mockImplementation(reload);
  // The router says aloud what it catches.
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  fetched.mockReset();
  reload.mockReset();
});

async function fails() {
  const lazy = () => Promise.reject(new TypeError("the file did not come"));
  const router = createMemoryRouter([{ path: "/", errorElement: <Broken />, hydrateFallbackElement: <Loading />, lazy }]);
  render(
    <QueryClientProvider client={makeQueryClient()}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  // First the router hears that the file did not come, then the page whether anybody answers.
  await later(100);
  await later(100);
}

test("a lost server is said, asked again, and the page starts anew when it answers", async () => {
  fetched.mockRejectedValueOnce(new TypeError("no route")).mockResolvedValueOnce(new Response(null, { status: 502 }));
  fetched.mockResolvedValue(new Response(null, { status: 200 }));
  await fails();
  expect(screen.getByRole("alert").textContent).toContain(uiWords.ko.unreachableTitle);
  await later(2_000);
  expect(screen.getByRole("alert").textContent).toContain(uiWords.ko.unreachableTitle);
  expect(reload).not.toHaveBeenCalled();
  await later(2_000);
  expect(reload).toHaveBeenCalledTimes(1);
});

test("a page at fault is said, and is not started over and over", async () => {
  fetched.mockResolvedValue(new Response(null, { status: 200 }));
  await fails();
  expect(screen.getByRole("alert").textContent).toContain("the file did not come");
  await later(60_000);
  expect(reload).not.toHaveBeenCalled();
});
