// The analyst's journey: what the day is like, the queue, one case, its evidence, making it his, saying what he thinks, proposing.
import { caseWordsOfPage } from "../src/staff/pages/case/words";
import { casesWords } from "../src/staff/pages/cases/words";
import { staffWords } from "../src/staff/words";
import { reasonText } from "../src/ui/reasons";
import { type Actor, confirm } from "./support/act";
import { axe } from "./support/axe";
import { said } from "./support/said";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";
import { WRITTEN } from "./support/written";

test("an analyst goes from the overview to a decision", async ({ as, demo, lang, hand, rest }) => {
  test.slow();
  const [frame, list, w] = [staffWords[lang], casesWords[lang], caseWordsOfPage[lang]];
  const page = await as("analyst");
  const by = hand(page);
  const person = demo.people.analyst;
  const actor: Actor = { page, by, lang, person, codes: demo.codes };
  const places = page.getByRole("navigation").filter({ has: page.getByRole("link", { name: frame.overview }) });

  await test.step("the overview", async () => {
    await page.goto("/");
    await settled(page);
    await expect(page.getByRole("heading", { level: 1, name: frame.overview })).toBeVisible();
    await expect(page.getByRole("banner")).toContainText(frame.live);
    // Why gates refused is said in words, not in codes.
    const { verdicts } = await rest.as(person.token).must("GET", "/v1/overview");
    for (const { reason } of verdicts.reasons.slice(0, 3)) {
      const words = reasonText(lang, reason);
      expect(words).not.toBe(reason);
      await expect(page.getByRole("main").getByText(words, { exact: true }).first()).toBeVisible();
    }
  });

  await test.step("the queue", async () => {
    await by.press(places.getByRole("link", { name: new RegExp(`^${frame.cases}`) }));
    await expect(page.getByRole("heading", { level: 1, name: list.title })).toBeVisible();
    await by.press(page.getByRole("link", { name: list.all }));
    await settled(page);
    await expect(page).toHaveURL(/view=all/);
    await by.choose(page.getByLabel(list.state), "open");
    await expect(page).toHaveURL(/state=open/);
    await settled(page);
    await axe(page, "all cases");
  });

  await test.step("a case", async () => {
    await by.press(page.getByRole("table").getByRole("row").nth(1).getByRole("link").first());
    await expect(page).toHaveURL(/\/cases\/[^?]+$/);
    await settled(page);
    await expect(page.getByRole("heading", { name: w.evidence })).toBeVisible();
    await expect(page.getByRole("heading", { name: w.why })).toBeVisible();
  });

  const id = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1) ?? "");
  const asked = async () => rest.as(person.token).must("GET", `/v1/cases/${encodeURIComponent(id)}`);

  await test.step("what was found is said in his language", async () => {
    const signals = await rest.as(person.token).items(`/v1/signals?case=${encodeURIComponent(id)}&limit=200`);
    const sentences: string[] = signals.flatMap(({ said: found }) => (found === null ? [] : [found[lang]]));
    expect(sentences.length).toBeGreaterThan(0);
    const shown = async () => {
      const text = await page.getByRole("main").innerText();
      return sentences.some((sentence) => text.includes(sentence));
    };
    await expect.poll(shown, { message: "the sentence of a signal stands on the page" }).toBe(true);
  });

  await test.step("it becomes his", async () => {
    await by.press(page.getByRole("button", { name: w.assign, exact: true }));
    await axe(page, "assigning");
    await confirm(actor, w.assign, w.assign, w.assigned);
    expect((await asked()).case.assignee).toBe(`user:${person.user}`);
  });

  await test.step("he comments", async () => {
    const text = WRITTEN.remark[lang];
    await by.press(page.getByRole("button", { name: w.comment, exact: true }));
    await by.type(page.getByRole("dialog").getByLabel(w.commentText), text);
    await confirm(actor, w.comment, w.comment, w.commented);
    await expect(page.getByText(text)).toBeVisible();
  });

  await test.step("he decides about one key", async () => {
    await by.press(page.getByRole("button", { name: w.decide, exact: true }));
    const dialog = page.getByRole("dialog", { name: w.decide });
    await by.choose(dialog.getByLabel(w.choice).first(), "keep");
    await by.type(dialog.getByLabel(said("reason", lang)).first(), WRITTEN.keep[lang]);
    await axe(page, "deciding");
    await confirm(actor, w.decide, w.decide, w.decided);
    await expect(page.getByText(WRITTEN.keep[lang]).first()).toBeVisible();
  });
});
