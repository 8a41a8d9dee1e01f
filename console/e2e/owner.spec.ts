// The owner's journey: sent by the exchange, he makes a key, takes it, is asked about an address, adds one, reads a notice, ends the key.
import { addressWords } from "../src/owner/pages/addresses/words";
import { homeWords } from "../src/owner/pages/home/words";
import { keyWords } from "../src/owner/pages/key/words";
import { newKeyWords } from "../src/owner/pages/newKey/words";
import { noticeWords } from "../src/owner/pages/notice/words";
import { noticesWords } from "../src/owner/pages/notices/words";
import { questionWords } from "../src/owner/pages/question/words";
import { partWords } from "../src/owner/parts/words";
import { ownerWords } from "../src/owner/words";
import { axe } from "./support/axe";
import { asOwner, comeIn, trade } from "./support/owner";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";

test("an owner makes a key, answers for it, adds an address and ends it", async ({ as, demo, lang, hand, rest }) => {
  test.slow();
  const page = await as(null);
  const by = hand(page);
  const heading = (name: string | RegExp) => page.getByRole("heading", { level: 1, name });
  const net = lang === "ko" ? 71 : 72;
  const [home, stranger, second] = [`127.${net}.0.1`, `127.${net}.0.9`, `127.${net}.0.2`];
  const program = `otters ${net} (made up)`;

  await test.step("the exchange sends him in", async () => {
    // One of whom nothing is suspected: under a measure he could add no address.
    const honest = demo.owners.filter(({ guided, keys }) => !guided && keys.every(({ truth }) => truth.startsWith("honest")));
    await comeIn(page, demo, honest[lang === "ko" ? 0 : 1]?.link);
    await settled(page);
    await expect(heading(homeWords[lang].title)).toBeVisible();
    const [cookie] = (await page.context().cookies()).filter(({ name }) => name === "sumun_owner");
    expect(cookie?.httpOnly).toBe(true);
  });

  await test.step("he asks for a key that only reads", async () => {
    const w = newKeyWords[lang];
    await by.press(page.getByRole("navigation").getByRole("link", { name: ownerWords[lang].newKey }));
    await expect(heading(w.title)).toBeVisible();
    await settled(page);
    await by.type(page.getByLabel(w.nameLabel), program);
    await by.type(page.getByLabel(w.whereLabel), home);
    await by.press(page.getByRole("checkbox", { name: w.agree }));
    await axe(page, "a new key");
    await by.press(page.getByRole("button", { name: w.go }));
    await expect(page).toHaveURL(/\/keys\/K/);
    await settled(page);
  });
  const access = new URL(page.url()).pathname.split("/").at(-1) ?? "";

  await test.step("staff agree, where the venue wants that", async () => {
    const asked = rest.as(demo.people.analyst.token);
    const open = await asked.items(`/v1/approvals?state=open&subject=${encodeURIComponent(`key:${access}`)}`);
    for (const { approval, needed } of open) {
      const role =
        needed[0]?.role === "approver" ? "approver" : needed[0]?.role === "compliance_lead" ? "compliance_lead" : "analyst";
      await rest
        .as(demo.people[role].token)
        .must("POST", `/v1/approvals/${approval}/decide`, { decision: "approve", reason: "by phone (made up)" });
    }
  });

  let secret = "";
  await test.step("he takes the secret, which is shown once", async () => {
    await by.press(page.getByRole("button", { name: keyWords[lang].issue }));
    const shown = page.getByRole("region", { name: partWords[lang].secretTitle });
    await expect(shown).toBeVisible();
    secret = (await shown.getByRole("code").last().textContent()) ?? "";
    expect(secret.length).toBeGreaterThan(20);
    await axe(page, "the secret");
    await by.press(shown.getByRole("button", { name: partWords[lang].secretDone }));
    await expect(page.getByText(secret)).toHaveCount(0);
  });
  const key = { access, secret };

  await test.step("another address is added, and proved by one signed request from there", async () => {
    const w = addressWords[lang];
    await expect.poll(() => trade(demo, key, home), { message: "the key works from home" }).toBe(200);
    await by.press(page.getByRole("link", { name: keyWords[lang].manageAddresses }));
    await settled(page);
    await by.type(page.getByLabel(w.addLabel), second);
    await by.press(page.getByRole("button", { name: w.addGo }));
    await expect(page.getByText(w.pending).first()).toBeVisible();
    await axe(page, "addresses");
    await expect.poll(() => trade(demo, key, second), { message: "the second request from there passes" }).toBe(200);
    await expect(page.getByText(w.pending)).toHaveCount(0, { timeout: 30_000 });
  });

  await test.step("a stranger's request raises a question", async () => {
    expect(await trade(demo, key, stranger, "weasel/9")).not.toBe(200);
    const open = () =>
      asOwner(page, "GET", "/v1/questions?state=open").then(({ items }) =>
        items.filter((one: { key: string }) => one.key === access),
      );
    await expect.poll(async () => (await open()).length, { timeout: 30_000 }).toBeGreaterThan(0);
    const [asked] = await open();
    await by.press(page.getByRole("navigation").getByRole("link", { name: ownerWords[lang].home }));
    await settled(page);
    await by.press(page.locator(`a[href="/questions/${asked.question}"]`).first());
    const w = questionWords[lang];
    await expect(heading(w.title)).toBeVisible();
    await settled(page);
    await expect(page.getByText(stranger, { exact: true }).first()).toBeVisible();
    await axe(page, "a question");
    await by.press(page.getByRole("button", { name: w.meGo }));
    await expect(heading(w.answeredMe)).toBeVisible();
  });

  await test.step("a notice is read and acknowledged where it asks for that", async () => {
    await by.press(page.getByRole("navigation").getByRole("link", { name: new RegExp(`^${ownerWords[lang].notices}`) }));
    await expect(heading(noticesWords[lang].title)).toBeVisible();
    await settled(page);
    await axe(page, "notices");
    await by.press(page.getByRole("main").getByRole("link").first());
    await settled(page);
    const read = page.getByRole("button", { name: noticeWords[lang].acknowledge });
    if (await read.isVisible()) {
      await by.press(read);
      await expect(page.getByRole("status").filter({ hasText: noticeWords[lang].saidDone })).toBeVisible();
    }
    await axe(page, "a notice");
  });

  await test.step("he ends the key, and the gate obeys", async () => {
    const w = keyWords[lang];
    await by.press(page.getByRole("navigation").getByRole("link", { name: ownerWords[lang].home }));
    await settled(page);
    await by.press(page.getByRole("link", { name: program }).first());
    await settled(page);
    await by.press(page.getByRole("button", { name: w.endGo }));
    const sure = page.getByRole("dialog", { name: w.endSure });
    await axe(page, "ending a key");
    await by.press(sure.getByRole("button", { name: w.endGo }));
    await expect(page.getByText(w.ended).first()).toBeVisible();
    await expect.poll(() => trade(demo, key, home), { message: "the key is dead at the gate" }).toBe(401);
  });
});
