// The ramp's journey: a lead asks for another one, an administrator agrees, gates acknowledge it, an approver steps back alone; then all is
// enforced as before. Who may not is told why.
import { rampWords } from "../src/staff/pages/ramp/words";
import { stageWords } from "../src/staff/parts/rampText";
import { staffWords } from "../src/staff/words";
import { roleWords } from "../src/ui/roles";
import { uiWords } from "../src/ui/words";
import { type Actor, confirm } from "./support/act";
import { axe } from "./support/axe";
import { tokenOf } from "./support/people";
import type { Rest } from "./support/rest";
import { said } from "./support/said";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";
import type { World } from "./support/world";
import { WRITTEN } from "./support/written";

const ENFORCED = { default: "ladder", ends: "refused", rules: [] };

/** Asked for by the lead, granted by the administrator: as people do it, by calls. */
async function put(demo: World, rest: Rest, ramp: unknown, reason: string): Promise<void> {
  const [lead, admin] = await Promise.all(
    [demo.people.compliance_lead, demo.people.security_admin].map(async ({ user, password, secret }) =>
      rest.as(await tokenOf(rest, user, password, secret, demo.codes)),
    ),
  );
  const asked = await lead?.must("PUT", "/v1/ramp", { ramp, reason });
  await admin?.must("POST", `/v1/approvals/${asked.result.waits_for}/decide`, { decision: "approve", reason });
}

test("a ramp is asked for, agreed to, acknowledged, and stepped back from", async ({ as, demo, lang, hand, rest }) => {
  test.slow();
  const w = rampWords[lang];
  const stages = stageWords[lang];
  const reason = WRITTEN.ramp[lang];
  const watching = rest.as(demo.people.auditor.token);

  try {
    const approval = await test.step("a lead asks for another one, rule by rule", async () => {
      const page = await as("compliance_lead");
      const by = hand(page);
      const actor: Actor = { page, by, lang, person: demo.people.compliance_lead, codes: demo.codes };
      await page.goto("/");
      await settled(page);
      await by.press(page.getByRole("navigation").getByRole("link", { name: staffWords[lang].ramp, exact: true }));
      await expect(page.getByRole("heading", { level: 1, name: w.title })).toBeVisible();
      await settled(page);
      await axe(page, "everything enforced");
      await by.press(page.getByRole("button", { name: w.change, exact: true }));
      const dialog = page.getByRole("dialog", { name: w.change });
      await by.press(dialog.getByRole("button", { name: w.addRule }));
      const rule = dialog.getByRole("group", { name: w.rule(1) });
      await by.choose(rule.getByLabel(w.segment), "retail");
      await by.choose(rule.getByLabel(w.effect), "order");
      await by.type(rule.getByLabel(w.percent), "0");
      await by.choose(rule.getByLabel(w.stage), "allowlist");
      await by.choose(dialog.getByLabel(w.rest), "shadow");
      await by.type(dialog.getByLabel(said("reason", lang), { exact: true }), reason);
      // What the server never takes is said at its field.
      await by.press(dialog.getByRole("button", { name: said("look", lang) }));
      await expect(dialog.getByText(w.percentWrong)).toBeVisible();
      await by.type(rule.getByLabel(w.percent), "25");
      await axe(page, "writing a ramp");
      await confirm(actor, w.change, w.changeGo, w.changeDone);
      await expect(page.getByText(w.waits)).toBeVisible();
      await expect(page.getByRole("button", { name: w.change, exact: true })).toBeDisabled();
      await axe(page, "a ramp waits");
      const { waits_for } = await watching.must("GET", "/v1/ramp");
      await by.press(page.getByRole("link", { name: w.toApproval }));
      await expect(page).toHaveURL(new RegExp(`/approvals/${waits_for}$`));
      await settled(page);
      await expect(page.getByText(stages.allowlist).first()).toBeVisible();
      await axe(page, "the approval of a ramp");
      return String(waits_for);
    });

    await test.step("an administrator agrees, and gates say that they obey", async () => {
      const { user, password, secret } = demo.people.security_admin;
      const admin = rest.as(await tokenOf(rest, user, password, secret, demo.codes));
      await admin.must("POST", `/v1/approvals/${approval}/decide`, { decision: "approve", reason });
      const page = await as("auditor");
      await page.goto("/ramp");
      await settled(page);
      await expect(page.getByRole("table", { name: w.now }).getByText(stages.allowlist)).toBeVisible();
      await expect(page.getByRole("table", { name: w.gates }).getByText(w.g_obeys, { exact: true }).first()).toBeVisible();
      await expect(page.getByRole("button", { name: w.back, exact: true })).toBeDisabled();
      // What went on though it would have been refused comes in by itself: the demo's strangers go on.
      await expect(page.getByRole("table", { name: w.report })).toBeVisible({ timeout: 60_000 });
      await axe(page, "what would have been refused");
    });

    await test.step("an approver steps back, alone and with a reason", async () => {
      const page = await as("approver");
      const by = hand(page);
      const actor: Actor = { page, by, lang, person: demo.people.approver, codes: demo.codes };
      await page.goto("/ramp");
      await settled(page);
      await expect(page.getByRole("button", { name: w.change, exact: true })).toBeDisabled();
      await by.press(page.getByRole("button", { name: w.back, exact: true }));
      const dialog = page.getByRole("dialog", { name: w.back });
      await by.type(dialog.getByLabel(said("reason", lang), { exact: true }), reason);
      await axe(page, "stepping back");
      await confirm(actor, w.back, w.backGo, w.backDone);
      await expect(page.getByText(w.nothingRefused)).toBeVisible();
      await expect(page.getByText(w.backNot)).toBeVisible();
      await axe(page, "stepped back");
      const now = await watching.must("GET", "/v1/ramp");
      expect([now.by, now.reason, now.ramp.default]).toEqual([`user:${demo.people.approver.user}`, reason, "shadow"]);
    });
  } finally {
    const { ramp, waits_for } = await watching.must("GET", "/v1/ramp");
    if (waits_for === null && JSON.stringify(ramp) !== JSON.stringify(ENFORCED)) await put(demo, rest, ENFORCED, reason);
  }
  await expect
    .poll(async () => (await watching.must("GET", "/v1/ramp")).gates.every((one: { state: string }) => one.state === "obeys"))
    .toBe(true);
});

test("who may not change the ramp is told who may", async ({ as, lang }) => {
  const w = rampWords[lang];
  const r = roleWords[lang];
  const viewer = await as("viewer");
  await viewer.goto("/ramp");
  await settled(viewer);
  for (const name of [w.back, w.change]) await expect(viewer.getByRole("button", { name, exact: true })).toBeDisabled();
  await expect(
    viewer.getByText(r.only([r.approver, r.compliance_lead, r.security_admin].join(", ")), { exact: true }),
  ).toBeVisible();
  await expect(viewer.getByText(r.only([r.compliance_lead, r.security_admin].join(", ")), { exact: true })).toBeVisible();
  const support = await as("support");
  await support.goto("/ramp");
  await settled(support);
  await expect(support.getByText(uiWords[lang].forbiddenTitle)).toBeVisible();
});
