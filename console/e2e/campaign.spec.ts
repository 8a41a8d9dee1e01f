// The enrolment campaign's journey: a lead proposes it on the page, a year ahead, so that nobody is told of it here; an approver agrees; who is
// behind is listed. Later dates are asked for and agreed to; an approver pauses and stops it alone. Who may not is told who may.
import { memberWords } from "../src/staff/pages/campaign/memberWords";
import { proposeWords } from "../src/staff/pages/campaign/proposeWords";
import { campaignWords } from "../src/staff/pages/campaign/words";
import { clockWords } from "../src/staff/parts/campaignText";
import { staffWords } from "../src/staff/words";
import { roleWords } from "../src/ui/roles";
import { uiWords } from "../src/ui/words";
import { type Actor, confirm, giveCode } from "./support/act";
import { axe } from "./support/axe";
import { tokenOf } from "./support/people";
import type { Rest } from "./support/rest";
import { said } from "./support/said";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";
import type { World } from "./support/world";
import { WRITTEN } from "./support/written";

const DAY_MS = 86_400_000;
const instantIn = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
const dayIn = (days: number) => new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Seoul" }).format(Date.now() + days * DAY_MS);

async function signedIn(demo: World, rest: Rest, role: "compliance_lead" | "approver"): Promise<Rest> {
  const { user, password, secret } = demo.people[role];
  return rest.as(await tokenOf(rest, user, password, secret, demo.codes));
}

/** Asked for by a lead, granted by an approver, by calls. */
async function begin(demo: World, rest: Rest, name: string, reason: string): Promise<string> {
  const plan = {
    name,
    terms: "2",
    announce: instantIn(365),
    opens: instantIn(372),
    read_only: instantIn(410),
    ends: instantIn(440),
    reminders: ["14d", "3d"],
  };
  const asked = await (await signedIn(demo, rest, "compliance_lead")).must("POST", "/v1/campaigns", { plan, reason });
  const { campaign, waits_for } = asked.result;
  await (await signedIn(demo, rest, "approver")).must("POST", `/v1/approvals/${waits_for}/decide`, {
    decision: "approve",
    reason,
  });
  return campaign;
}

/** Whatever went wrong: none is left that runs. */
async function stopAll(demo: World, rest: Rest, reason: string): Promise<void> {
  const approver = await signedIn(demo, rest, "approver");
  for (const { campaign, state } of await approver.items("/v1/campaigns")) {
    if (state !== "stopped") await approver.must("POST", `/v1/campaigns/${campaign}/stop`, { reason });
  }
}

