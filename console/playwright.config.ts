// Browser tests: the demo as it is built for tests, in Debian's Chromium, in both languages. `e2e/support/start.ts` starts the demo and
// waits until there is something to see; `screens` takes the pictures of docs/screens and runs only when asked for.
import { defineConfig } from "@playwright/test";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// What a test needs of the demo changes it for the next one, and the authenticators' codes are used once: one worker, in order.
export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  globalSetup: "./e2e/support/start.ts",
  fullyParallel: false,
  workers: 1,
  // A browser, a demo and its database share the machine: one more try, and the closing lines name it as flaky.
  retries: 1,
  forbidOnly: process.env.CI !== undefined,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    headless: true,
    launchOptions: { executablePath: process.env.SUMUN_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS },
    actionTimeout: 15_000,
    navigationTimeout: 20_000,
    trace: "off",
    screenshot: "only-on-failure",
    timezoneId: "Asia/Seoul",
    viewport: { width: 1280, height: 800 },
  },
  projects: [
    { name: "ko", testMatch: "**/*.spec.ts", use: { locale: "ko-KR" } },
    { name: "en", testMatch: "**/*.spec.ts", use: { locale: "en-GB" } },
    ...(process.env.SUMUN_SCREENS === undefined ? [] : [{ name: "screens", testMatch: "**/*.screens.ts" }]),
  ],
});
