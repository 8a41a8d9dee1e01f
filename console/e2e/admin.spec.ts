// The administrator's journey: invites somebody, looks at the gates; a lead reads the policy, sees what a version changes, tries it.
import { peopleWords } from "../src/staff/pages/people/words";
import { policyWords } from "../src/staff/pages/policies/words";
import { staffWords } from "../src/staff/words";
import { type Actor, giveCode } from "./support/act";
import { axe } from "./support/axe";
import { said } from "./support/said";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";

test("an administrator invites somebody and sees the gates", async ({ as, demo, lang, hand, rest }) => {
  test.slow();
  const w = peopleWords[lang];
  const page = await as("security_admin");
  const by = hand(page);
  const actor: Actor = { page, by, lang, person: demo.people.security_admin, codes: demo.codes };
  const user = `invited-${lang}`;

  await test.step("an invite, shown once", async () => {
    await page.goto("/");
    await settled(page);
    await by.press(page.getByRole("navigation").getByRole("link", { name: staffWords[lang].people }));
    await expect(page.getByRole("heading", { level: 1, name: w.title })).toBeVisible();
    await settled(page);
    await by.press(page.getByRole("button", { name: w.invite }));
    const dialog = page.getByRole("dialog", { name: w.invite });
    await by.type(dialog.getByLabel(w.user), user);
    await by.type(dialog.getByLabel(w.name, { exact: true }), "Somebody (made up)");
    await axe(page, "inviting");
    await by.press(dialog.getByRole("button", { name: said("look", lang) }));
    await giveCode(actor, dialog.getByText(said("happens", lang)));
    await by.press(dialog.getByRole("button", { name: w.inviteGo, exact: true }));
    await giveCode(actor, page.getByText(w.inviteTitle(user)));
    await expect(page.getByText(w.inviteTitle(user))).toBeVisible();
    await axe(page, "an invite");
    expect((await rest.as(demo.people.security_admin.token).must("GET", `/v1/users/${user}`)).state).toBe("invited");
  });

  await test.step("the gates, and one of them", async () => {
    await by.press(page.getByRole("tab", { name: w.gates }));
    await expect(page).toHaveURL(/tab=gates/);
    await settled(page);
    await axe(page, "gates");
    await by.press(page.getByRole("table").getByRole("link").first());
    await expect(page).toHaveURL(/\/gates\//);
    await settled(page);
  });

  for (const tab of [w.tokens, w.sources, w.venue]) {
    await test.step(tab, async () => {
      await page.goto("/people");
      await settled(page);
      await page.getByRole("tab", { name: tab }).click();
      await settled(page);
      await axe(page, tab);
    });
  }
});

test("a lead reads the policy, sees what a version changes, and tries it", async ({ as, lang, hand }) => {
  test.slow();
  const w = policyWords[lang];
  const page = await as("compliance_lead");
  const by = hand(page);
  await page.goto("/policy");
  await settled(page);
  await by.press(page.getByRole("button", { name: w.start }));
  const text = page.getByLabel(w.text);
  await expect(text).toHaveValue(/\[/);
  const active = await text.inputValue();

  await test.step("a mistake is told with its place", async () => {
    await by.type(text, active.replace(/^version\s*=.*$/m, "version = "));
    await by.press(page.getByRole("button", { name: w.check }));
    await expect(page.getByRole("heading", { name: w.problems })).toBeVisible();
    await axe(page, "a policy with mistakes");
  });

  await test.step("the sound one is tried over where keys stand, and nothing is written", async () => {
    await by.type(text, active);
    await by.press(page.getByRole("button", { name: w.check }));
    await expect(page.getByRole("heading", { name: w.trial })).toBeVisible();
    await axe(page, "a dry run");
  });

  await test.step("the one in force is read in plain words", async () => {
    await by.press(page.getByRole("table").getByRole("link").first());
    await settled(page);
    await expect(page.getByRole("tab", { name: w.explained, selected: true })).toBeVisible();
    await expect(page.getByRole("tabpanel", { name: w.explained }).locator("pre")).toContainText(/\S/);
    await axe(page, "a policy in plain words");
    await by.press(page.getByRole("tab", { name: w.differs }));
    await expect(page.getByText(w.isActive)).toBeVisible();
  });
});