test("a campaign is shown, lengthened by two, paused and stopped by one", async ({ as, demo, lang, hand, rest }) => {
  test.slow();
  const w = campaignWords[lang];
  const c = clockWords[lang];
  const r = roleWords[lang];
  const { name, reason } = { name: WRITTEN.campaign[lang], reason: WRITTEN.campaignWhy[lang] };
  const watching = rest.as(demo.people.auditor.token);
  const campaign = await begin(demo, rest, name, reason);

  try {
    const approval = await test.step("a lead asks for later dates", async () => {
      const page = await as("compliance_lead");
      const by = hand(page);
      const actor: Actor = { page, by, lang, person: demo.people.compliance_lead, codes: demo.codes };
      await page.goto("/");
      await settled(page);
      await by.press(page.getByRole("navigation").getByRole("link", { name: staffWords[lang].campaign, exact: true }));
      await expect(page.getByRole("heading", { level: 1, name: w.title })).toBeVisible();
      await expect(page.getByRole("heading", { level: 2, name })).toBeVisible();
      await settled(page);
      for (const step of [c.announce, c.opens, c.read_only, c.ends])
        await expect(page.getByText(step, { exact: true })).toBeVisible();
      await axe(page, "a campaign runs");
      await by.press(page.getByRole("button", { name: w.lengthen, exact: true }));
      const dialog = page.getByRole("dialog", { name: w.lengthen });
      // What owners were told is not taken back, and that is said at its field.
      await dialog.getByLabel(w.readOnlyDay).fill(dayIn(400));
      await by.type(dialog.getByLabel(said("reason", lang), { exact: true }), reason);
      await by.press(dialog.getByRole("button", { name: said("look", lang) }));
      await expect(dialog.getByText(w.sooner)).toBeVisible();
      await axe(page, "writing later dates");
      await dialog.getByLabel(w.readOnlyDay).fill(dayIn(420));
      await dialog.getByLabel(w.endsDay).fill(dayIn(460));
      await confirm(actor, w.lengthen, w.lengthenGo, w.asked);
      await expect(page.getByText(w.waits)).toBeVisible();
      await expect(page.getByRole("button", { name: w.lengthen, exact: true })).toBeDisabled();
      const { waits_for } = await watching.must("GET", `/v1/campaigns/${campaign}`);
      await by.press(page.getByRole("link", { name: w.toApproval }));
      await expect(page).toHaveURL(new RegExp(`/approvals/${waits_for}$`));
      await settled(page);
      await expect(page.getByText(name).first()).toBeVisible();
      await expect(page.getByText(c.ends).first()).toBeVisible();
      await axe(page, "the approval of a campaign");
      return String(waits_for);
    });

    await test.step("an approver agrees, then pauses and stops it alone", async () => {
      const other = await signedIn(demo, rest, "approver");
      await other.must("POST", `/v1/approvals/${approval}/decide`, { decision: "approve", reason });
      const page = await as("approver");
      const by = hand(page);
      const actor: Actor = { page, by, lang, person: demo.people.approver, codes: demo.codes };
      await page.goto(`/campaign?campaign=${campaign}`);
      await settled(page);
      await expect(page.getByText(r.only(r.compliance_lead), { exact: true }).first()).toBeVisible();
      await by.press(page.getByRole("button", { name: w.pause, exact: true }));
      await by.type(page.getByRole("dialog", { name: w.pause }).getByLabel(said("reason", lang), { exact: true }), reason);
      await confirm(actor, w.pause, w.pause, w.pauseDone);
      await expect(page.getByText(w.pausedText)).toBeVisible();
      await axe(page, "a campaign is paused");
      await by.press(page.getByRole("button", { name: w.stop, exact: true }));
      await by.type(page.getByRole("dialog", { name: w.stop }).getByLabel(said("reason", lang), { exact: true }), reason);
      await confirm(actor, w.stop, w.stop, w.stopDone);
      await expect(page.getByText(w.stoppedText)).toBeVisible();
      await axe(page, "a campaign was stopped");
    });
  } finally {
    await stopAll(demo, rest, reason);
  }
  const { state, plan, changed_by } = await watching.must("GET", `/v1/campaigns/${campaign}`);
  expect([state, changed_by]).toEqual(["stopped", `user:${demo.people.approver.user}`]);
  expect(Date.parse(plan.ends) - Date.parse(plan.read_only)).toBeGreaterThan(30 * DAY_MS);
});

