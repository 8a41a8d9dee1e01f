// What a page meets besides a good answer, brought about between browser and server: it loads, the server cannot, nothing answers. Refusals for
// want of a role and empty lists are not made here: those the server gives by itself (`people.ts`, `house.ts`).
import { expect, type Page, type Route } from "@playwright/test";
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

/** What stands between a page and the server's answers: every read is answered so, but for who is signed in and what is told to everybody. */
export class Between {
  private held: Route[] = [];

  private constructor(
    private readonly page: Page,
    private state: State,
  ) {}

  static async of(page: Page, state: State): Promise<Between> {
    const between = new Between(page, state);
    await page.route("**/v1/**", (route) => between.answer(route));
    return between;
  }

  /** What was held is answered in the new way; what answers nothing is met by opening the page anew. */
  async become(state: State): Promise<void> {
    this.state = state;
    const held = this.held.splice(0);
    if (state === "no-answer") await this.page.reload();
    else await Promise.all(held.map((route) => this.answer(route)));
  }

  private answer(route: Route): Promise<void> | undefined {
    const { pathname } = new URL(route.request().url());
    const live = pathname === "/v1/live";
    const left = /^\/v1\/(sessions|owner\/facts|venue)/.test(pathname) || (live && this.state !== "no-answer");
    if (left || route.request().method() !== "GET") return route.fallback();
    if (this.state === "no-answer") return route.abort("connectionrefused");
    if (this.state === "error")
      return route.fulfill({
        status: TIMED_OUT.status,
        contentType: "application/problem+json",
        headers: { "retry-after": "2" },
        body: JSON.stringify(TIMED_OUT),
      });
    // Not answered: it loads as long as anybody looks.
    this.held.push(route);
    return undefined;
  }
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
