// What goes wrong in an office: a tab of yesterday, a double click, a session that ends, a server that does not answer. Each ends in a clear
// state, and nothing typed is lost.

import { caseWordsOfPage } from "../src/staff/pages/case/words";
import { staffWords } from "../src/staff/words";
import { uiWords } from "../src/ui/words";
import { giveCode } from "./support/act";
import { axe } from "./support/axe";
import { said } from "./support/said";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";
import { freshCode } from "./support/totp";
import { WRITTEN } from "./support/written";

const SLEEP_MS = 60_000;

test("a double click is one act", async ({ as, demo, rest, lang }) => {
  const w = caseWordsOfPage[lang];
  const asked = rest.as(demo.people.approver.token);
  const [one] = await asked.items("/v1/cases?state=open");
  const text = `Pressed twice in ${lang} (made up).`;
  const page = await as("approver");
  await page.goto(`/cases/${encodeURIComponent(one.case_id)}`);
  await settled(page);
  // On what opens it: one dialog, which the second click neither closes nor answers.
  await page.getByRole("button", { name: w.comment, exact: true }).dblclick();
  const dialog = page.getByRole("dialog", { name: w.comment });
  await expect(dialog).toHaveCount(1);
  await dialog.getByLabel(w.commentText).fill(text);
  await dialog.getByRole("button", { name: said("look", lang) }).dblclick();
  await expect(dialog.getByText(said("happens", lang))).toBeVisible();
  await dialog.getByRole("button", { name: w.comment, exact: true }).dblclick();
  await expect(dialog).toBeHidden();
  await expect(page.getByText(text)).toHaveCount(1);
  const { timeline } = await asked.must("GET", `/v1/cases/${encodeURIComponent(one.case_id)}`);
  expect(JSON.stringify(timeline).split(text).length - 1, "how often it is on record").toBe(1);
});

test("a stale tab is told in words that somebody else was quicker", async ({ as, demo, rest, watch, hand, lang }) => {
  watch.allow(/ERR_FAILED.*v1\/live/);
  const analyst = rest.as(demo.people.analyst.token);
  const approver = rest.as(demo.people.approver.token);
  // Open in a tab, decided elsewhere meanwhile; the tab does not hear of it.
  const waits = new Set((await analyst.items("/v1/approvals?state=open&limit=200")).map(({ subject }) => subject));
  const [key] = (await analyst.items("/v1/keys?state=active&limit=200")).filter(
    (one) => one.account !== demo.owners[0]?.account && !waits.has(`key:${one.key}`),
  );
  const proposed = await analyst.must("POST", `/v1/keys/${key.key}/expire`, {
    reason: WRITTEN.end[lang],
    lesser: WRITTEN.lesser[lang],
  });
  const id: string = proposed.result.waits_for[0];
  const page = await as("approver");
  await page.route("**/v1/live", (route) => route.abort());
  await page.goto(`/approvals/${id}`);
  await settled(page);
  const { approvalWords } = await import("../src/staff/pages/approval/words");
  const w = approvalWords[lang];
  await page.getByRole("button", { name: w.approve, exact: true }).click();
  const dialog = page.getByRole("dialog", { name: w.approveTitle });
  await dialog.getByLabel(w.reasonApprove).fill(WRITTEN.agreed[lang]);
  await approver.must("POST", `/v1/approvals/${id}/decide`, { decision: "refuse", reason: "Quicker (made up)." });
  await dialog.getByRole("button", { name: said("look", lang) }).click();
  const told = dialog.getByRole("alert");
  // Late in a run a factor of its beginning is too old to decide with, and the code is asked for first.
  await giveCode({ page, by: hand(page), lang, person: demo.people.approver, codes: demo.codes }, told);
  await expect(told).toBeVisible();
  await expect(dialog.getByLabel(w.reasonApprove)).toHaveValue(WRITTEN.agreed[lang]);
  await axe(page, "a stale tab");
});

