// What axe finds on a page as it stands: nothing serious, nothing critical. Colours differ by theme, so that their contrast is looked at in both.
// What React Aria reads out names the button that was pressed, which may be gone by then: its own nodes are left out.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

async function found(page: Page, only?: string): Promise<string[]> {
  const builder = new AxeBuilder({ page }).exclude("[data-live-announcer]");
  const { violations } = await (only === undefined ? builder : builder.withRules([only])).analyze();
  return violations
    .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
    .map(
      (violation) =>
        `${violation.id} (${violation.impact}): ${violation.help}: ${violation.nodes.map((node) => `${node.target} ${node.failureSummary ?? ""}`).join(" | ")}`,
    );
}

export async function axe(page: Page, where: string): Promise<void> {
  expect.soft(await found(page), where).toEqual([]);
  // What `ui/theme.ts` sets, and nothing else hangs on: the page is not opened anew, and no dialog closes.
  const wear = (theme: string) =>
    page.evaluate((wanted) => {
      document.documentElement.dataset.theme = wanted;
    }, theme);
  const now = await page.evaluate(() => document.documentElement.dataset.theme ?? "light");
  const other = now === "light" ? "dark" : "light";
  await wear(other);
  expect.soft(await found(page, "color-contrast"), `${where}, ${other}`).toEqual([]);
  await wear(now);
}
