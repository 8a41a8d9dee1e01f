// An end by force, proposed by the tests' own analyst as a person would: for a key that something was found about, with reasons that say what.
import { setTimeout as pause } from "node:timers/promises";
import type { Lang } from "../../src/i18n/words";
import type { Rest } from "./rest";
import type { World } from "./world";
import { WRITTEN } from "./written";

/** A case whose keys are all ended may be followed by one whose keys live. */
const FOUND_WITHIN_MS = 120_000;

const open = (rest: Rest) => rest.items("/v1/approvals?state=open&limit=200");

/** Keys in open cases that are still alive, the most urgent first, those that nobody should have doubted last. */
async function suspects(rest: Rest, owners: World["owners"]): Promise<string[]> {
  const cases: { priority: number; members: { key: string; account: string }[] }[] =
    await rest.items("/v1/cases?state=open&limit=200");
  const played = owners.filter(({ guided }) => guided).map(({ account }) => account);
  const honest = new Set(
    owners.flatMap(({ keys }) => keys.filter(({ truth }) => truth.startsWith("honest")).map(({ key }) => key)),
  );
  const alive = new Set((await rest.items("/v1/keys?state=active&limit=200")).map(({ key }) => key));
  const waiting = new Set((await open(rest)).map(({ subject }) => subject));
  const members = cases
    .sort((one, other) => other.priority - one.priority)
    .flatMap(({ members }) => members)
    .filter(({ key, account }) => alive.has(key) && !played.includes(account) && !waiting.has(`key:${key}`))
    .map(({ key }) => key);
  return [...members.filter((key) => !honest.has(key)), ...members.filter((key) => honest.has(key))];
}

/** Proposes one; its approval's id. */
export async function proposeEnd(analyst: Rest, owners: World["owners"], lang: Lang): Promise<string> {
  let [key] = await suspects(analyst, owners);
  for (const end = Date.now() + FOUND_WITHIN_MS; key === undefined; [key] = await suspects(analyst, owners)) {
    if (Date.now() > end) throw new Error("nothing was found about any key that is still alive");
    await pause(1_000);
  }
  const proposed = await analyst.must("POST", `/v1/keys/${key}/expire`, {
    reason: WRITTEN.end[lang],
    lesser: WRITTEN.lesser[lang],
  });
  return String(proposed.result.waits_for[0]);
}

/** The only one that waits: those of this analyst that were written in the other language are taken back first. */
export async function proposeOnly(analyst: Rest, user: string, owners: World["owners"], lang: Lang): Promise<string> {
  for (const one of await open(analyst)) {
    if (one.requested_by !== `user:${user}`) continue;
    if (one.request.reason === WRITTEN.end[lang]) return String(one.approval);
    await analyst.must("POST", `/v1/approvals/${one.approval}/withdraw`);
  }
  return proposeEnd(analyst, owners, lang);
}
