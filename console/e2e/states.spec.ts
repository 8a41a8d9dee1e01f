// Pages that have nothing to show: while they load, when the server cannot, and in a venue founded a minute ago. Each says so in words of its own
// language, and axe agrees in both themes.
import { axe } from "./support/axe";
import { openHouse } from "./support/house";
import { emptyPlaces, staffPlaces } from "./support/places";
import { settled } from "./support/settled";
import { Between, shows } from "./support/states";
import { expect, test } from "./support/test";
import { Heard, wellSaid } from "./support/text";

test("every page loads and is refused in words", async ({ as, demo, rest, lang, watch }) => {
  // Twenty pages, each looked at four times.
  test.setTimeout(600_000);
  // A server's no is logged by the browser.
  watch.allow(/status of 503/);
  const page = await as("compliance_lead");
  const heard = new Heard(page);
  for (const { name, path } of await staffPlaces(rest.as(demo.people.compliance_lead.token))) {
    if (name === "no-page") continue;
    await test.step(name, async () => {
      const between = await Between.of(page, "loading");
      await page.goto(path);
      await shows(page, "loading");
      await wellSaid(page, lang, heard, `${name} loads`);
      await axe(page, `${name} loads`);
      await between.become("error");
      await shows(page, "error");
      await wellSaid(page, lang, heard, `${name} is refused`);
      await axe(page, `${name} is refused`);
      await page.unrouteAll({ behavior: "ignoreErrors" });
    });
  }
});

test("a venue founded a minute ago has something to say on every page", async ({ browser, watch, lang, locale }) => {
  test.slow();
  const house = await openHouse();
  watch.also(house.console);
  try {
    const context = await browser.newContext({
      baseURL: house.console,
      storageState: house.cookies,
      ...(locale === undefined ? {} : { locale }),
      timezoneId: "Asia/Seoul",
    });
    await watch.over(context);
    const page = await context.newPage();
    const heard = new Heard(page);
    for (const { name, path } of emptyPlaces) {
      await test.step(name, async () => {
        await page.goto(path);
        await settled(page);
        await expect.soft(page.getByRole("heading", { level: 1 }), name).toHaveCount(1);
        await wellSaid(page, lang, heard, name);
        await axe(page, name);
      });
    }
    await context.close();
  } finally {
    await house.stop();
  }
});
