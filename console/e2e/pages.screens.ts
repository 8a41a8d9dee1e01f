// `cargo xtask screens`: pictures of every page and of every state, for docs/screens. Judges nothing; whoever takes them looks at them.
import type { Page } from "@playwright/test";
import { caseWordsOfPage } from "../src/staff/pages/case/words";
import { staffWords } from "../src/staff/words";
import { clear, index, LOOKS, type Look, open, take } from "./support/album";
import { asOwner, comeIn } from "./support/owner";
import type { Role } from "./support/people";
import { ownerPlaces, type Place, staffPlaces } from "./support/places";
import { said } from "./support/said";
import { settled } from "./support/settled";
import { test } from "./support/test";

test.describe.configure({ mode: "serial", timeout: 900_000 });
// `SUMUN_SCREENS=keep` with a filter takes some of them anew.
test.beforeAll(() => (process.env.SUMUN_SCREENS === "keep" ? undefined : clear()));
test.afterAll(() => index());

/** Whose page it is, where it is not the compliance lead's. */
const WHOSE: Record<string, Role> = {
  overview: "analyst",
  queue: "analyst",
  cases: "analyst",
  case: "analyst",
  approval: "approver",
  people: "security_admin",
};

/** Charts draw and lists come in after the last answer. */
const calm = (page: Page) => page.waitForTimeout(600);

for (const look of LOOKS) {
  test(`the console, ${look.lang}, ${look.theme}`, async ({ browser, demo, rest }) => {
    const places = await staffPlaces(rest.as(demo.people.compliance_lead.token));
    for (const { name, path } of places) {
      const role = WHOSE[name] ?? "compliance_lead";
      const context = await open(browser, look, { baseURL: demo.console, storageState: demo.people[role].cookies });
      const page = await context.newPage();
      await page.goto(path);
      await settled(page);
      await calm(page);
      await take(page, `staff-${name}`, look);
      if (name === "case") await acting(page, look);
      if (name === "people") await parts(page, look);
      await context.close();
    }
    const context = await open(browser, look, { baseURL: demo.console });
    const page = await context.newPage();
    await page.goto("/");
    await page.getByRole("heading", { name: staffWords[look.lang].signInTitle }).waitFor();
    await take(page, "staff-sign-in", look);
    await context.close();
  });
}

/** A dialog with its fields, and what it says will happen. */
async function acting(page: Page, look: Look): Promise<void> {
  const w = caseWordsOfPage[look.lang];
  await page.getByRole("button", { name: w.decide, exact: true }).click();
  const dialog = page.getByRole("dialog", { name: w.decide });
  await dialog.getByLabel(w.choice).first().selectOption("keep");
  await dialog
    .getByLabel(said("reason", look.lang))
    .first()
    .fill(look.lang === "ko" ? "어제와 달라진 점이 없습니다 (가상)." : "Nothing new since yesterday (made up).");
  await take(page, "staff-case-deciding", look);
  await dialog.getByRole("button", { name: said("look", look.lang) }).click();
  await dialog.getByText(said("happens", look.lang)).waitFor();
  await take(page, "staff-case-what-happens", look);
}

async function parts(page: Page, look: Look): Promise<void> {
  for (const tab of ["tokens", "gates", "sources", "venue"]) {
    await page.goto(`/people?tab=${tab}`);
    await settled(page);
    await take(page, `staff-people-${tab}`, look);
  }
}

const problem = (status: number, code: string) => ({
  status,
  contentType: "application/problem+json",
  body: JSON.stringify({
    type: `urn:sumun:problem:${code}`,
    title: code,
    status,
    detail: "It was made to fail for this picture.",
    code,
    remedy: "Nothing: it is a picture.",
    instance: "urn:sumun:request:made-up",
  }),
});

/** What the server is made to say to every read but of the session itself. */
const STATES: Record<string, (page: Page) => Promise<void>> = {
  loading: (page) => reads(page, () => undefined),
  empty: (page) =>
    reads(
      page,
      { status: 200, contentType: "application/json", body: JSON.stringify({ items: [], next: null }) },
      /\/v1\/[a-z-]+(\?|$)/,
    ),
  error: (page) => reads(page, problem(500, "internal")),
  "no-permission": (page) => reads(page, problem(403, "forbidden")),
  "no-answer": (page) => reads(page, "lost"),
};

async function reads(
  page: Page,
  answer: "lost" | (() => undefined) | { status: number; contentType: string; body: string },
  only = /\/v1\//,
): Promise<void> {
  await page.route("**/v1/**", (route) => {
    const url = route.request().url();
    const left = route.request().method() !== "GET" || /\/v1\/(sessions|live|overview|venue)/.test(url) || !only.test(url);
    if (left) return route.fallback();
    if (answer === "lost") return route.abort("connectionrefused");
    // Never answered: it loads as long as anybody looks.
    return typeof answer === "function" ? undefined : route.fulfill(answer);
  });
}

const STATE_LOOKS = LOOKS.filter(({ theme }) => theme === "light");

for (const look of STATE_LOOKS) {
  test(`states, ${look.lang}`, async ({ browser, demo, rest }) => {
    const wanted = ["queue", "case", "keys", "key", "approvals", "ledger", "policies", "people"];
    const places = (await staffPlaces(rest.as(demo.people.compliance_lead.token))).filter(({ name }) => wanted.includes(name));
    for (const [state, make] of Object.entries(STATES)) {
      for (const { name, path } of state === "loading" || state === "no-answer" ? places.slice(0, 2) : places) {
        const context = await open(browser, look, { baseURL: demo.console, storageState: demo.people.compliance_lead.cookies });
        const page = await context.newPage();
        await make(page);
        await page.goto(path);
        await page.getByRole("main").waitFor();
        // A lost server is asked three times before it is given up.
        await page.waitForTimeout(state === "no-answer" ? 9_000 : 1_500);
        await take(page, `state-${name}-${state}`, look);
        await context.close();
      }
    }
  });
}

for (const look of LOOKS) {
  test(`the owner's page, ${look.lang}, ${look.theme}`, async ({ browser, demo }) => {
    const context = await open(browser, look, { baseURL: demo.owner, width: 390 });
    const page = await context.newPage();
    await page.goto(demo.owner);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await take(page, "owner-signed-out", look);
    await comeIn(page, demo);
    const places: Place[] = await ownerPlaces((path) => asOwner(page, "GET", path));
    for (const { name, path } of places) {
      await page.goto(`${demo.owner}${path}`);
      await settled(page);
      await calm(page);
      await take(page, `owner-${name}`, look);
    }
    if (look.theme === "light") {
      await page.setViewportSize({ width: 1280, height: 800 });
      for (const { name, path } of places) {
        await page.goto(`${demo.owner}${path}`);
        await settled(page);
        await take(page, `wide-${name}`, look);
      }
      for (const [state, make] of Object.entries(STATES)) {
        await page.setViewportSize({ width: 390, height: 844 });
        await page.unrouteAll({ behavior: "ignoreErrors" });
        await make(page);
        await page.goto(`${demo.owner}/`);
        await page.waitForTimeout(state === "no-answer" ? 9_000 : 1_500);
        await take(page, `owner-state-${state}`, look);
      }
    }
    await context.close();
  });
}
