// Signing in by name, password and code; a wrong one; leaving.
import { staffWords } from "../src/staff/words";
import { axe } from "./support/axe";
import { settled } from "./support/settled";
import { expect, test } from "./support/test";
import { freshCode } from "./support/totp";

test("an analyst signs in with password and code, and leaves", async ({ as, demo, lang, hand }) => {
  const w = staffWords[lang];
  const { user, password, secret } = demo.people.analyst;
  const page = await as(null);
  const by = hand(page);
  await page.goto("/cases");
  await expect(page.getByRole("heading", { name: w.signInTitle })).toBeVisible();
  await axe(page, "sign-in");

  await test.step("a wrong password is refused in words, without saying what was wrong", async () => {
    await by.type(page.getByLabel(w.user), user);
    await by.type(page.getByLabel(w.password), "wrong");
    await by.type(page.getByLabel(w.code), "000000");
    await by.press(page.getByRole("button", { name: w.signIn, exact: true }));
    await expect(page.getByRole("alert")).toBeVisible();
    await expect(page.getByLabel(w.user)).toHaveValue(user);
    await axe(page, "refused sign-in");
  });

  await test.step("then he is in, where he wanted to go", async () => {
    await by.type(page.getByLabel(w.password), password);
    await by.type(page.getByLabel(w.code), await freshCode(secret, demo.codes));
    await by.press(page.getByRole("button", { name: w.signIn, exact: true }));
    await expect(page.getByRole("link", { name: new RegExp(`^${w.cases}`) })).toBeVisible();
    await settled(page);
    expect(new URL(page.url()).pathname).toBe("/cases");
    const [cookie] = (await page.context().cookies()).filter(({ name }) => name === "sumun_staff");
    expect(cookie?.httpOnly).toBe(true);
    expect(cookie?.sameSite).toBe("Strict");
  });

  await test.step("and leaves, and is out", async () => {
    const out = page.getByRole("banner").getByRole("button", { name: lang === "ko" ? "로그아웃" : "Sign out" });
    await by.press(out);
    await expect(page.getByRole("heading", { name: w.signInTitle })).toBeVisible();
    expect((await page.context().cookies()).filter(({ name }) => name === "sumun_staff")).toEqual([]);
  });
});
