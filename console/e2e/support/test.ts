// The test of this folder: a page signed in as somebody, and eyes on it. Whatever a page does, no script of a customer's runs, nothing asks
// elsewhere, the content security policy is never broken, and nothing is thrown.
import { type BrowserContext, test as base, expect, type Page } from "@playwright/test";
import type { Lang } from "../../src/i18n/words";
import { type Hand, keyboard, mouse } from "./hand";
import type { Role } from "./people";
import { Rest } from "./rest";
import { type World, world } from "./world";

export { expect };

/** What a page did that none should. */
export class Watch {
  readonly bad: string[] = [];
  private quiet: RegExp[] = [];

  constructor(private readonly origins: string[]) {}

  /** What a test brings about itself, such as a server that does not answer. */
  allow(pattern: RegExp): void {
    this.quiet.push(pattern);
  }

  /** Another server of the test's own. */
  also(origin: string): void {
    this.origins.push(new URL(origin).origin);
  }

  async over(context: BrowserContext): Promise<void> {
    await context.exposeBinding("ran", (_, what: string) => this.bad.push(`a script ran: ${what}`));
    await context.addInitScript(() => {
      const tell = (what: string) => (window as unknown as { ran: (what: string) => void }).ran(what);
      window.addEventListener("securitypolicyviolation", (event) =>
        tell(`violates ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`),
      );
      // What planted scripts call.
      Object.defineProperty(window, "planted", { value: () => tell("planted") });
    });
    context.on("page", (page) => this.page(page));
  }

  private page(page: Page): void {
    page.on("pageerror", (error) => this.say(`thrown at ${page.url()}: ${error.message}`));
    page.on("dialog", (dialog) => {
      this.say(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("console", (message) => {
      const from = message.location().url;
      // The server's no to a call is an answer; the browser logs it all the same.
      const refused =
        message.text().startsWith("Failed to load resource: the server responded with a status of 4") && from.includes("/v1/");
      if (message.type() === "error" && !refused) this.say(`console at ${page.url()}: ${message.text()} (${from})`);
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      const own = this.origins.includes(url.origin) || url.protocol === "data:" || url.protocol === "blob:";
      if (!own) this.say(`asked elsewhere: ${request.url()}`);
    });
  }

  private say(what: string): void {
    if (!this.quiet.some((pattern) => pattern.test(what))) this.bad.push(what);
  }
}

type Fixtures = {
  demo: World;
  lang: Lang;
  rest: Rest;
  watch: Watch;
  /** A page of the console, signed in in this role; nobody for `null`. */
  as: (role: Role | null) => Promise<Page>;
  hand: (page: Page) => Hand;
};

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: the form that Playwright wants
  demo: async ({}, use) => use(world()),
  // biome-ignore lint/correctness/noEmptyPattern: the form that Playwright wants
  lang: async ({}, use, info) => use(info.project.use.locale === "en-GB" ? "en" : "ko"),
  rest: async ({ demo }, use) => use(new Rest(demo.console)),
  watch: [
    async ({ demo }, use) => {
      const desk = `http://owner.localhost:${new URL(demo.desk).port}`;
      const watch = new Watch([demo.console, demo.owner, desk].map((one) => new URL(one).origin));
      await use(watch);
      expect(watch.bad).toEqual([]);
    },
    { auto: true },
  ],
  as: async ({ browser, demo, watch }, use, info) => {
    const contexts: BrowserContext[] = [];
    await use(async (role) => {
      const options = {
        locale: info.project.use.locale ?? "ko-KR",
        baseURL: demo.console,
        viewport: info.project.use.viewport ?? null,
        timezoneId: "Asia/Seoul",
      };
      const context = await browser.newContext(role === null ? options : { ...options, storageState: demo.people[role].cookies });
      contexts.push(context);
      await watch.over(context);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
  // Korean by mouse, English by keyboard alone: each journey in both languages and both ways.
  hand: async ({ lang }, use) => use((page) => (lang === "en" ? keyboard(page) : mouse())),
});
