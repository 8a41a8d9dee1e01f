// Before any test: starts the demo with a fixed seed on free ports, waits until there is something to see, and enrols the tests' own staff.
// Afterwards stops it, and fails where a process of it is left.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { clear } from "./album";
import { enrol, keepCookie, type Person, ROLES, type Role, tokenOf, WANTED } from "./people";
import { proposeEnd } from "./propose";
import { Rest } from "./rest";
import { tell, type World } from "./world";

const SEED = "7";
const STARTS_WITHIN_MS = 120_000;
const SHOWS_WITHIN_MS = 240_000;

/** What the demo says of itself, as far as it is used here. */
type Said = {
  console: string;
  owner: string;
  desk: string;
  gate: string;
  people: Record<string, { password: string; totp_secret: string }>;
  /** Its servers' processes, by name. */
  pids: Record<string, number>;
  owners: World["owners"];
};

/** Starts it; resolves with what it says once it stands. */
async function startDemo(folder: string): Promise<[ChildProcess, Said]> {
  const program = process.env.SUMUN_DEMO ?? resolve("../target/debug/sumun-demo");
  if (!existsSync(program))
    throw new Error(`${program} is not built: cargo build --bin sumun --bin mock-exchange --bin sumun-demo`);
  const child = spawn(program, ["--json", "--seed", SEED, "--ports-from", "0", "--folder", folder], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stderr?.on("data", (text) => {
    err += text;
  });
  const said = new Promise<Said>((good, bad) => {
    child.stdout?.on("data", (text) => {
      out += text;
      for (const line of out.split("\n")) {
        try {
          const parsed = JSON.parse(line);
          if (typeof parsed.console === "string") good(parsed);
        } catch {
          // Not whole yet, or not this line.
        }
      }
    });
    child.on("exit", (code) => bad(new Error(`the demo ended (${code}):\n${out}\n${err}`)));
    setTimeout(
      () => bad(new Error(`the demo does not stand after ${STARTS_WITHIN_MS} ms:\n${out}\n${err}`)),
      STARTS_WITHIN_MS,
    ).unref();
  });
  try {
    return [child, await said];
  } catch (error) {
    child.kill("SIGINT");
    throw error;
  }
}

/** Processes that this one started, by /proc: those that watch over its servers. */
function childrenOf(pid: number): { pid: number; command: string }[] {
  const found = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1]);
      if (parent === pid)
        found.push({ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ") });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

/** Waits until each of these lists holds something. */
async function untilThereIs(rest: Rest, paths: Record<string, string>): Promise<void> {
  const end = Date.now() + SHOWS_WITHIN_MS;
  const missing = new Set(Object.keys(paths));
  while (missing.size > 0) {
    for (const what of [...missing]) {
      // A canary's key runs out by itself: that is not what is waited for.
      if ((await rest.items(paths[what] ?? "")).some(({ cause }) => cause !== "natural")) missing.delete(what);
    }
    if (missing.size > 0) {
      if (Date.now() > end) throw new Error(`the demo shows no ${[...missing].join(", no ")} after ${SHOWS_WITHIN_MS} ms`);
      await pause(1_000);
    }
  }
}

async function staffOf(rest: Rest, said: Said, run: string, codes: string): Promise<[World["people"], string]> {
  const session = async (user: string) => {
    const found = said.people[user];
    if (found === undefined) throw new Error(`the demo knows no ${user}`);
    return rest.as(await tokenOf(rest, user, found.password, found.totp_secret, codes));
  };
  const [admin, second] = [await session("sora"), await session("hana")];
  const people: Partial<Record<Role, Person>> = {};
  for (const role of ROLES) {
    const person = await enrol(admin, second, role, codes);
    people[role] = { ...person, cookies: "" };
  }
  // A second round: by then the authenticators have moved on, so that nobody waits seven times.
  for (const person of Object.values(people)) {
    person.cookies = await keepCookie(rest.origin, person, join(run, `${person.user}.json`), codes);
  }
  const month = new Date(Date.now() + 30 * 86_400_000).toISOString();
  const made = await admin.must("POST", "/v1/tokens", {
    name: "order-system",
    roles: ["exchange_backend"],
    expires: month,
  });
  if (made.result.approval !== null) {
    await second.must("POST", `/v1/approvals/${made.result.approval}/decide`, {
      decision: "approve",
      reason: WANTED,
    });
  }
  return [people as World["people"], made.result.secret];
}

async function stop(child: ChildProcess, said: Said, run: string): Promise<void> {
  const servers = Object.entries(said.pids).map(([command, pid]) => ({ pid, command }));
  const started = [...servers, ...childrenOf(child.pid ?? 0)];
  if (child.exitCode === null) {
    const ended = new Promise((good) => child.once("exit", good));
    child.kill("SIGINT");
    await Promise.race([ended, pause(20_000)]);
  }
  const left = started.filter(({ pid }) => existsSync(`/proc/${pid}`));
  if (child.exitCode === null) child.kill("SIGKILL");
  rmSync(run, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`the demo left processes behind: ${JSON.stringify(left)}`);
}

export default async function start(): Promise<() => Promise<void>> {
  if (process.env.SUMUN_SCREENS !== undefined) clear();
  const run = mkdtempSync(join(tmpdir(), "sumun-e2e-"));
  const [child, said] = await startDemo(join(run, "demo"));
  try {
    const codes = join(run, "codes.json");
    // One host for all of the tests' own staff: each has a browser of his own.
    const origin = `http://localhost:${new URL(said.console).port}`;
    const rest = new Rest(origin);
    const [people, backEnd] = await staffOf(rest, said, run, codes);
    const { serve } = said.pids;
    if (serve === undefined) throw new Error(`the demo names no control plane: ${JSON.stringify(said.pids)}`);
    await untilThereIs(rest.as(people.auditor.token), {
      "open case": "/v1/cases?state=open",
      "ended key": "/v1/keys?state=expired",
      question: "/v1/questions",
    });
    // Something that waits for an approval, whatever chance brought.
    await proposeEnd(rest.as(people.analyst.token), said.owners, "ko");
    const world: World = {
      console: origin,
      owner: said.owner,
      desk: said.desk,
      gate: said.gate,
      owners: said.owners,
      pids: { demo: child.pid ?? 0, serve },
      people,
      codes,
      backEnd,
    };
    writeFileSync(join(run, "world.json"), JSON.stringify(world));
    tell(join(run, "world.json"));
  } catch (error) {
    await stop(child, said, run);
    throw error;
  }
  return () => stop(child, said, run);
}
