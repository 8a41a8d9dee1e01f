// What the start leaves for the tests: where the demo is, who there is. One file, named by an environment variable.
import { readFileSync } from "node:fs";
import type { Person, Role } from "./people";

export type World = {
  /** Where the console, the owner's page, the desk and the gate are. */
  console: string;
  owner: string;
  desk: string;
  gate: string;
  /** The demo's process, and its control plane's. */
  pids: { demo: number; serve: number };
  /** The demo's owners with their links; the one played by hand comes first. */
  owners: {
    customer: string;
    account: string;
    name: string;
    guided: boolean;
    link: string;
    keys: { key: string; truth: string }[];
  }[];
  people: Record<Role, Person>;
  /** Which step of which authenticator was used last. */
  codes: string;
  /** A token of the exchange's back end, for facts that only an exchange enters. */
  backEnd: string;
};

const FILE = "SUMUN_E2E_WORLD";

export function tell(file: string): void {
  process.env[FILE] = file;
}

export function world(): World {
  const file = process.env[FILE];
  if (file === undefined) throw new Error("the tests were started without support/start.ts");
  return JSON.parse(readFileSync(file, "utf8")) as World;
}
