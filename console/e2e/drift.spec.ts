// Drift as it comes: the exchange's own back end tells of a key that has ended here, and of one that nobody knows; the page says so above
// everything; the exchange ends it, and it is gone. Who may not compare is told why.
import { driftWords } from "../src/staff/pages/drift/words";
import { staffWords } from "../src/staff/words";
import { roleWords } from "../src/ui/roles";
import { uiWords } from "../src/ui/words";
import { axe } from "./support/axe";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";
import type { World } from "./support/world";

/** Longer than a look that begins while another one is going on. */
const LOOKS_WITHIN_MS = 60_000;

/** Until some customer's key has ended in the demo. */
const ENDS_WITHIN_MS = 120_000;

type Line = { key: string; account: string; state: "active" | "expired"; cause?: string };

/** As an exchange sends them. No snapshot: then every key of the demo would be one that the exchange lacks. */
async function tells(demo: World, lines: Line[]): Promise<void> {
  const body = lines.map((line) => `${JSON.stringify({ type: "key", ts: new Date().toISOString(), ...line })}\n`).join("");
  const answer = await fetch(`${demo.console}/v1/imports`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${demo.backEnd}`,
      accept: "application/json",
      "content-type": "application/x-ndjson",
    },
    body,
  });
  if (!answer.ok) throw new Error(`import: ${answer.status} ${await answer.text()}`);
}

test("what has ended here and lives there stands above everything, until it has ended there", async ({
  as,
  demo,
  rest,
  lang,
  hand,
}) => {
  test.slow();
  const w = driftWords[lang];
  const analyst = rest.as(demo.people.analyst.token);
  // Some customer's: keys of canaries are made to be ended, and compared with nobody's.
  const customers = new Set(demo.owners.map(({ account }) => account));
  let key = { key: "", account: "" };
  await expect(async () => {
    const ended: (typeof key)[] = await analyst.items("/v1/keys?state=expired&limit=200");
    const his = ended.find(({ account }) => customers.has(account));
    expect(his).toBeDefined();
    key = his ?? key;
  }).toPass({ timeout: ENDS_WITHIN_MS, intervals: [2_000] });
  const unknown = { key: `K-${lang}-UNKNOWN`, account: "A-NOBODY" };
  const page = await as("analyst");
  const by = hand(page);

  await test.step("the exchange tells of it as of a living key", async () => {
    await page.goto("/");
    await settled(page);
    await by.press(page.getByRole("navigation").getByRole("link", { name: staffWords[lang].drift, exact: true }));
    await expect(page.getByRole("heading", { level: 1, name: w.title })).toBeVisible();
    await settled(page);
    await axe(page, "before");
    const loud = page.getByRole("alert", { name: w.worst });
    // Told again until the end is old enough to be known there.
    await expect(async () => {
      await tells(demo, [
        { key: key.key, account: key.account, state: "active" },
        { ...unknown, state: "active" },
      ]);
      await by.press(page.getByRole("button", { name: w.look, exact: true }));
      await expect(loud).toBeVisible({ timeout: 5_000 });
    }).toPass({ timeout: LOOKS_WITHIN_MS * 2, intervals: [5_000] });
    await expect(loud.getByRole("link", { name: key.key }).or(loud.getByTitle(key.key)).first()).toBeVisible();
    await expect(loud.getByText(w.worstDo)).toBeVisible();
    await axe(page, "ended here, alive there");
    // First on the page, under its heading: nobody has to look for it.
    const top = await loud.boundingBox();
    const card = await page.getByRole("heading", { level: 2, name: w.all }).boundingBox();
    expect(top?.y ?? Number.NaN).toBeLessThan(card?.y ?? Number.NaN);
  });

  await test.step("what only the exchange has can be found by its kind", async () => {
    await by.press(page.getByRole("link", { name: w.refusedSee, exact: true }));
    await expect(page).toHaveURL(/kind=unknown_here/);
    const all = page.getByRole("table", { name: w.all });
    await expect(all.getByTitle(unknown.key).first()).toBeVisible();
    await expect(all.getByText(w.t_unknown_here).first()).toBeVisible();
    await axe(page, "only at the exchange");
  });

  await test.step("once it has ended there, it is gone", async () => {
    // With it, whatever a try before this one left.
    const alive: { key: string }[] = await analyst.items("/v1/drift?kind=dead_here_alive_there");
    const here: (typeof key)[] = await Promise.all(alive.map((one) => analyst.must("GET", `/v1/keys/${one.key}`)));
    await tells(demo, [
      ...here.map(({ key, account }) => ({ key, account, state: "expired", cause: "forced" }) as const),
      { ...unknown, state: "expired", cause: "owner" },
    ]);
    await expect(async () => {
      await by.press(page.getByRole("button", { name: w.look, exact: true }));
      await expect(page.getByText(w.worstNone)).toBeVisible({ timeout: 5_000 });
    }).toPass({ timeout: LOOKS_WITHIN_MS, intervals: [2_000] });
    await axe(page, "gone");
  });
});

test("a file is checked before it is imported, and each refused line is named", async ({ as, lang }) => {
  const w = driftWords[lang];
  const page = await as("security_admin");
  await page.goto("/drift");
  await settled(page);
  await expect(page.getByRole("button", { name: w.check, exact: true })).toBeEnabled();
  const line = { type: "key", ts: new Date().toISOString(), key: "K-CHECKED", account: "A-NOBODY", state: "active" };
  const file = page.locator("input[type=file]");
  await file.setInputFiles({
    name: "keys.ndjson",
    mimeType: "application/x-ndjson",
    buffer: Buffer.from(`${JSON.stringify(line)}\n`),
  });
  const refused = page.getByRole("table", { name: w.refused });
  await expect(refused.getByText("K-CHECKED").first()).toBeVisible();
  await expect(page.getByText(w.checkRefused("1"))).toBeVisible();
  await axe(page, "refused lines");
});

test("who may not compare is told who may", async ({ as, lang }) => {
  const w = driftWords[lang];
  const r = roleWords[lang];
  const viewer = await as("viewer");
  await viewer.goto("/drift");
  await settled(viewer);
  await expect(viewer.getByRole("button", { name: w.look, exact: true })).toBeDisabled();
  await expect(viewer.getByText(r.only([r.analyst, r.approver, r.compliance_lead, r.security_admin].join(", ")))).toBeVisible();
  const support = await as("support");
  await support.goto("/drift");
  await settled(support);
  await expect(support.getByText(uiWords[lang].forbiddenTitle)).toBeVisible();
});
