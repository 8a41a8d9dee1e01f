// `cargo xtask screens`: pictures of pages that have nothing to show, and why. A role that may not is a real one's real sign-in, an empty page is
// that of a venue founded a minute ago; what cannot be had so (it loads, the server cannot, nothing answers) is made between the two.
import type { Browser, BrowserContext, Page } from "@playwright/test";
import { noticesWords } from "../src/owner/pages/notices/words";
import { ownerWords } from "../src/owner/words";
import { LOOKS, type Look, open, take } from "./support/album";
import { contents } from "./support/contents";
import { type House, openHouse } from "./support/house";
import { asOwner, comeIn } from "./support/owner";
import type { Role } from "./support/people";
import { emptyPlaces, type Place, staffPlaces } from "./support/places";
import { settled } from "./support/settled";
import { sheet, TILE, type Tile, tile } from "./support/sheet";
import { Between, STATES, type State, shows } from "./support/states";
import { test } from "./support/test";

test.describe.configure({ timeout: 600_000 });
let house: Promise<House> | undefined;
test.afterAll(async () => {
  await (await house)?.stop();
  contents();
});

/** Pages that are shown whole, with what stands around them, in each state; the others are on one picture together. */
const WHOLE: Record<State | "no-permission", readonly string[]> = {
  loading: ["case"],
  error: ["case"],
  "no-answer": ["keys"],
  "no-permission": ["overview", "ledger", "people"],
};
/** Whose real sign-in is refused where. */
const REFUSED: readonly (readonly [string, Role])[] = [
  ["overview", "support"],
  ["queue", "support"],
  ["case", "support"],
  ["policies", "support"],
  ["policy", "support"],
  ["ramp", "support"],
  ["drift", "support"],
  ["gate", "support"],
  ["ledger", "viewer"],
  ["entry", "viewer"],
  ["people", "viewer"],
];
const LEFT_OUT = /^(no-|cases$|key-ended)/;
const DESK = { width: 1280, height: 800 };
const COLUMN = { width: TILE, height: 800 };

/** A page as a tile shows it; and with what stands around it, where a picture shows it whole. */
type Tab = { name: string; says: string; column: Page; whole: Page | null };

/** Each page in its own tab, all at once: a lost server is asked three times before it is given up. */
function tabs(
  context: BrowserContext,
  role: Role,
  places: readonly Place[],
  before: (page: Page) => Promise<void> = async () => undefined,
): Promise<Tab[]> {
  const opened = async (path: string, size: typeof DESK) => {
    const page = await context.newPage();
    await page.setViewportSize(size);
    // A browser keeps six connections to a server, and a tab that follows what changes holds one of them.
    if (size === COLUMN) await page.route("**/v1/live", () => undefined);
    await before(page);
    await page.goto(path);
    return page;
  };
  const whole = new Set(Object.values(WHOLE).flat());
  return Promise.all(
    places.map(async ({ name, path }) => ({
      name,
      says: role === "compliance_lead" ? decodeURIComponent(path) : `${decodeURIComponent(path)} · ${role}`,
      column: await opened(path, COLUMN),
      whole: whole.has(name) ? await opened(path, DESK) : null,
    })),
  );
}

const pagesOf = (all: readonly Tab[]) => all.flatMap(({ column, whole }) => (whole === null ? [column] : [column, whole]));

/** All of them on one picture, some of them whole as well. */
async function takeAll(browser: Browser, look: Look, state: keyof typeof WHOLE, all: readonly Tab[]): Promise<void> {
  const tiles: Tile[] = [];
  for (const { name, says, column, whole } of all) {
    tiles.push(await tile(column, says));
    if (whole !== null && WHOLE[state].includes(name)) await take(whole, `staff-${name}-${state}`, look);
  }
  await sheet(browser, `staff-all-${state}`, look, tiles);
}

