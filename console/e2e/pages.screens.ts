// `cargo xtask screens`: pictures of every page as it is on a busy day, for docs/screens; `states.screens.ts` has the others. Judges nothing:
// whoever takes them looks at them.
import { type Browser, type BrowserContext, expect, type Page } from "@playwright/test";
import { newKeyWords } from "../src/owner/pages/newKey/words";
import { caseWordsOfPage } from "../src/staff/pages/case/words";
import { actsWords } from "../src/staff/parts/keyActsWords";
import { staffWords } from "../src/staff/words";
import { LOOKS, type Look, open, take } from "./support/album";
import { contents } from "./support/contents";
import { asOwner, comeIn } from "./support/owner";
import { type Person, type Role, tokenOf } from "./support/people";
import { ownerPlaces, type Place, staffPlaces } from "./support/places";
import { proposeOnly } from "./support/propose";
import type { Rest } from "./support/rest";
import { said } from "./support/said";
import { settled } from "./support/settled";
import { test } from "./support/test";
import type { World } from "./support/world";
import { WRITTEN } from "./support/written";

test.describe.configure({ timeout: 600_000 });
test.afterAll(() => contents());

/** Whose page it is, where it is not the compliance lead's. */
const WHOSE: Record<string, Role> = {
  overview: "analyst",
  queue: "analyst",
  cases: "analyst",
  case: "analyst",
  key: "analyst",
  ramp: "security_admin",
  drift: "analyst",
  people: "security_admin",
  gate: "security_admin",
};
/** What says nothing that another picture does not say: it is not taken. */
const ALIKE = new Set(["no-case"]);
/** Pages of the owner that are worth a look at the width of a desk. */
const WIDE = new Set(["home", "key", "question", "new-key"]);

/** Until things go on: verdicts of both kinds, cut-offs, cases. */
async function busy(rest: Rest): Promise<void> {
  await expect
    .poll(
      async () => {
        const { verdicts, cutoff, queue } = await rest.must("GET", "/v1/overview");
        return Math.min(verdicts.refused, verdicts.buckets.length, cutoff.count * 4, queue.open * 4);
      },
      { timeout: 240_000, intervals: [1_000] },
    )
    .toBeGreaterThanOrEqual(12);
}

/** A session of his with a second factor shown just now. */
async function session(demo: World, rest: Rest, { user, password, secret }: Person): Promise<Rest> {
  return rest.as(await tokenOf(rest, user, password, secret, demo.codes));
}

for (const look of LOOKS) {
  test(`the console, ${look.lang}, ${look.theme}`, async ({ browser, demo, rest }) => {
    const lead = rest.as(demo.people.compliance_lead.token);
    await busy(lead);
    const { analyst } = demo.people;
    const approval = await proposeOnly(await session(demo, rest, analyst), analyst.user, demo.owners, look.lang);
    // One window for each: what was loaded for one page is there for the next.
    const pages = new Map<Role, Page>();
    const pageOf = async (role: Role) => {
      const known = pages.get(role);
      if (known !== undefined) return known;
      const context = await open(browser, look, { baseURL: demo.console, storageState: demo.people[role].cookies });
      const page = await context.newPage();
      pages.set(role, page);
      return page;
    };
    // Taken first: what waits now may be withdrawn by itself while the others are taken.
    await (await pageOf("approver")).goto(`/approvals/${approval}`);
    await settled(await pageOf("approver"));
    await take(await pageOf("approver"), "staff-approval", look);
    for (const { name, path } of await staffPlaces(lead)) {
      if (ALIKE.has(name) || name === "approval") continue;
      const page = await pageOf(WHOSE[name] ?? "compliance_lead");
      await page.goto(path);
      await settled(page);
      // What stands around every page may come after the page itself.
      await page.locator(".banner").waitFor();
      await take(page, `staff-${name}`, look);
      if (name === "case") await deciding(page, look);
      if (name === "key") await ending(page, look);
      if (name === "people") await parts(page, look);
    }
    const context = await open(browser, look, { baseURL: demo.console });
    const page = await context.newPage();
    await page.goto("/");
    await page.getByRole("heading", { name: staffWords[look.lang].signInTitle }).waitFor();
    await take(page, "staff-sign-in", look);
    await context.close();
    for (const one of pages.values()) await one.context().close();
  });
}

