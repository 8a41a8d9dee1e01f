// A venue founded a minute ago: `sumun init`, `sumun serve`, two founders; later one customer without a key. Nothing has happened in it yet, so
// that its pages are empty because there is nothing, and not because a test said so.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { keepCookie, type Person } from "./people";
import { Rest } from "./rest";
import { freshCode } from "./totp";
import { Exchange } from "./vouch";

const STARTS_WITHIN_MS = 60_000;
const AUDIENCE = "example";
const SECTION = "[exchange.assertion_keys]\n";
const FOUNDERS = ["boram", "haneul"] as const;
const CUSTOMER = { customer: "C1", person: "P1", account: "A1", operator: "O1" } as const;

const CONFIGURATION = `data_dir = "data"

[gate]
listen = "127.0.0.1:0"
upstream = "http://127.0.0.1:9"
shutdown_grace_s = 1

[govern]
listen = "127.0.0.1:0"
key_file = "govern-kek.txt"

[seal]
key_file = "kek.txt"

[owner]
listen = "127.0.0.1:0"
sign_in_url = "https://exchange.example/keys"
`;

export type House = {
  console: string;
  owner: string;
  /** The founder with every role, signed in: a file that contexts start from. */
  cookies: string;
  /** The exchange tells of its first customer. From then on there is a token. */
  admit: () => Promise<void>;
  /** What the exchange hands its customer: each is used once. */
  assertion: () => string;
  stop: () => Promise<void>;
};

/** The program that the demo starts too. */
function program(): string {
  const demo = process.env.SUMUN_DEMO ?? resolve("../target/debug/sumun-demo");
  const found = process.env.SUMUN_BINARY ?? join(dirname(demo), "sumun");
  if (!existsSync(found)) throw new Error(`${found} is not built: cargo build --bin sumun`);
  return found;
}

/** Nothing of this shell configures it. */
const bare = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SUMUN_")));

function found(folder: string, exchange: Exchange): Record<string, string> {
  writeFileSync(join(folder, "sumun.toml"), CONFIGURATION);
  const [admin, second] = FOUNDERS;
  const made = spawnSync(program(), ["init", "--admin", admin, "--second", second, "--json"], {
    cwd: folder,
    env: bare(),
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`sumun init: ${made.stderr}`);
  const venue = readFileSync(join(folder, "venue.toml"), "utf8");
  if (!venue.includes(SECTION)) throw new Error("venue.toml has no section for the exchange's keys");
  writeFileSync(join(folder, "venue.toml"), venue.replace(SECTION, `${SECTION}${exchange.line}\n`));
  const { invites } = JSON.parse(made.stdout) as { invites: { user: string; invite: string }[] };
  return Object.fromEntries(invites.map(({ user, invite }) => [user, invite]));
}

/** Opens it; resolves with where it listens, which is the first line it prints. */
function serve(folder: string): Promise<[ChildProcess, { govern: string; owner: string }]> {
  const child = spawn(program(), ["serve"], { cwd: folder, env: bare(), stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stderr?.on("data", (text) => {
    err += text;
  });
  return new Promise((good, bad) => {
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      bad(new Error(`sumun serve does not say where it listens:\n${err}`));
    }, STARTS_WITHIN_MS);
    child.on("exit", (code) => bad(new Error(`sumun serve ended (${code}):\n${err}`)));
    child.stdout?.on("data", (text) => {
      out += text;
      if (!out.includes("\n")) return;
      clearTimeout(late);
      good([child, JSON.parse(out.slice(0, out.indexOf("\n"))).ready]);
    });
  });
}

/** One of the founders: the invite accepted with password and authenticator. */
async function enrolled(rest: Rest, user: string, invite: string, codes: string): Promise<Omit<Person, "cookies">> {
  const password = "nine made-up cranes over the weir";
  const begun = await rest.must("POST", "/v1/enrolments", { invite, password });
  const secret = new URL(begun.otpauth).searchParams.get("secret") ?? "";
  const totp = await freshCode(secret, codes);
  const { session } = await rest.must("POST", "/v1/enrolments/confirm", { invite, totp });
  return { user, role: "security_admin", password, secret, token: session.token };
}

export async function openHouse(): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), "sumun-house-"));
  const exchange = new Exchange();
  const invites = found(folder, exchange);
  const [child, listens] = await serve(folder);
  const stop = async () => {
    const ended = child.exitCode === null ? new Promise((good) => child.once("exit", good)) : Promise.resolve();
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const at = (listener: string) => `http://localhost:${listener.split(":").at(-1)}`;
    const origin = at(listens.govern);
    const rest = new Rest(origin);
    const codes = join(folder, "codes.json");
    const [admin, second] = FOUNDERS;
    const first = await enrolled(rest, admin, invites[admin] ?? "", codes);
    const other = await enrolled(rest, second, invites[second] ?? "", codes);
    const cookies = await keepCookie(origin, first, join(folder, `${admin}.json`), codes);
    return {
      console: origin,
      owner: at(listens.owner),
      cookies,
      admit: () => customer(rest.as(first.token), rest.as(other.token)),
      assertion: () => exchange.assertion(AUDIENCE, CUSTOMER.customer, CUSTOMER.person),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One customer whom the exchange has told of, by a token that it needs for that. */
async function customer(admin: Rest, second: Rest): Promise<void> {
  const expires = new Date(Date.now() + 30 * 86_400_000).toISOString();
  const made = await admin.must("POST", "/v1/tokens", { name: "exchange-back-end", roles: ["exchange_backend"], expires });
  if (made.result.approval !== null) {
    const reason = "거래소 연동 문서 확인 (가상)";
    await second.must("POST", `/v1/approvals/${made.result.approval}/decide`, { decision: "approve", reason });
  }
  const exchange = admin.as(made.result.secret);
  const { customer, person, account, operator } = CUSTOMER;
  await exchange.must("PUT", `/v1/customers/${customer}`, { segment: "retail", country: "KR" });
  await exchange.must("PUT", `/v1/persons/${person}`, {
    customer,
    role: "owner",
    name: "가온 (가상 인물)",
    email: "gaon@example.test",
  });
  await exchange.must("PUT", `/v1/operators/${operator}`, { kind: "owner", customer });
  await exchange.must("PUT", `/v1/accounts/${account}`, { customer, person, segment: "retail", country: "KR", owner: operator });
}
