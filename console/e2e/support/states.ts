// What a page meets besides a good answer, brought about between browser and server: it loads, the server cannot, nothing answers. Refusals for
// want of a role and empty lists are not made here: those the server gives by itself (`people.ts`, `house.ts`).
import type { Page } from "@playwright/test";
import { expect } from "@playwright/test";
import { uiWords } from "../../src/ui/words";
import { settled } from "./settled";

export type State = "loading" | "error" | "no-answer";
export const STATES: readonly State[] = ["loading", "error", "no-answer"];

/** Longer than the three attempts that the page makes by itself. */
const GIVES_UP_WITHIN_MS = 40_000;

/** What `crates/server/src/api.rs` says when its own store does not come back in time, word for word. */
const TIMED_OUT = {
  type: "urn:sumun:problem:timed_out",
  title: "Timed out",
  status: 503,
  detail: "the request was not answered within 30 seconds",
  code: "timed_out",
  remedy: "repeat the request in a few seconds with the same `Idempotency-Key`; /readyz says what is missing",
  instance: "urn:sumun:request:5f0c9b1e7c0a4a33a1f0d2c4b6e8f001",
} as const;

/** From here on every read is answered so, but for who is signed in and what is told to everybody. */
export async function meets(page: Page, state: State): Promise<void> {
  await page.route("**/v1/**", (route) => {
    const { pathname } = new URL(route.request().url());
    const live = pathname === "/v1/live";
    const left = /^\/v1\/(sessions|owner\/facts|venue)/.test(pathname) || (live && state !== "no-answer");
    if (left || route.request().method() !== "GET") return route.fallback();
    if (state === "no-answer") return route.abort("connectionrefused");
    if (state === "error")
      return route.fulfill({
        status: TIMED_OUT.status,
        contentType: "application/problem+json",
        headers: { "retry-after": "2" },
        body: JSON.stringify(TIMED_OUT),
      });
    // Never answered: it loads as long as anybody looks.
    return undefined;
  });
}

/** Until the page shows it. */
export async function shows(page: Page, state: State): Promise<void> {
  await expect(page.getByRole("main")).toBeVisible();
  if (state === "loading") {
    const loading = [uiWords.ko, uiWords.en].map(({ loading }) => page.getByRole("status", { name: loading, exact: true }));
    await expect(loading.reduce((one, other) => one.or(other)).first()).toBeVisible();
    return;
  }
  await settled(page, GIVES_UP_WITHIN_MS);
  await expect(page.getByRole("main").getByRole("alert").first()).toBeVisible();
}
