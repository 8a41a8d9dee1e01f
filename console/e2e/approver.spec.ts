// The approver's journey: an analyst proposes to end a key by force; the approver looks at the grounds and agrees; whoever proposed may not.
import { approvalWords } from "../src/staff/pages/approval/words";
import { groundRead, groundWords } from "../src/staff/parts/ground";
import { actsWords } from "../src/staff/parts/keyActsWords";
import { staffWords } from "../src/staff/words";
import { uiWords } from "../src/ui/words";
import { type Actor, confirm } from "./support/act";
import { axe } from "./support/axe";
import { said } from "./support/said";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";
import { WRITTEN } from "./support/written";

test("an approver decides what an analyst proposed", async ({ as, demo, lang, hand, rest }) => {
  test.slow();
  const w = approvalWords[lang];
  const analyst = rest.as(demo.people.analyst.token);
  // A key of somebody who is played by the demo, alive and with nothing waiting.
  const waits = new Set((await analyst.items("/v1/approvals?state=open&limit=200")).map(({ subject }) => subject));
  const [key] = (await analyst.items("/v1/keys?state=active&limit=200")).filter(
    (one) => one.account !== demo.owners[0]?.account && !waits.has(`key:${one.key}`),
  );
  const acts = actsWords[lang];

  const id = await test.step("an analyst proposes it on the key's page", async () => {
    const page = await as("analyst");
    const by = hand(page);
    const actor: Actor = { page, by, lang, person: demo.people.analyst, codes: demo.codes };
    await page.goto(`/keys/${encodeURIComponent(key.key)}`);
    await settled(page);
    await by.press(page.getByRole("button", { name: acts.expire, exact: true }));
    const dialog = page.getByRole("dialog", { name: acts.expire });
    const [reason, lesser] = [dialog.getByLabel(said("reason", lang), { exact: true }), dialog.getByLabel(acts.lesser)];
    await by.type(reason, WRITTEN.end[lang]);
    // What is missing is said at its own field, which gets the focus; what was typed stays.
    await by.press(dialog.getByRole("button", { name: said("look", lang) }));
    await expect(lesser).toBeFocused();
    await expect(lesser).toHaveAttribute("aria-invalid", "true");
    await expect(reason).not.toHaveAttribute("aria-invalid", "true");
    await by.type(lesser, "x".repeat(1_001));
    await expect(dialog.getByText(uiWords[lang].tooLong("1", "1,000"))).toBeVisible();
    await axe(page, "proposing an end");
    await by.type(lesser, WRITTEN.lesser[lang]);
    await by.choose(dialog.getByLabel(groundWords[lang].label), "used_by_others");
    const [done = ""] = acts.waits("|").split("|");
    await confirm(actor, acts.expire, acts.expire, done.trim());
    const [waiting] = await analyst.items(`/v1/approvals?state=open&subject=${encodeURIComponent(`key:${key.key}`)}`);
    expect(waiting.request.lesser).toBe(WRITTEN.lesser[lang]);
    return String(waiting.approval);
  });

  await test.step("whoever proposed sees why he may not decide", async () => {
    const page = await as("analyst");
    await page.goto(`/approvals/${id}`);
    await settled(page);
    await expect(page.getByRole("button", { name: w.approve, exact: true })).toBeDisabled();
    await expect(page.getByText(w.wOwn, { exact: true })).toBeVisible();
  });

  const page = await as("approver");
  const by = hand(page);
  const actor: Actor = { page, by, lang, person: demo.people.approver, codes: demo.codes };

  await test.step("the approver finds it", async () => {
    await page.goto("/");
    await settled(page);
    await by.press(page.getByRole("navigation").getByRole("link", { name: new RegExp(`^${staffWords[lang].approvals}`) }));
    await expect(page.getByRole("heading", { level: 1, name: w.title })).toBeVisible();
    await settled(page);
    await by.press(page.locator(`a[href="/approvals/${id}"]`).first());
    await expect(page.getByRole("heading", { level: 1 })).toContainText(key.key.slice(0, 6));
    await settled(page);
    // What was written as the reason, and why less does not do, stands there to be read.
    await expect(page.getByText(WRITTEN.end[lang]).first()).toBeVisible();
    await expect(page.getByText(WRITTEN.lesser[lang]).first()).toBeVisible();
    await expect(page.getByRole("heading", { name: w.evidence })).toBeVisible();
    await axe(page, "an approval");
  });

  await test.step("and agrees, with a reason", async () => {
    await by.press(page.getByRole("button", { name: w.approve, exact: true }));
    const dialog = page.getByRole("dialog", { name: w.approveTitle });
    // Whoever agrees agrees to what the owner is told, too: in the form, and again before it is confirmed.
    await expect(dialog.getByText(groundRead[lang].used_by_others)).toBeVisible();
    await by.type(dialog.getByLabel(w.reasonApprove), WRITTEN.agreed[lang]);
    await axe(page, "agreeing");
    await confirm(actor, w.approveTitle, w.approve, w.decided);
    await expect(page.getByText(WRITTEN.agreed[lang]).first()).toBeVisible();
  });

  await test.step("his part is recorded, with how long he looked; he may not decide twice", async () => {
    const { decisions } = await analyst.must("GET", `/v1/approvals/${id}`);
    expect(decisions).toHaveLength(1);
    expect(decisions[0].by).toBe(`user:${demo.people.approver.user}`);
    expect(decisions[0].looked_us).toBeGreaterThan(0);
    await expect(page.getByRole("button", { name: w.approve, exact: true })).toBeDisabled();
  });
});
