// Several pages in the same state on one picture, each with its name above it: nobody opens fifteen pictures of a page that loads.
import type { Browser, Page } from "@playwright/test";
import { calm, keep, type Look, open } from "./album";

/** As wide as two columns of a picture allow. */
export const TILE = 620;
const GAP = 16;

export type Tile = { name: string; png: Buffer };

/** What stands in the page's main part, as high as it is. */
export async function tile(page: Page, name: string): Promise<Tile> {
  await calm(page);
  const clip = await page.getByRole("main").evaluate((main) => {
    const boxes = [...main.querySelectorAll("*")].map((element) => element.getBoundingClientRect());
    const { left, top, width } = main.getBoundingClientRect();
    const bottom = Math.max(top + 40, ...boxes.map((box) => box.bottom));
    return { x: left + window.scrollX, y: top + window.scrollY, width, height: Math.ceil(bottom - top) + 16 };
  });
  return { name, png: await page.screenshot({ fullPage: true, clip, animations: "disabled", caret: "hide" }) };
}

/** Puts them on one picture, in two columns. */
export async function sheet(browser: Browser, name: string, look: Look, tiles: Tile[]): Promise<void> {
  const context = await open(browser, look, { baseURL: "about:blank", width: 2 * TILE + 3 * GAP });
  const page = await context.newPage();
  const [paper, ink] = look.theme === "dark" ? ["#0b100e", "#e6ece9"] : ["#ffffff", "#17201d"];
  const figures = tiles.map(
    (one) =>
      `<figure><figcaption>${one.name}</figcaption><img src="data:image/png;base64,${one.png.toString("base64")}"></figure>`,
  );
  await page.setContent(`<!doctype html><style>
    body { margin: 0; padding: ${GAP}px; background: ${paper}; color: ${ink}; font: 600 15px sans-serif; columns: 2; column-gap: ${GAP}px }
    figure { margin: 0 0 ${GAP}px; break-inside: avoid }
    figcaption { padding: 4px 0 }
    img { display: block; width: ${TILE}px; box-sizing: border-box; border: 1px solid #8a938e }
  </style>${figures.join("")}`);
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
  keep(name, look, await page.screenshot({ fullPage: true }));
  await context.close();
}
