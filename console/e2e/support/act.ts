// Doing something that is recorded, as every dialog of the console does it: its fields, what will happen, the confirmation. A fresh code is
// given where the server asks for one.
import { expect, type Locator, type Page } from "@playwright/test";
import type { Lang } from "../../src/i18n/words";
import { uiWords } from "../../src/ui/words";
import type { Hand } from "./hand";
import type { Person } from "./people";
import { said } from "./said";
import { freshCode } from "./totp";

export type Actor = { page: Page; by: Hand; lang: Lang; person: Person; codes: string };

/** Gives a fresh code if it is asked for before `done` shows. */
export async function giveCode({ page, by, lang, person, codes }: Actor, done: Locator): Promise<void> {
  const ui = uiWords[lang];
  const asked = page.getByRole("dialog", { name: ui.stepUpTitle });
  await expect(asked.or(done).first()).toBeVisible();
  if (!(await asked.isVisible())) return;
  await by.type(asked.getByLabel(ui.stepUpCode), await freshCode(person.secret, codes));
  await by.press(asked.getByRole("button", { name: ui.stepUpGo }));
  await expect(asked).toBeHidden();
}

/** From an open dialog whose fields are filled in, to what is said once it is done. */
export async function confirm(actor: Actor, title: string, go: string, done: string): Promise<void> {
  const { page, by, lang } = actor;
  const dialog = page.getByRole("dialog", { name: title });
  await by.press(dialog.getByRole("button", { name: said("look", lang) }));
  await giveCode(actor, dialog.getByText(said("happens", lang)));
  await expect(dialog.getByText(said("happens", lang))).toBeVisible();
  await by.press(dialog.getByRole("button", { name: go, exact: true }));
  const told = page.getByRole("status").filter({ hasText: done });
  await giveCode(actor, told);
  await expect(told).toBeVisible();
  await expect(dialog).toBeHidden();
}
