// The pictures of docs/screens: each page in two languages and two themes, and an index that shows them beside one another.
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, BrowserContext, Page } from "@playwright/test";
import type { Lang } from "../../src/i18n/words";
import { small } from "./picture";

const FOLDER = resolve("../docs/screens");
const BYTES_MAX = 12_000_000;
/** Of a longer page, its upper part is shown. */
const HEIGHT_MAX = 1_600;

export type Look = { lang: Lang; theme: "light" | "dark" };
export const LOOKS: readonly Look[] = (["ko", "en"] as const).flatMap((lang) =>
  (["light", "dark"] as const).map((theme) => ({ lang, theme })),
);

/** A browser of somebody's, in this language and theme. */
export function open(
  browser: Browser,
  look: Look,
  more: { baseURL: string; storageState?: string; width?: number },
): Promise<BrowserContext> {
  const { width = 1280, ...rest } = more;
  return browser.newContext({
    ...rest,
    locale: look.lang === "ko" ? "ko-KR" : "en-GB",
    colorScheme: look.theme,
    timezoneId: "Asia/Seoul",
    reducedMotion: "reduce",
    viewport: { width, height: width < 600 ? 844 : 800 },
  });
}

export function clear(): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of readdirSync(FOLDER)) if (name.endsWith(".png")) rmSync(join(FOLDER, name));
}

/** `staff-overview.ko.dark.png`. */
export async function take(page: Page, name: string, look: Look): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  // Over an open dialog the page does not scroll: what is seen is the picture.
  const over = (await page.getByRole("dialog").count()) > 0;
  const height = over ? 0 : await page.evaluate(() => document.documentElement.scrollHeight);
  const width = page.viewportSize()?.width ?? 1280;
  const view = page.viewportSize()?.height ?? 800;
  const clip = { x: 0, y: 0, width, height: Math.max(view, Math.min(height, HEIGHT_MAX)) };
  const png = await page.screenshot({ fullPage: !over, clip, animations: "disabled", caret: "hide" });
  writeFileSync(join(FOLDER, `${name}.${look.lang}.${look.theme}.png`), small(png));
}

const PARTS: [string, string][] = [
  ["staff-", "The console"],
  ["state-", "Nothing to show yet, nothing there, no right to see it, no answer"],
  ["owner-", "The owner's page, as a telephone shows it"],
  ["wide-", "The owner's page, as a desk shows it"],
];

/** Writes the index. Fails where the pictures together are too large to carry around. */
export function index(): void {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".png"));
  const bytes = files.reduce((sum, name) => sum + statSync(join(FOLDER, name)).size, 0);
  const lines = [
    "# Screens",
    "",
    "Every page in Korean and English, light and dark, of a demo with seed 7: made-up people, nothing masked. `cargo xtask screens` takes them anew.",
    "",
  ];
  for (const [prefix, title] of PARTS) {
    const names = [...new Set(files.filter((name) => name.startsWith(prefix)).map((name) => name.split(".")[0] ?? ""))];
    if (names.length === 0) continue;
    lines.push(`## ${title}`, "");
    for (const name of names) {
      const shown = LOOKS.map(({ lang, theme }) => `${name}.${lang}.${theme}.png`).filter((file) => files.includes(file));
      const width = Math.floor(96 / shown.length);
      lines.push(`### ${name.slice(prefix.length)}`, "");
      lines.push(
        shown
          .map(
            (file) =>
              `<a href="${file}"><img src="${file}" width="${width}%" alt="${file.replace(".png", "").replaceAll(".", ", ")}"></a>`,
          )
          .join("\n"),
        "",
      );
    }
  }
  writeFileSync(join(FOLDER, "README.md"), `${lines.join("\n").trimEnd()}\n`);
  console.log(`screens: ${files.length} pictures, ${(bytes / 1_000_000).toFixed(1)} MB`);
  if (bytes > BYTES_MAX) throw new Error(`the pictures are larger than ${BYTES_MAX / 1_000_000} MB together`);
}