/** A dialog with its fields, and what it says will happen. */
async function deciding(page: Page, look: Look): Promise<void> {
  const w = caseWordsOfPage[look.lang];
  await page.getByRole("button", { name: w.decide, exact: true }).click();
  const dialog = page.getByRole("dialog", { name: w.decide });
  await dialog.getByLabel(w.choice).first().selectOption("keep");
  await dialog.getByLabel(said("reason", look.lang)).first().fill(WRITTEN.keep[look.lang]);
  await take(page, "staff-case-deciding", look);
  await dialog.getByRole("button", { name: said("look", look.lang) }).click();
  await dialog.getByText(said("happens", look.lang)).waitFor();
  await take(page, "staff-case-what-happens", look);
}

/** An end by force as it is proposed. Of a key that cannot be ended any more there is no such dialog. */
async function ending(page: Page, look: Look): Promise<void> {
  const acts = actsWords[look.lang];
  const end = page.getByRole("button", { name: acts.expire, exact: true });
  if (!(await end.isEnabled())) return;
  await end.click();
  const dialog = page.getByRole("dialog", { name: acts.expire });
  await dialog.getByLabel(said("reason", look.lang), { exact: true }).fill(WRITTEN.end[look.lang]);
  await dialog.getByLabel(acts.lesser).fill(WRITTEN.lesser[look.lang]);
  await take(page, "staff-key-ending", look);
}

async function parts(page: Page, look: Look): Promise<void> {
  for (const tab of ["tokens", "gates", "sources", "venue"]) {
    await page.goto(`/people?tab=${tab}`);
    await settled(page);
    await take(page, `staff-people-${tab}`, look);
  }
}

/** Some owner who has to verify anew, signed in, and the page of that: the one who is played by hand may be asked for none. */
async function verifies(browser: Browser, demo: World, staff: Rest): Promise<{ cookies: Cookies; path: string }> {
  let found: { verification: string; account: string } | undefined;
  await expect
    .poll(
      async () => {
        const all: { verification: string; account: string; state: string }[] = await staff.items("/v1/verifications?limit=200");
        found = all
          .filter(({ account }) => demo.owners.some((one) => one.account === account))
          .sort((one, other) => Number(other.state === "open") - Number(one.state === "open"))[0];
        return found !== undefined;
      },
      { timeout: 240_000, intervals: [1_000] },
    )
    .toBe(true);
  const context = await browser.newContext();
  await comeIn(await context.newPage(), demo, demo.owners.find(({ account }) => account === found?.account)?.link);
  // The session alone: the language that this browser kept is not that of the look.
  const cookies = { ...(await context.storageState()), origins: [] };
  await context.close();
  return { cookies, path: `/verifications/${found?.verification}` };
}
type Cookies = Awaited<ReturnType<BrowserContext["storageState"]>>;
/** A link is used once: the session is kept for the other looks. */
let verifying: ReturnType<typeof verifies> | undefined;

for (const look of LOOKS) {
  test(`the owner's page, ${look.lang}, ${look.theme}`, async ({ browser, demo, rest }) => {
    const context = await open(browser, look, { baseURL: demo.owner, width: 390 });
    const page = await context.newPage();
    await page.goto(demo.owner);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await take(page, "owner-signed-out", look);
    await comeIn(page, demo);
    const places = await ownerPlaces((path) => asOwner(page, "GET", path));
    const shot = async ({ name, path }: Place, as: string) => {
      await page.goto(`${demo.owner}${path}`);
      await settled(page);
      if (name === "new-key") await page.getByRole("button", { name: newKeyWords[look.lang].go }).waitFor();
      await take(page, `owner-${as}`, look);
    };
    const none = places.find(({ name }) => name === "no-verification");
    for (const place of places) await shot(place, place.name);
    if (none !== undefined) {
      verifying ??= verifies(browser, demo, rest.as(demo.people.auditor.token));
      const { cookies, path } = await verifying;
      const his = await open(browser, look, { baseURL: demo.owner, width: 390, storageState: cookies });
      const other = await his.newPage();
      await other.goto(path);
      await settled(other);
      await take(other, "owner-verification", look);
      await his.close();
    }
    if (look.theme === "light") {
      await page.setViewportSize({ width: 1280, height: 800 });
      for (const place of places) if (WIDE.has(place.name)) await shot(place, `${place.name}-wide`);
    }
    await context.close();
  });
}
