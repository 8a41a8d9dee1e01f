// Every address of both programs with something real behind it: what a walk goes through.
import { readFileSync } from "node:fs";
import type { Rest } from "./rest";

export type Place = { name: string; path: string };

async function first(rest: Rest, path: string, id: string): Promise<string> {
  return encodeURIComponent(String((await rest.items(path))[0]?.[id] ?? "none"));
}

/** The most urgent open case. */
async function urgent(rest: Rest): Promise<string> {
  const cases = await rest.items("/v1/cases?state=open&limit=200");
  const [first] = cases.sort((one, other) => other.priority - one.priority);
  return encodeURIComponent(String(first?.case_id ?? "none"));
}

/** A key that something is to be said about: under a measure, the graver the better. */
async function measured(rest: Rest): Promise<string> {
  for (const measure of ["reverify", "hold", "warn", "monitor"]) {
    const [found] = await rest.items(`/v1/keys?state=active&measure=${measure}&limit=1`);
    if (found !== undefined) return encodeURIComponent(found.key);
  }
  return first(rest, "/v1/keys?state=active", "key");
}

/** A key that was ended: not one whose time ran out, as a canary's does. */
async function ended(rest: Rest): Promise<string> {
  const keys = await rest.items("/v1/keys?state=expired");
  return encodeURIComponent(String((keys.find(({ cause }) => cause !== "natural") ?? keys[0])?.key ?? "none"));
}

/** The entry by which a measure on this key began; without one, the entry of the venue's facts. */
async function began(rest: Rest, key: string): Promise<number> {
  const { items } = await rest.must("GET", `/v1/keys/${key}/timeline`);
  const measures = items.filter((one: { class: string }) => one.class.startsWith("measure."));
  return measures.at(-1)?.index ?? 5;
}

/** The console's places; `rest` asks as somebody who may see all of it. */
export async function staffPlaces(rest: Rest): Promise<Place[]> {
  const one = (path: string, id: string) => first(rest, path, id);
  const key = await measured(rest);
  return [
    { name: "overview", path: "/" },
    { name: "queue", path: "/cases" },
    { name: "cases", path: "/cases?view=all" },
    { name: "case", path: `/cases/${await urgent(rest)}` },
    { name: "keys", path: "/keys" },
    { name: "key", path: `/keys/${key}` },
    { name: "key-ended", path: `/keys/${await ended(rest)}` },
    { name: "approvals", path: "/approvals" },
    { name: "approval", path: `/approvals/${await one("/v1/approvals?state=open", "approval")}` },
    { name: "ledger", path: "/ledger" },
    { name: "entry", path: `/ledger/${await began(rest, key)}` },
    { name: "policies", path: "/policy" },
    { name: "policy", path: `/policy/${await one("/v1/policies", "policy")}` },
    { name: "ramp", path: "/ramp" },
    { name: "drift", path: "/drift" },
    { name: "campaign", path: "/campaign" },
    { name: "people", path: "/people" },
    { name: "gate", path: `/gates/${await one("/v1/gates", "gate")}` },
    { name: "no-page", path: "/no/such/page" },
    { name: "no-case", path: "/cases/c-none" },
    { name: "no-key", path: "/keys/none" },
  ];
}

/** Pages of a venue in which nothing has happened yet. */
export const emptyPlaces: readonly Place[] = [
  { name: "overview", path: "/" },
  { name: "queue", path: "/cases" },
  { name: "cases", path: "/cases?view=all" },
  { name: "keys", path: "/keys" },
  { name: "approvals", path: "/approvals" },
  { name: "ledger", path: "/ledger" },
  { name: "policies", path: "/policy" },
  { name: "ramp", path: "/ramp" },
  { name: "drift", path: "/drift" },
  { name: "campaign", path: "/campaign" },
  { name: "people-tokens", path: "/people?tab=tokens" },
  { name: "people-sources", path: "/people?tab=sources" },
];

/** The owner's places; `asOwner` asks with his cookie. */
export async function ownerPlaces(asOwner: (path: string) => Promise<unknown>): Promise<Place[]> {
  const one = async (path: string, id: string) => {
    const page = (await asOwner(path)) as { items: Record<string, unknown>[] };
    return encodeURIComponent(String(page.items[0]?.[id] ?? "none"));
  };
  const key = await one("/v1/keys?state=active", "key");
  const verification = await one("/v1/verifications", "verification");
  return [
    { name: "home", path: "/" },
    { name: "new-key", path: "/keys/new" },
    { name: "key", path: `/keys/${key}` },
    { name: "addresses", path: `/keys/${key}/addresses` },
    { name: "question", path: `/questions/${await one("/v1/questions", "question")}` },
    { name: "notices", path: "/notices" },
    { name: "notice", path: `/notices/${await one("/v1/notices", "notice")}` },
    // He may be asked for none, and then the page says so.
    { name: verification === "none" ? "no-verification" : "verification", path: `/verifications/${verification}` },
    { name: "register", path: "/register" },
    { name: "record", path: "/record" },
    { name: "no-page", path: "/no/such/page" },
  ];
}

/** Patterns in a program's table of routes that none of these places meets. */
export function unmet(program: "staff" | "owner", places: Place[]): string[] {
  const table = readFileSync(`src/${program}/routes.tsx`, "utf8");
  const patterns = [...table.matchAll(/path: "([^"]+)"/g)]
    .map((match) => match[1] ?? "")
    .filter((path) => path !== "*" && path !== "/");
  const paths = places.map(({ path }) => path.split("?")[0] ?? "");
  return patterns.filter((pattern) => {
    const shape = new RegExp(`^/${pattern.replaceAll(/:\w+/g, "[^/]+")}$`);
    return !paths.some((path) => shape.test(path));
  });
}
