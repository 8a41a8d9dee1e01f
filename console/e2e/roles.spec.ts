// Every role walks every route. A page shows what the API allows its reader and says the rest plainly; none falls over.
import { uiWords } from "../src/ui/words";
import { ROLES, type Role } from "./support/people";
import { staffPlaces } from "./support/places";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";

/** What React Router shows of a page that threw. */
const FELL_OVER = /Unexpected Application Error/;

for (const role of ROLES) {
  test(`${role} walks every route`, async ({ as, demo, rest, lang }) => {
    test.slow();
    const page = await as(role);
    const refused = new Map<string, number>();
    page.on("response", (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith("/v1/") && response.request().method() === "GET" && response.status() === 403) {
        refused.set(pathname, (refused.get(pathname) ?? 0) + 1);
      }
    });
    for (const { name, path } of await staffPlaces(rest.as(demo.people.compliance_lead.token))) {
      await test.step(name, async () => {
        refused.clear();
        await page.goto(path);
        await settled(page);
        await expect.soft(page.getByText(FELL_OVER), name).toHaveCount(0);
        await expect.soft(page.getByRole("heading", { level: 1 }), name).toBeVisible();
        // A refused read is said in words, once for each part that needed it, and not asked again and again.
        for (const [asked, times] of refused)
          expect.soft(times, `${name} asks ${asked} though it is refused`).toBeLessThanOrEqual(3);
        await expect.soft(page.getByText(uiWords[lang].errorTitle, { exact: true }), name).toHaveCount(0);
      });
    }
  });
}

test("nobody signed in sees the sign-in form at every route, and nothing else", async ({ as, demo, rest }) => {
  const page = await as(null);
  const asked: string[] = [];
  page.on("response", (response) => {
    // The venue's banner is for everybody, and no more than that is asked.
    if (response.url().includes("/v1/") && !response.url().endsWith("/v1/owner/facts") && response.ok())
      asked.push(response.url());
  });
  for (const { path } of await staffPlaces(rest.as(demo.people.compliance_lead.token))) {
    await page.goto(path);
    await expect(page.locator("input[autocomplete=current-password]")).toBeVisible();
  }
  expect(asked, "what was read without signing in").toEqual([]);
});

/** What each role may read of a few things that not everybody may; the console must not show more. */
const READS: [string, Role[]][] = [
  ["/v1/users", ["security_admin", "auditor", "compliance_lead"]],
  ["/v1/ledger/entries", ["security_admin", "auditor", "compliance_lead"]],
  ["/v1/ramp", ["viewer", "analyst", "approver", "compliance_lead", "security_admin", "auditor"]],
  ["/v1/drift", ["viewer", "analyst", "approver", "compliance_lead", "security_admin", "auditor"]],
  ["/v1/campaigns", ["viewer", "analyst", "approver", "compliance_lead", "security_admin", "auditor"]],
  ["/v1/overview", ["viewer", "analyst", "approver", "compliance_lead", "security_admin", "auditor"]],
];

test("the API holds the lines that the pages draw", async ({ demo, rest }) => {
  for (const [path, allowed] of READS) {
    for (const role of ROLES) {
      const { status } = await rest.as(demo.people[role].token).ask("GET", path);
      expect(status, `${role} asks ${path}`).toBe(allowed.includes(role) ? 200 : 403);
    }
  }
});
