// The codes of an authenticator (RFC 6238: SHA-1, six digits, thirty seconds). A code works once, so that which step was used last is kept
// in a file that all tests of a run share.
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const STEP_S = 30;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function bytesOf(base32: string): Buffer {
  let bits = "";
  for (const letter of base32.replace(/=+$/, "")) bits += LETTERS.indexOf(letter.toUpperCase()).toString(2).padStart(5, "0");
  const whole = bits.match(/.{8}/g) ?? [];
  return Buffer.from(whole.map((eight) => Number.parseInt(eight, 2)));
}

export function codeAt(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", bytesOf(secret)).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 15;
  return ((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).toString().padStart(6, "0");
}

/** A code nobody used yet: the present one, else the next, which is taken a step early, else after a wait for it. */
export async function freshCode(secret: string, keptIn: string): Promise<string> {
  let used: Record<string, number> = {};
  try {
    used = JSON.parse(readFileSync(keptIn, "utf8"));
  } catch {
    // Nothing was used yet.
  }
  const now = () => Math.floor(Date.now() / 1_000 / STEP_S);
  const step = Math.max(now(), (used[secret] ?? 0) + 1);
  while (step > now() + 1) await pause(500);
  writeFileSync(keptIn, JSON.stringify({ ...used, [secret]: step }));
  return codeAt(secret, step);
}
