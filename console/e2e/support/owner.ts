// An owner as the exchange sends him: by a one-time link of the desk, which signs him in as his exchange would. And his programs, which sign
// real requests and send them to the gate from any address of the loopback network.
import { createHmac, randomUUID } from "node:crypto";
import { request as http } from "node:http";
import type { Page } from "@playwright/test";
import type { World } from "./world";

/** A fresh link for the owner who is played by hand. Each is used once. */
async function link(demo: World): Promise<string> {
  const desk = await (await fetch(demo.desk)).text();
  const found = /http:\/\/owner\.localhost:\d+\/enter\/\w+/.exec(desk);
  if (found === null) throw new Error("the desk offers no link for an owner");
  return found[0];
}

/** Comes in from the exchange: to his keys, with a second factor shown just now. By `his`, as another owner of the demo; once. */
export async function comeIn(page: Page, demo: World, his?: string): Promise<void> {
  await page.goto(his ?? (await link(demo)));
  await page.waitForURL(`${demo.owner}/**`);
}

/** A call of the owner's page's own, with his cookie: what a test needs beside the page. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is the caller's to know
export function asOwner(page: Page, method: string, path: string, body?: unknown): Promise<any> {
  return page.evaluate(
    async ([method, path, body, once]) => {
      const headers: Record<string, string> = { accept: "application/json", "idempotency-key": once };
      if (body !== undefined) headers["content-type"] = "application/json";
      const answer = await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    [method, path, body, randomUUID()] as const,
  );
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A signed request of a program: the exchange's own recipe, sent from `from`. Answers with the status. */
export function trade(
  demo: World,
  key: { access: string; secret: string },
  from: string,
  agent = "otter-bot/1.2",
): Promise<number> {
  const token = `${part({ alg: "HS512", typ: "JWT" })}.${part({ access_key: key.access, nonce: randomUUID() })}`;
  const signed = `${token}.${createHmac("sha512", key.secret).update(token).digest("base64url")}`;
  const gate = new URL(demo.gate);
  return new Promise((good, bad) => {
    const sent = http(
      {
        host: gate.hostname,
        port: gate.port,
        path: "/v1/accounts",
        localAddress: from,
        agent: false,
        headers: { authorization: `Bearer ${signed}`, "user-agent": agent },
      },
      (answer) => {
        answer.resume();
        answer.on("end", () => good(answer.statusCode ?? 0));
      },
    );
    sent.on("error", bad);
    sent.end();
  });
}