for (const look of LOOKS) {
  test(`the console's states, ${look.lang}, ${look.theme}`, async ({ browser, demo, rest }) => {
    const places = (await staffPlaces(rest.as(demo.people.compliance_lead.token))).filter(({ name }) => !LEFT_OUT.test(name));
    const context = await open(browser, look, { baseURL: demo.console, storageState: demo.people.compliance_lead.cookies });
    const between: Between[] = [];
    const all = await tabs(context, "compliance_lead", places, async (page) => {
      between.push(await Between.of(page, "loading"));
    });
    for (const state of STATES) {
      if (state !== "loading") await Promise.all(between.map((one) => one.become(state)));
      await Promise.all(pagesOf(all).map((page) => shows(page, state)));
      await takeAll(browser, look, state, all);
    }
    await context.close();
  });

  test(`what a role may not see, ${look.lang}, ${look.theme}`, async ({ browser, demo, rest }) => {
    const places = await staffPlaces(rest.as(demo.people.compliance_lead.token));
    const contexts: BrowserContext[] = [];
    const all: Tab[] = [];
    for (const role of ["support", "viewer"] as const) {
      const his = REFUSED.filter(([, one]) => one === role).map(([name]) => name);
      const context = await open(browser, look, { baseURL: demo.console, storageState: demo.people[role].cookies });
      contexts.push(context);
      const hisPlaces = places.filter(({ name }) => his.includes(name));
      all.push(...(await tabs(context, role, hisPlaces)));
    }
    for (const page of pagesOf(all)) await settled(page);
    await takeAll(browser, look, "no-permission", all);
    for (const context of contexts) await context.close();
  });
}

for (const look of LOOKS) {
  test(`a venue founded a minute ago, ${look.lang}, ${look.theme}`, async ({ browser }) => {
    house ??= openHouse();
    const { console, cookies } = await house;
    const context = await open(browser, look, { baseURL: console, storageState: cookies });
    const page = await context.newPage();
    for (const { name, path } of emptyPlaces) {
      await page.goto(path);
      await settled(page);
      await take(page, `staff-${name}-empty`, look);
    }
    await context.close();
  });
}

let admitted: Promise<void> | undefined;
for (const look of LOOKS) {
  test(`an owner without a key, ${look.lang}, ${look.theme}`, async ({ browser }) => {
    house ??= openHouse();
    const { owner, admit, assertion } = await house;
    admitted ??= admit();
    await admitted;
    const context = await open(browser, look, { baseURL: owner, width: 390 });
    // As the exchange's form sends him in.
    const form = { assertion: assertion() };
    await context.request.post(`${owner}/sign-in`, { form, headers: { origin: owner }, maxRedirects: 0 });
    const page = await context.newPage();
    for (const [name, path] of [
      ["home", "/"],
      ["notices", "/notices"],
      ["record", "/record"],
    ] as const) {
      await page.goto(`${owner}${path}`);
      await settled(page);
      await take(page, `owner-${name}-empty`, look);
    }
    await context.close();
  });
}

for (const look of LOOKS) {
  test(`the owner's page's states, ${look.lang}, ${look.theme}`, async ({ browser, demo, rest }) => {
    const context = await open(browser, look, { baseURL: demo.owner, width: 390 });
    const page = await context.newPage();
    await comeIn(page, demo);
    const mine = new Set<string>((await asOwner(page, "GET", "/v1/keys")).items.map(({ key }: { key: string }) => key));
    const keys = await rest.as(demo.people.viewer.token).items("/v1/keys?state=active&limit=200");
    const others = keys.find(({ key }) => !mine.has(key));
    // Another customer's key: refused, and not even said to be there.
    await page.goto(`${demo.owner}/keys/${others?.key}`);
    await settled(page);
    await take(page, "owner-key-no-permission", look);
    for (const state of STATES) {
      const other = await context.newPage();
      await Between.of(other, state);
      await other.goto(`${demo.owner}/`);
      await shows(other, state);
      await take(other, `owner-home-${state}`, look);
      await other.close();
    }
    // The session ends while he reads.
    await page.goto(`${demo.owner}/`);
    await settled(page);
    await context.clearCookies();
    await page
      .getByRole("navigation")
      .getByRole("link", { name: new RegExp(`^${ownerWords[look.lang].notices}`) })
      .click();
    await page.getByRole("heading", { level: 1, name: noticesWords[look.lang].title }).waitFor();
    await page.getByText(ownerWords[look.lang].endedTitle, { exact: true }).waitFor();
    await take(page, "owner-notices-session-ended", look);
    await context.close();
  });
}
