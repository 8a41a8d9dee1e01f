// What stands on a page that should not: the name of a text instead of the text, a value that is none, another language.
import { expect, type Page, type Response } from "@playwright/test";
import type { Lang } from "../../src/i18n/words";

/** Hangul as letters or syllables. */
const HANGUL = /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]/;

/** What somebody wrote in Korean, with what stands between its words. */
const KOREAN_PART = new RegExp(`${HANGUL.source}(.*${HANGUL.source})?`, "s");

/** Values that JavaScript writes where a text is missing. */
const NO_VALUES = /\b(undefined|NaN|\[object Object\]|Invalid Date)\b|\bnull\b/;

/** What the server said, so that a name or a notice in Korean is told from a text of ours. */
export class Heard {
  private readonly bodies: string[] = [];

  constructor(page: Page) {
    page.on("response", (response) => void this.keep(response));
  }

  private async keep(response: Response): Promise<void> {
    if (!response.url().includes("/v1/") || response.url().endsWith("/v1/live")) return;
    this.bodies.push(await response.text().catch(() => ""));
  }

  /** Whether the server said this, in one piece. */
  said(text: string): boolean {
    const escaped = JSON.stringify(text).slice(1, -1);
    return this.bodies.some((body) => body.includes(escaped) || body.includes(text));
  }
}

/** Texts of the page, each as one node has it; what is marked as another language or as code is left out. */
async function texts(page: Page, lang: Lang): Promise<{ text: string; shown: boolean }[]> {
  return page.evaluate((spoken) => {
    const found: { text: string; shown: boolean }[] = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
      const element = node.parentElement;
      if (element === null || element.closest("script, style, noscript, code, pre, kbd, textarea, .mono") !== null) continue;
      const marked = element.closest("[lang]")?.getAttribute("lang") ?? spoken;
      const text = node.textContent?.trim() ?? "";
      if (text !== "" && marked.startsWith(spoken)) found.push({ text, shown: true });
    }
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
      for (const name of ["aria-label", "title", "placeholder"]) {
        const text = element.getAttribute(name);
        // A title may well name what the code calls it.
        if (text !== null && text !== "") found.push({ text, shown: name !== "title" });
      }
    }
    return found;
  }, lang);
}

/** Nothing is missing, and nothing is in another language that the server did not say. */
export async function wellSaid(page: Page, lang: Lang, heard: Heard, where: string): Promise<void> {
  const wrong = [];
  for (const { text, shown } of await texts(page, lang)) {
    if (NO_VALUES.test(text) && !heard.said(text)) wrong.push(`no value: ${text}`);
    const korean = lang === "en" ? KOREAN_PART.exec(text)?.[0] : undefined;
    if (korean !== undefined && !heard.said(korean)) wrong.push(`Korean in English: ${text}`);
    // A name of the code, such as `owner_denies`.
    if (shown && /^[a-z]+(_[a-z]+)+$/.test(text)) wrong.push(`a raw word: ${text}`);
  }
  expect.soft([...new Set(wrong)], where).toEqual([]);
}
