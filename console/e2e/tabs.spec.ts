// Many windows of one browser: it has six lines to a host, and they share one. And what is said in a corner may link to where it was done.
import { casesWords } from "../src/staff/pages/cases/words";
import { staffWords } from "../src/staff/words";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";

const WINDOWS = 9;

test("nine windows are all live, and go on when the one that held the line is closed", async ({ as, lang }) => {
  test.slow();
  const w = staffWords[lang];
  const first = await as("analyst");
  const context = first.context();
  let lines = 0;
  context.on("request", (request) => {
    if (new URL(request.url()).pathname === "/v1/live") lines += 1;
  });
  await first.goto("/");
  await settled(first);
  await expect(first.getByRole("banner")).toContainText(w.live);
  const others = [];
  for (let n = 1; n < WINDOWS; n += 1) {
    const page = await context.newPage();
    await page.goto("/cases");
    await settled(page);
    await expect(page.getByRole("banner")).toContainText(w.live);
    others.push(page);
  }
  expect(lines, "lines of all windows").toBe(1);
  await first.close();
  await expect.poll(() => lines, { message: "another window takes the line" }).toBe(2);
  for (const page of others) await expect(page.getByRole("banner")).toContainText(w.live);
});

test("a case is taken from the queue, and the page says so with a link", async ({ as, lang, demo, rest }) => {
  const w = casesWords[lang];
  const page = await as("analyst");
  await page.goto("/cases?view=all&state=open");
  await settled(page);
  await page.getByRole("button", { name: w.take, exact: true }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: w.title })).toBeVisible();
  const said = page.locator("output.toasts").getByRole("link");
  await expect(said).toBeVisible();
  const id = decodeURIComponent(((await said.getAttribute("href")) ?? "").split("/").at(-1) ?? "");
  const taken = await rest.as(demo.people.analyst.token).must("GET", `/v1/cases/${encodeURIComponent(id)}`);
  expect(taken.assignee ?? taken.case?.assignee).toBe(`user:${demo.people.analyst.user}`);
  await said.click();
  await expect(page).toHaveURL(new RegExp(`/cases/${id}`));
});
