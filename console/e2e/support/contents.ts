// Writes docs/screens/README.md: every page with its pictures, Korean beside English, light above dark.
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FOLDER, type Look } from "./album";

/** What people carry around with the source. */
const BYTES_MAX = 24_000_000;

type Program = "staff" | "owner";
const TITLES: Record<Program, string> = { staff: "The console", owner: "The owner's page" };

/** Pages in the order in which somebody meets them. */
const PAGES: Record<Program, readonly (readonly [string, string])[]> = {
  staff: [
    ["sign-in", "Sign-in"],
    ["overview", "Overview"],
    ["queue", "Cases: what to look at first"],
    ["cases", "Cases: all"],
    ["case", "A case"],
    ["keys", "Keys"],
    ["key", "A key"],
    ["approvals", "Approvals"],
    ["approval", "An approval"],
    ["ledger", "Ledger"],
    ["entry", "An entry of the ledger"],
    ["policies", "Policy"],
    ["policy", "A version of the policy"],
    ["ramp", "The ramp: how far gates enforce"],
    ["drift", "Drift: where record and exchange stand apart"],
    ["campaign", "The enrolment campaign"],
    ["people", "Staff and gates"],
    ["gate", "A gate"],
    ["all", "Every page in one state"],
    ["no-page", "An address that is none"],
    ["no-key", "A key that does not exist"],
  ],
  owner: [
    ["signed-out", "Not signed in"],
    ["home", "My keys"],
    ["key", "A key"],
    ["new-key", "A new key"],
    ["addresses", "Addresses of a key"],
    ["question", "A question"],
    ["verification", "A re-verification"],
    ["notices", "Notices"],
    ["notice", "A notice"],
    ["register", "Who uses my keys"],
    ["record", "What is kept about me"],
    ["no-verification", "A re-verification that nobody asked for"],
    ["no-page", "An address that is none"],
  ],
};

/** What a picture shows besides its page. */
const SHOWS: Record<string, string> = {
  "": "As it is",
  deciding: "Deciding about one key",
  "what-happens": "What will happen, before it is confirmed",
  ending: "Proposing an end by force",
  ended: "A key that has ended",
  tokens: "Machines and their tokens",
  gates: "Gates",
  sources: "Sources of events",
  venue: "Facts of the venue",
  wide: "At the width of a desk",
  empty: "Nothing there yet: a venue founded a minute ago",
  "tokens-empty": "No token yet: a venue founded a minute ago",
  "sources-empty": "No source of events yet: a venue founded a minute ago",
  loading: "The answer is on its way",
  error: "The server did not do it in time",
  "no-answer": "Nothing answers",
  "no-permission": "Not for whoever asks",
  "session-ended": "The session has ended meanwhile",
};

type Picture = { page: string; shows: string };

/** Which page a name belongs to: the longest that it begins with. */
function pageOf(program: Program, name: string): Picture {
  const pages = PAGES[program].map(([page]) => page).filter((page) => name === page || name.startsWith(`${page}-`));
  const [page] = pages.sort((one, other) => other.length - one.length);
  if (page === undefined) throw new Error(`${program}-${name}: no page of this name is in support/contents.ts`);
  return { page, shows: name.slice(page.length + 1) };
}

function caption(shows: string): string {
  const [, what = shows, part] = /^(.*?)-?(\d+)?$/.exec(shows) ?? [];
  const said = SHOWS[what] ?? what;
  return part === undefined ? said : `${said}, part ${part}`;
}

/** Korean beside English, light above dark. */
function table(files: ReadonlySet<string>, name: string): string[] {
  const cell = (lang: Look["lang"], theme: Look["theme"]) => {
    const file = `${name}.${lang}.${theme}.png`;
    if (!files.has(file)) return "";
    return `<a href="${file}"><img src="${file}" width="400" alt="${name}, ${lang === "ko" ? "Korean" : "English"}, ${theme}"></a>`;
  };
  const rows = (["light", "dark"] as const)
    .map((theme) => [cell("ko", theme), cell("en", theme)])
    .filter((row) => row.some((one) => one !== ""));
  return ["| 한국어 | English |", "|---|---|", ...rows.map((row) => `| ${row.join(" | ")} |`), ""];
}

/** Writes it. Fails where the pictures together are too large to carry around. */
export function contents(): void {
  const all = readdirSync(FOLDER).filter((name) => name.endsWith(".png"));
  const files = new Set(all);
  const bytes = all.reduce((sum, name) => sum + statSync(join(FOLDER, name)).size, 0);
  const names = [...new Set(all.map((file) => file.split(".")[0] ?? ""))].sort();
  const lines = [
    "# Screens",
    "",
    "Every page in Korean and English, light and dark, of a demo with seed 7: everybody in it is made up, nothing is masked. `cargo xtask screens` " +
      "takes them anew (`console/e2e/*.screens.ts`). Pages that have nothing to show are real as far as that can be: a role that may not is somebody's " +
      "sign-in, an empty page is that of a venue founded a minute ago.",
    "",
  ];
  const body: string[] = [];
  for (const program of ["staff", "owner"] as const) {
    const own = names.filter((name) => name.startsWith(`${program}-`));
    const pictures = own.map((name) => ({ name, ...pageOf(program, name.slice(program.length + 1)) }));
    const pages = PAGES[program].filter(([page]) => pictures.some((one) => one.page === page));
    if (pages.length === 0) continue;
    lines.push(`${TITLES[program]}: ${pages.map(([page, title]) => `[${title}](#${program}-${page})`).join(" · ")}`, "");
    body.push(`## ${TITLES[program]}`, "");
    for (const [page, title] of pages) {
      body.push(`<a id="${program}-${page}"></a>`, "", `### ${title}`, "");
      for (const { name, shows } of pictures.filter((one) => one.page === page)) {
        body.push(`${caption(shows)} (\`${name}\`)`, "", ...table(files, name));
      }
    }
  }
  writeFileSync(join(FOLDER, "README.md"), `${[...lines, ...body].join("\n").trimEnd()}\n`);
  console.log(`screens: ${all.length} pictures, ${(bytes / 1_000_000).toFixed(1)} MB`);
  if (bytes > BYTES_MAX) throw new Error(`the pictures are larger than ${BYTES_MAX / 1_000_000} MB together`);
}