test("a session that ends asks for signing in over the page, and what was typed stays", async ({ as, demo, rest, lang }) => {
  test.slow();
  const [w, frame] = [caseWordsOfPage[lang], staffWords[lang]];
  const { user, password, secret } = demo.people.approver;
  const [one] = await rest.as(demo.people.approver.token).items("/v1/cases?state=open");
  const page = await as("approver");
  await page.goto(`/cases/${encodeURIComponent(one.case_id)}`);
  await settled(page);
  await page.getByRole("button", { name: w.comment, exact: true }).click();
  const dialog = page.getByRole("dialog", { name: w.comment });
  await dialog.getByLabel(w.commentText).fill(WRITTEN.remark[lang]);
  // A click too soon after the dialog opened counts for nothing (the second of a double click would be one).
  const look = dialog.getByRole("button", { name: said("look", lang) });
  await look.click({ trial: true });
  await page.context().clearCookies();
  // The page may have noticed by itself, and stands behind the form by now.
  await look.click({ timeout: 2_000 }).catch(() => undefined);
  const again = page.getByRole("dialog", { name: frame.signInTitle });
  await expect(again).toBeVisible();
  await expect(again.getByText(frame.signInAgain)).toBeVisible();
  await axe(page, "signing in again");
  await again.getByLabel(frame.user).fill(user);
  await again.getByLabel(frame.password).fill(password);
  await again.getByLabel(frame.code).fill(await freshCode(secret, demo.codes));
  await again.getByRole("button", { name: frame.signIn, exact: true }).click();
  await expect(again).toBeHidden();
  await expect(dialog.getByLabel(w.commentText)).toHaveValue(WRITTEN.remark[lang]);
});

test("a server that does not answer is said plainly, and the page recovers by itself", async ({ as, watch, lang }) => {
  test.slow();
  watch.allow(/ERR_|Failed to load resource|EventSource/);
  const [ui, frame] = [uiWords[lang], staffWords[lang]];
  const page = await as("viewer");
  await page.goto("/keys");
  await settled(page);
  await expect(page.getByRole("banner")).toContainText(frame.live);
  await page.context().setOffline(true);
  // What is open is cut too, as a server that goes away cuts it.
  await page.route("**/v1/**", (route) => route.abort("connectionrefused"));
  await page.getByRole("navigation").getByRole("link", { name: frame.ledger }).click();
  await expect(page.getByText(ui.unreachableTitle).first()).toBeVisible({ timeout: SLEEP_MS });
  await axe(page, "a lost server");
  await page.unroute("**/v1/**");
  await page.context().setOffline(false);
  await expect(page.getByText(ui.unreachableTitle)).toHaveCount(0, { timeout: SLEEP_MS });
  await expect(page.getByRole("heading", { level: 1, name: frame.ledger })).toBeVisible();
});

test("calls that do not come through are said as plainly, and the page goes on by itself", async ({ as, watch, lang }) => {
  test.slow();
  watch.allow(/ERR_|Failed to load resource|EventSource/);
  const [ui, frame] = [uiWords[lang], staffWords[lang]];
  // Support follows no live line, which would renew the page for the others.
  for (const role of ["viewer", "support"] as const) {
    await test.step(role, async () => {
      const page = await as(role);
      await page.goto("/approvals");
      await settled(page);
      await page.route("**/v1/keys**", (route) => route.abort("connectionrefused"));
      await page.getByRole("navigation").getByRole("link", { name: frame.keys }).click();
      await expect(page.getByText(ui.unreachableTitle).first()).toBeVisible({ timeout: SLEEP_MS });
      await page.unroute("**/v1/keys**");
      await expect(page.getByRole("table").first()).toBeVisible({ timeout: SLEEP_MS });
      await expect(page.getByText(ui.unreachableTitle)).toHaveCount(0);
    });
  }
});

test("a control plane that hangs loses nothing: the page waits, then goes on", async ({ as, demo, watch, lang }) => {
  watch.allow(/ERR_|Failed to load resource|EventSource/);
  const page = await as("viewer");
  await page.goto("/keys");
  await settled(page);
  process.kill(demo.pids.serve, "SIGSTOP");
  try {
    await page.getByRole("navigation").getByRole("link", { name: staffWords[lang].ledger }).click();
    const loading = page.getByRole("status", { name: uiWords[lang].loading }).first();
    await expect(loading).toBeVisible();
    // It hangs, and is not only slow.
    await page.waitForTimeout(2_000);
    await expect(loading).toBeVisible();
  } finally {
    process.kill(demo.pids.serve, "SIGCONT");
  }
  await settled(page);
  await expect(page.getByRole("heading", { level: 1, name: staffWords[lang].ledger })).toBeVisible();
});
