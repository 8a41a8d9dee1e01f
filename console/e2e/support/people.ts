// Staff of the tests' own, one for each role: invited by one administrator of the demo, agreed to by the other, enrolled as anybody would.
// The demo's people act at the same time, and a code of an authenticator works once.
import { writeFileSync } from "node:fs";
import { type APIRequestContext, request } from "@playwright/test";
import type { Rest } from "./rest";
import { freshCode } from "./totp";

export const ROLES = ["viewer", "analyst", "approver", "compliance_lead", "security_admin", "auditor", "support"] as const;
export type Role = (typeof ROLES)[number];

/** Who they are: made up, as everybody in the demo. */
export const NAMES: Readonly<Record<Role, readonly [user: string, name: string]>> = {
  viewer: ["nari", "나리 (가상 인물)"],
  analyst: ["dami", "다미 (가상 인물)"],
  approver: ["woori", "우리 (가상 인물)"],
  compliance_lead: ["haneul", "하늘 (가상 인물)"],
  security_admin: ["boram", "보람 (가상 인물)"],
  auditor: ["saebom", "새봄 (가상 인물)"],
  support: ["maru", "마루 (가상 인물)"],
};
/** Why whoever agrees to a newcomer or a token does. */
export const WELCOME = "입사 서류와 맡을 일을 확인했습니다. (가상)";
export const WANTED = "연동 계획서를 확인했습니다. (가상)";

export type Person = { user: string; role: Role; password: string; secret: string; token: string; cookies: string };

/** Who else signs in as him takes codes too: so often another one is tried. */
const ATTEMPTS = 4;

/** A session of somebody who has password and authenticator; for calls, not for a browser. */
export async function tokenOf(rest: Rest, user: string, password: string, secret: string, codes: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await rest.ask("POST", "/v1/sessions", { user, password, totp: await freshCode(secret, codes) });
    if (answer.status < 300) return (answer.body as { token: string }).token;
    if (attempt === ATTEMPTS) throw new Error(`${user} cannot sign in: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}

/** Somebody new: invited by `admin`, agreed to by `second`, enrolled. */
export async function enrol(admin: Rest, second: Rest, role: Role, codes: string): Promise<Omit<Person, "cookies">> {
  const [user, name] = NAMES[role];
  const invited = (await admin.must("POST", "/v1/users", { user, name, roles: [role] })).result;
  const password = "eight made-up herons stood in the river";
  const begun = await admin.must("POST", "/v1/enrolments", { invite: invited.invite, password });
  const secret = new URL(begun.otpauth).searchParams.get("secret") ?? "";
  const confirmed = await admin.must("POST", "/v1/enrolments/confirm", {
    invite: invited.invite,
    totp: await freshCode(secret, codes),
  });
  if (invited.approval !== null) {
    await second.must("POST", `/v1/approvals/${invited.approval}/decide`, {
      decision: "approve",
      reason: WELCOME,
    });
  }
  return { user, role, password, secret, token: confirmed.session.token };
}

/** Signs in as a browser does and keeps the cookie in a file that contexts start from. */
export async function keepCookie(origin: string, person: Omit<Person, "cookies">, file: string, codes: string): Promise<string> {
  const browser: APIRequestContext = await request.newContext({ baseURL: origin, extraHTTPHeaders: { origin } });
  const totp = await freshCode(person.secret, codes);
  const answer = await browser.post("/v1/sessions", {
    data: { user: person.user, password: person.password, totp, keep: "cookie" },
  });
  if (!answer.ok()) throw new Error(`${person.user} cannot sign in: ${answer.status()} ${await answer.text()}`);
  writeFileSync(file, JSON.stringify(await browser.storageState()));
  await browser.dispose();
  return file;
}
