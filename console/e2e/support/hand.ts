// How a person works a page: by mouse, or by keyboard alone. A journey is written once and gone both ways.
import { expect, type Locator, type Page } from "@playwright/test";

/** More steps of Tab than any page has places to stop at. */
const STOPS_MAX = 400;

export type Hand = {
  press(target: Locator): Promise<void>;
  type(target: Locator, text: string): Promise<void>;
  choose(target: Locator, value: string): Promise<void>;
};

export function mouse(): Hand {
  return {
    // Whoever points at a box points at what is drawn; the input itself lies hidden in its label.
    press: async (target) => {
      const label = target.locator("xpath=ancestor::label");
      await ((await target.getAttribute("type")) === "checkbox" && (await label.count()) === 1 ? label : target).click();
    },
    type: (target, text) => target.fill(text),
    choose: async (target, value) => {
      await target.selectOption(value);
    },
  };
}

/** Among tabs one goes by arrow keys; with Tab one only comes to the open one. */
async function reachTab(page: Page, target: Locator): Promise<void> {
  const list = target.locator("xpath=ancestor::*[@role='tablist']");
  await reach(page, list);
  for (let left = await list.getByRole("tab").count(); left > 0; left -= 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("ArrowRight");
  }
  throw new Error(`the arrow keys do not reach ${target}`);
}

/** Goes on with Tab until the target has the focus. Fails where a keyboard cannot get. */
async function reach(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  if ((await target.getAttribute("role")) === "tab") return reachTab(page, target);
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    if (await target.evaluate((element) => element === document.activeElement || element.contains(document.activeElement)))
      return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${target}`);
}

export function keyboard(page: Page): Hand {
  return {
    press: async (target) => {
      await reach(page, target);
      const box = await target.evaluate(
        (element) => element.matches("input[type=checkbox], input[type=radio], label") || element.querySelector("input") !== null,
      );
      await page.keyboard.press(box ? "Space" : "Enter");
    },
    type: async (target, text) => {
      await reach(page, target);
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.insertText(text);
    },
    choose: async (target, value) => {
      await reach(page, target);
      const at = await target.evaluate(
        (element, wanted) => [...(element as HTMLSelectElement).options].findIndex((one) => one.value === wanted),
        value,
      );
      if (at < 0) throw new Error(`there is no choice ${value}`);
      await page.keyboard.press("Home");
      for (let step = 0; step < at; step += 1) await page.keyboard.press("ArrowDown");
      await expect(target).toHaveValue(value);
    },
  };
}