test("a lead proposes a campaign on the page, and who is behind is listed once it is agreed to", async ({
  as,
  demo,
  lang,
  hand,
  rest,
}) => {
  test.slow();
  const w = proposeWords[lang];
  const c = campaignWords[lang];
  const m = memberWords[lang];
  const r = roleWords[lang];
  const { name, reason } = { name: WRITTEN.campaign[lang], reason: WRITTEN.campaignWhy[lang] };

  try {
    const page = await as("compliance_lead");
    const by = hand(page);
    const actor: Actor = { page, by, lang, person: demo.people.compliance_lead, codes: demo.codes };
    await test.step("what is wrong is said at its field, by the page and by the server", async () => {
      await page.goto("/campaign");
      await settled(page);
      await by.press(page.getByRole("button", { name: w.propose, exact: true }));
      const dialog = page.getByRole("dialog", { name: w.propose });
      await by.press(dialog.getByRole("button", { name: said("look", lang) }));
      await expect(dialog.getByLabel(w.name, { exact: true })).toBeFocused();
      await expect(dialog.getByLabel(w.name, { exact: true })).toHaveAttribute("aria-invalid", "true");
      await axe(page, "proposing a campaign, with something missing");
      await by.type(dialog.getByLabel(w.name, { exact: true }), name);
      await by.type(dialog.getByLabel(w.terms, { exact: true }), "2");
      await by.type(dialog.getByLabel(said("reason", lang), { exact: true }), reason);
      await dialog.getByLabel(w.announce).fill(dayIn(365));
      await dialog.getByLabel(w.opens).fill(dayIn(360));
      await dialog.getByLabel(w.read_only).fill(dayIn(380));
      await dialog.getByLabel(w.ends).fill(dayIn(440));
      await expect(dialog.getByText(w.x_opensEarly)).toBeVisible();
      await dialog.getByLabel(w.opens).fill(dayIn(372));
      await expect(dialog.getByText(w.x_opensEarly)).toBeHidden();
      // Less than the venue's notice: only the server knows.
      await by.press(dialog.getByRole("button", { name: said("look", lang) }));
      await giveCode(actor, dialog.getByText(w.x_noticeShort));
      await expect(dialog.getByText(w.x_noticeShort)).toBeVisible();
      await dialog.getByLabel(w.read_only).fill(dayIn(410));
      await expect(dialog.getByText(w.x_noticeShort)).toBeHidden();
    });

    const approval = await test.step("it is shown what happens when, and waits for another person", async () => {
      const dialog = page.getByRole("dialog", { name: w.propose });
      await by.press(dialog.getByRole("button", { name: said("look", lang) }));
      await giveCode(actor, dialog.getByText(said("happens", lang)));
      await expect(dialog.getByText(w.happens)).toBeVisible();
      for (const step of ["announce", "opens", "read_only", "ends"] as const)
        await expect(dialog.getByText(clockWords[lang][step], { exact: true })).toBeVisible();
      await axe(page, "what a campaign would do");
      await by.press(dialog.getByRole("button", { name: w.go, exact: true }));
      const told = page.getByRole("status").filter({ hasText: w.asked });
      await giveCode(actor, told);
      await expect(told).toBeVisible();
      await expect(page.getByRole("heading", { level: 2, name: w.waiting })).toBeVisible();
      await axe(page, "a campaign waits to be agreed to");
      await by.press(page.getByRole("link", { name, exact: true }));
      await expect(page).toHaveURL(/\/approvals\/[^/]+$/);
      return decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1) ?? "");
    });

    await test.step("agreed to, it runs, and every key that is not registered is listed", async () => {
      await (await signedIn(demo, rest, "approver")).must("POST", `/v1/approvals/${approval}/decide`, {
        decision: "approve",
        reason,
      });
      const other = await as("approver");
      const { press } = hand(other);
      await other.goto("/campaign");
      await settled(other);
      await expect(other.getByRole("heading", { level: 2, name })).toBeVisible();
      // Who may not propose is told who may.
      await expect(other.getByRole("button", { name: w.propose, exact: true })).toBeDisabled();
      await expect(other.getByText(r.only(r.compliance_lead), { exact: true }).first()).toBeVisible();
      const table = other.getByRole("table", { name: m.title });
      await expect(table.getByText(c.b_not_told).first()).toBeVisible({ timeout: 30_000 });
      await axe(other, "keys not registered, one by one");
      await other.getByLabel(c.standsAt, { exact: true }).selectOption("unreachable");
      await expect(other.getByText(m.none)).toBeVisible();
      await other.getByLabel(c.standsAt, { exact: true }).selectOption("not_told");
      await press(table.getByRole("link").first());
      await expect(other).toHaveURL(/\/keys\/[^/]+$/);
    });
  } finally {
    await stopAll(demo, rest, reason);
    // Whatever still waits is refused: it would begin with the next grant.
    const approver = await signedIn(demo, rest, "approver");
    for (const { approval, action } of await approver.items("/v1/approvals?state=open")) {
      if (action === "campaign.set")
        await approver.must("POST", `/v1/approvals/${approval}/decide`, { decision: "refuse", reason });
    }
  }
});

test("the page of campaigns is for those who watch", async ({ as, lang }) => {
  const support = await as("support");
  await support.goto("/campaign");
  await settled(support);
  await expect(support.getByText(uiWords[lang].forbiddenTitle)).toBeVisible();
});
