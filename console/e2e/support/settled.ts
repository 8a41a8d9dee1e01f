// A page that has come to rest: what it asked for has come, and nothing says that it loads.
import { expect, type Page } from "@playwright/test";
import { uiWords } from "../../src/ui/words";

export async function settled(page: Page, withinMs = 15_000): Promise<void> {
  await expect(page.getByRole("main")).toBeVisible({ timeout: withinMs });
  for (const words of [uiWords.ko, uiWords.en]) {
    await expect(page.getByRole("status", { name: words.loading, exact: true })).toHaveCount(0, { timeout: withinMs });
  }
}
