// The approver's journey: somebody proposes to end a key by force; he looks at the grounds and agrees; whoever proposed may not.
import { approvalWords } from "../src/staff/pages/approval/words";
import { staffWords } from "../src/staff/words";
import { type Actor, confirm } from "./support/act";
import { axe } from "./support/axe";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";

test("an approver decides what an analyst proposed", async ({ as, demo, lang, hand, rest }) => {
  test.slow();
  const w = approvalWords[lang];
  const analyst = rest.as(demo.people.analyst.token);
  // A key of somebody who is played by the demo, alive and with nothing waiting.
  const waits = new Set((await analyst.items("/v1/approvals?state=open&limit=200")).map(({ subject }) => subject));
  const [key] = (await analyst.items("/v1/keys?state=active&limit=200")).filter(
    (one) => one.account !== demo.owners[0]?.account && !waits.has(`key:${one.key}`),
  );
  const proposed = await analyst.must("POST", `/v1/keys/${key.key}/expire`, {
    reason: "Two clients, two countries (made up).",
    lesser: "A hold was tried in March (made up).",
  });
  const id: string = proposed.result.waits_for[0];

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
    await expect(page.getByText("Two clients, two countries (made up).").first()).toBeVisible();
    await expect(page.getByRole("heading", { name: w.evidence })).toBeVisible();
    await axe(page, "an approval");
  });

  await test.step("and agrees, with a reason", async () => {
    await by.press(page.getByRole("button", { name: w.approve, exact: true }));
    await by.type(page.getByRole("dialog", { name: w.approveTitle }).getByLabel(w.reasonApprove), "Seen on both days (made up).");
    await axe(page, "agreeing");
    await confirm(actor, w.approveTitle, w.approve, w.decided);
    await expect(page.getByText("Seen on both days (made up).").first()).toBeVisible();
  });

  await test.step("his part is recorded, with how long he looked; he may not decide twice", async () => {
    const { decisions } = await analyst.must("GET", `/v1/approvals/${id}`);
    expect(decisions).toHaveLength(1);
    expect(decisions[0].by).toBe(`user:${demo.people.approver.user}`);
    expect(decisions[0].looked_us).toBeGreaterThan(0);
    await expect(page.getByRole("button", { name: w.approve, exact: true })).toBeDisabled();
  });
});
