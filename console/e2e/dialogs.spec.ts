// Every dialog of the console as it opens: it has the name of the button, axe agrees in both themes, Escape closes it, and nothing was written.
import { approvalWords } from "../src/staff/pages/approval/words";
import { caseWordsOfPage } from "../src/staff/pages/case/words";
import { peopleWords } from "../src/staff/pages/people/words";
import { actsWords } from "../src/staff/parts/keyActsWords";
import { axe } from "./support/axe";
import type { Role } from "./support/people";
import { staffPlaces } from "./support/places";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";

test("every dialog opens, is well made in both themes, and closes without a trace", async ({ as, demo, rest, lang }) => {
  test.slow();
  const [inCase, acts, inApproval, people] = [caseWordsOfPage[lang], actsWords[lang], approvalWords[lang], peopleWords[lang]];
  const lead = rest.as(demo.people.compliance_lead.token);
  const paths = new Map((await staffPlaces(lead)).map(({ name, path }) => [name, path]));
  /** Whose dialogs, where, by which buttons. What is not possible at the moment stands there disabled and is passed over. */
  const dialogs: readonly (readonly [Role, string, readonly string[]])[] = [
    ["analyst", paths.get("case") ?? "", [inCase.decide, inCase.assign, inCase.comment, inCase.close]],
    ["analyst", paths.get("key") ?? "", [acts.hold, acts.release, acts.suspend, acts.expire]],
    ["approver", paths.get("approval") ?? "", [inApproval.approve, inApproval.refuse]],
    ["security_admin", "/people", [people.invite]],
    ["security_admin", "/people?tab=tokens", [people.make]],
    ["security_admin", "/people?tab=gates", [people.inviteGate]],
  ];
  let opened = 0;
  for (const [role, path, buttons] of dialogs) {
    const page = await as(role);
    await page.goto(path);
    await settled(page);
    for (const name of buttons) {
      await test.step(name, async () => {
        const button = page.getByRole("main").getByRole("button", { name, exact: true }).first();
        await expect(button).toBeVisible();
        if (!(await button.isEnabled())) return;
        await button.click();
        const dialog = page.getByRole("dialog");
        await expect(dialog).toHaveCount(1);
        await expect(dialog.getByRole("heading").first()).toBeVisible();
        await axe(page, `${path}: ${name}`);
        await page.keyboard.press("Escape");
        await expect(dialog).toHaveCount(0);
        opened += 1;
      });
    }
    await page.context().close();
  }
  expect(opened, "dialogs that could be opened").toBeGreaterThanOrEqual(8);
});
