// Scripts that somebody plants wherever he may write: names, an application, an agent, notes, reasons, an objection. None ever runs; each is
// shown as the text it is. `support/test.ts` fails a test in which one does, or in which the content security policy had to stop it.
import { asOwner, comeIn, trade } from "./support/owner";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";

const IMAGE = "<img src=x onerror=planted()>";
const SCRIPT = "</script><script>planted()</script>";
const ADDRESS = "javascript:planted()";

test("what customers and colleagues write is text everywhere", async ({ as, demo, rest, lang }) => {
  test.slow();
  const backEnd = rest.as(demo.backEnd);
  const staff = rest.as(demo.people.analyst.token);

  await test.step("an exchange's names", async () => {
    await backEnd.must("PUT", "/v1/customers/XSS", { segment: "retail", country: "KR" });
    await backEnd.must("PUT", "/v1/persons/XSS", {
      customer: "XSS",
      role: "owner",
      name: `${IMAGE}${SCRIPT}`,
      email: "xss@example.test",
    });
    await backEnd.must("PUT", "/v1/operators/O-XSS", { kind: "owner", customer: "XSS", name: IMAGE });
    await backEnd.must("PUT", "/v1/accounts/XSS", {
      customer: "XSS",
      person: "XSS",
      segment: "retail",
      country: "KR",
      owner: "O-XSS",
    });
    await rest
      .as(demo.people.security_admin.token)
      .must("POST", "/v1/users", { user: `planted-${lang}`, name: `${IMAGE}${SCRIPT}`, roles: ["viewer"] });
  });

  const page = await as(null);
  await comeIn(page, demo);
  const { items } = await asOwner(page, "GET", "/v1/accounts");
  const { facts } = await asOwner(page, "GET", "/v1/venue");
  const expires = new Date(Date.now() + 20 * 86_400_000).toISOString();
  const asked = await asOwner(page, "POST", "/v1/keys", {
    account: items[0].account,
    purpose: "own_bot",
    application: IMAGE,
    scopes: ["read"],
    allowlist: ["127.66.0.1"],
    expires,
    terms: facts.terms?.version ?? "1",
  });
  const key: string = asked.result.key.key;

  await test.step("reasons and notes of staff", async () => {
    for (const approval of asked.result.waits_for) {
      await rest
        .as(demo.people.approver.token)
        .must("POST", `/v1/approvals/${approval}/decide`, { decision: "approve", reason: `${SCRIPT}${ADDRESS}` });
    }
    const [one] = await staff.items("/v1/cases?state=open");
    await staff.must("POST", `/v1/cases/${encodeURIComponent(one.case_id)}/comments`, { text: `${IMAGE} ${SCRIPT} ${ADDRESS}` });
    const seen = await as("analyst");
    await seen.goto(`/cases/${encodeURIComponent(one.case_id)}`);
    await settled(seen);
    await expect(seen.getByText(IMAGE).first()).toBeVisible();
  });

  await test.step("an agent of a program", async () => {
    const issued = await asOwner(page, "POST", `/v1/keys/${key}/issue`);
    const pair = { access: key, secret: issued.result.secret as string };
    await expect.poll(() => trade(demo, pair, "127.66.0.1", `${IMAGE}${SCRIPT}`)).toBe(200);
    await trade(demo, pair, "127.66.0.9", `${SCRIPT}${IMAGE}`);
    await expect
      .poll(async () => (await asOwner(page, "GET", `/v1/keys/${key}/activity`)).clients.length, { timeout: 30_000 })
      .toBeGreaterThan(0);
  });

  await test.step("every page that shows them", async () => {
    for (const path of ["/", `/keys/${key}`, `/keys/${key}/addresses`, "/notices", "/record"]) {
      await page.goto(`${demo.owner}${path}`);
      await settled(page);
    }
    const { items: questions } = await asOwner(page, "GET", "/v1/questions");
    const question = questions.find((one: { key: string }) => one.key === key);
    if (question !== undefined) await page.goto(`${demo.owner}/questions/${question.question}`);
    await settled(page);
    const lead = await as("compliance_lead");
    for (const path of ["/people", `/keys?q=${key.slice(0, 8)}`, `/keys/${key}`, "/approvals", "/ledger", "/"]) {
      await lead.goto(path);
      await settled(lead);
    }
    await lead.goto(`/keys/${key}`);
    await settled(lead);
    await expect(lead.getByText(IMAGE).first()).toBeVisible();
    expect(await lead.locator("img").count(), "no picture came of it").toBe(0);
    for (const link of await lead.getByRole("link").all()) {
      expect(await link.getAttribute("href")).not.toMatch(/^\s*javascript:/i);
    }
  });

  await asOwner(page, "POST", `/v1/keys/${key}/revoke`, {});
});
