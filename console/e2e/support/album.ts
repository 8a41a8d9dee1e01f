// The pictures of docs/screens: how one is taken (the whole page, however long; the whole dialog), and what they are called.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "@playwright/test";
import type { Lang } from "../../src/i18n/words";
import { small } from "./picture";

const ASKED = process.env.SUMUN_SCREENS ?? "";
/** `SUMUN_SCREENS=/some/folder` puts them elsewhere. */
export const FOLDER = ASKED.startsWith("/") ? ASKED : resolve("../docs/screens");
/** A longer page is shown in parts, cut between its cards or rows. */
const HEIGHT_MAX = 6_000;
/** Around a dialog. */
const MARGIN = 32;
const HEIGHT = { desk: 800, phone: 844 } as const;
/** A page that stopped changing for so long stands; one that never stops is taken as it is. */
const QUIET_MS = 150;
const QUIET_WITHIN_MS = 3_000;

export type Look = { lang: Lang; theme: "light" | "dark" };
export const LOOKS: readonly Look[] = (["ko", "en"] as const).flatMap((lang) =>
  (["light", "dark"] as const).map((theme) => ({ lang, theme })),
);

/** A browser of somebody's, in this language and theme. */
export async function open(
  browser: Browser,
  look: Look,
  more: { baseURL: string; storageState?: NonNullable<BrowserContextOptions["storageState"]>; width?: number },
): Promise<BrowserContext> {
  const { width = 1280, ...rest } = more;
  const context = await browser.newContext({
    ...rest,
    locale: look.lang === "ko" ? "ko-KR" : "en-GB",
    colorScheme: look.theme,
    timezoneId: "Asia/Seoul",
    reducedMotion: "reduce",
    viewport: { width, height: width < 600 ? HEIGHT.phone : HEIGHT.desk },
  });
  // Commands on pages name the program and the ledger by where they lie on this machine, which is nobody's business in a picture.
  await context.route("**/v1/owner/facts", async (route) => {
    // Only the browser knows that every name under `localhost` is this machine.
    const asked = new URL(route.request().url());
    const here = new URL(asked);
    here.hostname = "127.0.0.1";
    const headers = { ...(await route.request().allHeaders()), host: asked.host };
    const facts = await (await route.fetch({ url: here.href, headers })).json();
    await route.fulfill({
      json: { ...facts, check: { ...facts.check, program: "sumun", ledger: "data/ledger", vkey: "data/ledger/vkey" } },
    });
  });
  return context;
}

/** Takes away what an earlier run left, unless only some are taken anew (`SUMUN_SCREENS=keep`, with a filter). */
export function clear(): void {
  mkdirSync(FOLDER, { recursive: true });
  if (ASKED === "keep") return;
  for (const name of readdirSync(FOLDER)) if (name.endsWith(".png")) rmSync(join(FOLDER, name));
}

/** Fonts are here, charts are drawn, lists have come in. */
export async function calm(page: Page): Promise<void> {
  await page.evaluate(
    ([quiet, most]) =>
      new Promise<void>((good) => {
        let timer = 0;
        const done = () => {
          watch.disconnect();
          good();
        };
        const again = () => {
          window.clearTimeout(timer);
          timer = window.setTimeout(done, quiet);
        };
        const watch = new MutationObserver(again);
        watch.observe(document.body, { childList: true, subtree: true, characterData: true });
        window.setTimeout(done, most);
        void document.fonts.ready.then(again);
      }),
    [QUIET_MS, QUIET_WITHIN_MS] as const,
  );
}

export function keep(name: string, look: Look, png: Buffer): void {
  writeFileSync(join(FOLDER, `${name}.${look.lang}.${look.theme}.png`), small(png));
}

/** `staff-overview.ko.dark.png`; of a page that is too long, `staff-overview-2.ko.dark.png` and so on for what follows. */
export async function take(page: Page, name: string, look: Look): Promise<void> {
  await calm(page);
  if ((await page.getByRole("dialog").count()) > 0) return takeDialog(page, name, look);
  const { width = 1280 } = page.viewportSize() ?? {};
  const cuts = await cutsOf(page);
  for (const [part, from] of cuts.entries()) {
    const to = cuts[part + 1];
    if (to === undefined && part > 0) break;
    const clip = to === undefined || cuts.length === 2 ? {} : { clip: { x: 0, y: from, width, height: to - from } };
    const png = await page.screenshot({ fullPage: true, ...clip, animations: "disabled", caret: "hide" });
    keep(part === 0 ? name : `${name}-${part + 1}`, look, png);
  }
}

/** Where a page is cut: its upper edge, then the last edge of a card or a row that still fits, its lower edge at the end. */
async function cutsOf(page: Page): Promise<number[]> {
  const { height, edges } = await page.evaluate(() => {
    const tops = [...document.querySelectorAll("main .card, main tr, main li, main h2, main h3")].map(
      (element) => Math.floor(element.getBoundingClientRect().top + window.scrollY) - 8,
    );
    return { height: document.documentElement.scrollHeight, edges: tops.sort((one, other) => one - other) };
  });
  const cuts = [0];
  for (;;) {
    const from = cuts.at(-1) ?? 0;
    if (height - from <= HEIGHT_MAX) return [...cuts, height];
    const to = edges.filter((edge) => edge > from + HEIGHT_MAX / 2 && edge <= from + HEIGHT_MAX).at(-1);
    cuts.push(to ?? from + HEIGHT_MAX);
  }
}

/** A dialog scrolls inside itself: the window is made high enough that nothing of it has to. */
async function takeDialog(page: Page, name: string, look: Look): Promise<void> {
  const view = page.viewportSize() ?? { width: 1280, height: HEIGHT.desk };
  const needs = await page
    .locator(".dialog")
    .last()
    .evaluate((element) => element.scrollHeight);
  await page.setViewportSize({ width: view.width, height: Math.max(view.height, needs + 2 * MARGIN) });
  await calm(page);
  keep(name, look, await page.screenshot({ animations: "disabled", caret: "hide" }));
  await page.setViewportSize(view);
}
