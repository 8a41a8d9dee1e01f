// Every page of the owner, at the width of a desk and of a telephone: it stands, speaks one language, and axe agrees.
import { verificationWords } from "../src/owner/pages/verification/words";
import { ownerWords } from "../src/owner/words";
import { axe } from "./support/axe";
import { asOwner, comeIn } from "./support/owner";
import { ownerPlaces, unmet } from "./support/places";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";
import { Heard, wellSaid } from "./support/text";

const PHONE = { width: 390, height: 844 };

test("every page of the owner stands, at a telephone's width too", async ({ as, demo, lang }) => {
  test.slow();
  const page = await as(null);
  await page.goto(demo.owner);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await axe(page, "signed out");
  await comeIn(page, demo);
  const heard = new Heard(page);
  const places = await ownerPlaces((path) => asOwner(page, "GET", path));
  expect(unmet("owner", places), "routes that the walk does not know").toEqual([]);
  await page.setViewportSize(PHONE);
  for (const { name, path } of places) {
    await test.step(name, async () => {
      await page.goto(`${demo.owner}${path}`);
      await settled(page);
      await wellSaid(page, lang, heard, name);
      // Whatever he has, he can read; and where he is asked for nothing, the page says that, not that something lacks.
      await expect.soft(page.getByText(ownerWords[lang].notHere, { exact: true }), name).toHaveCount(0);
      if (name === "no-verification")
        await expect.soft(page.getByRole("status").getByText(verificationWords[lang].none, { exact: true }), name).toBeVisible();
      await axe(page, name);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect.soft(wide, `${name} is wider than a telephone`).toBeLessThanOrEqual(0);
    });
  }
});
