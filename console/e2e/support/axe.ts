// What axe finds on a page as it stands: nothing serious, nothing critical.
// What React Aria reads out names the button that was pressed, which may be gone by then: its own nodes are left out.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

export async function axe(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).exclude("[data-live-announcer]").analyze();
  const found = violations
    .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
    .map(
      (violation) =>
        `${violation.id} (${violation.impact}): ${violation.help}: ${violation.nodes.map((node) => `${node.target} ${node.failureSummary ?? ""}`).join(" | ")}`,
    );
  expect.soft(found, where).toEqual([]);
}
