// `cargo xtask screens`: pictures of pages that have nothing to show, and why. A role that may not is a real one's real sign-in, an empty page is
// that of a venue founded a minute ago; what cannot be had so (it loads, the server cannot, nothing answers) is made between the two.
import type { Browser, Page } from "@playwright/test";
import { noticesWords } from "../src/owner/pages/notices/words";
import { ownerWords } from "../src/owner/words";
import { LOOKS, type Look, open, take } from "./support/album";
import { contents } from "./support/contents";
import { type House, openHouse } from "./support/house";
import { asOwner, comeIn } from "./support/owner";
import type { Role } from "./support/people";
import { type Place, staffPlaces } from "./support/places";
import { settled } from "./support/settled";
import { sheet, TILE, type Tile, tile } from "./support/sheet";
import { meets, STATES, type State, shows } from "./support/states";
import { test } from "./support/test";
import type { World } from "./support/world";

test.describe.configure({ timeout: 600_000 });
let house: Promise<House> | undefined;
test.afterAll(async () => {
  await (await house)?.stop();
  contents();
});

/** Pages that are shown whole, with what stands around them, in each state; the others are on one picture together. */
const WHOLE: Record<State, string> = { loading: "case", error: "case", "no-answer": "keys" };
/** Whose real sign-in is refused where. */
const REFUSED: readonly (readonly [string, Role])[] = [
  ["overview", "support"],
  ["queue", "support"],
  ["case", "support"],
  ["key", "support"],
  ["policies", "support"],
  ["policy", "support"],
  ["gate", "support"],
  ["ledger", "viewer"],
  ["entry", "viewer"],
  ["people", "viewer"],
];
const REFUSED_WHOLE = new Set(["overview", "ledger", "people"]);
const LEFT_OUT = /^(no-|cases$|key-ended)/;

/** The same state of many pages, each in its own tab at once: a lost server is asked three times before it is given up. */
async function many(
  browser: Browser,
  demo: World,
  look: Look,
  places: readonly (Place & { role: Role })[],
  ready: (page: Page) => Promise<() => Promise<void>>,
): Promise<Tile[]> {
  const roles = [...new Set(places.map(({ role }) => role))];
  const contexts = new Map(
    await Promise.all(
      roles.map(
        async (role) =>
          [
            role,
            await open(browser, look, { baseURL: demo.console, storageState: demo.people[role].cookies, width: TILE }),
          ] as const,
      ),
    ),
  );
  const tiles: Tile[] = [];
  const opened = await Promise.all(
    places.map(async ({ path, role }) => {
      const page = await contexts.get(role)?.newPage();
      if (page === undefined) throw new Error(`nobody is ${role}`);
      const wait = await ready(page);
      await page.goto(path);
      await wait();
      return { name: role === "compliance_lead" ? path : `${path} · ${role}`, page };
    }),
  );
  for (const { name, page } of opened) tiles.push(await tile(page, name));
  for (const context of contexts.values()) await context.close();
  return tiles;
}

const ofState = (state: State) => async (page: Page) => {
  await meets(page, state);
  return () => shows(page, state);
};

for (const look of LOOKS) {
  test(`the console's states, ${look.lang}, ${look.theme}`, async ({ browser, demo, rest }) => {
    const all = await staffPlaces(rest.as(demo.people.compliance_lead.token));
    const places = all.filter(({ name }) => !LEFT_OUT.test(name)).map((place) => ({ ...place, role: "compliance_lead" as Role }));
    for (const state of STATES) {
      const context = await open(browser, look, { baseURL: demo.console, storageState: demo.people.compliance_lead.cookies });
      const page = await context.newPage();
      const wait = await ofState(state)(page);
      await page.goto(places.find(({ name }) => name === WHOLE[state])?.path ?? "/");
      await wait();
      await take(page, `staff-${WHOLE[state]}-${state}`, look);
      await context.close();
      await sheet(browser, `staff-all-${state}`, look, await many(browser, demo, look, places, ofState(state)));
    }
  });

  test(`what a role may not see, ${look.lang}, ${look.theme}`, async ({ browser, demo, rest }) => {
    const all = await staffPlaces(rest.as(demo.people.compliance_lead.token));
    const refused = REFUSED.flatMap(([name, role]) =>
      all.filter((place) => place.name === name).map((place) => ({ ...place, role })),
    );
    for (const { name, path, role } of refused.filter(({ name }) => REFUSED_WHOLE.has(name))) {
      const context = await open(browser, look, { baseURL: demo.console, storageState: demo.people[role].cookies });
      const page = await context.newPage();
      await page.goto(path);
      await settled(page);
      await take(page, `staff-${name}-no-permission`, look);
      await context.close();
    }
    const tiles = await many(browser, demo, look, refused, async (page) => () => settled(page));
    await sheet(browser, "staff-all-no-permission", look, tiles);
  });
}

/** Pages of a venue in which nothing has happened yet. */
const EMPTY: readonly Place[] = [
  { name: "overview", path: "/" },
  { name: "queue", path: "/cases" },
  { name: "cases", path: "/cases?view=all" },
  { name: "keys", path: "/keys" },
  { name: "approvals", path: "/approvals" },
  { name: "ledger", path: "/ledger" },
  { name: "policies", path: "/policy" },
  { name: "people-tokens", path: "/people?tab=tokens" },
  { name: "people-sources", path: "/people?tab=sources" },
];

for (const look of LOOKS) {
  test(`a venue founded a minute ago, ${look.lang}, ${look.theme}`, async ({ browser }) => {
    house ??= openHouse();
    const { console, cookies } = await house;
    const context = await open(browser, look, { baseURL: console, storageState: cookies });
    const page = await context.newPage();
    for (const { name, path } of EMPTY) {
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
      await meets(other, state);
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
