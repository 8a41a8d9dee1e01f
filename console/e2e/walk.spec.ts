// Every page in its first state, in both languages: it stands, axe finds nothing serious, no text is missing.
import { axe } from "./support/axe";
import { staffPlaces, unmet } from "./support/places";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";
import { Heard, wellSaid } from "./support/text";

test("every page of the console stands, speaks one language, and axe agrees", async ({ as, demo, rest, lang }) => {
  test.slow();
  const places = await staffPlaces(rest.as(demo.people.compliance_lead.token));
  expect(unmet("staff", places), "routes that the walk does not know").toEqual([]);
  const page = await as("compliance_lead");
  const heard = new Heard(page);
  for (const { name, path } of places) {
    await test.step(name, async () => {
      await page.goto(path);
      await settled(page);
      await expect.soft(page.getByRole("heading", { level: 1 }), name).toHaveCount(1);
      expect.soft(await page.title(), name).toContain("Sumun");
      await wellSaid(page, lang, heard, name);
      await axe(page, name);
    });
  }
});
