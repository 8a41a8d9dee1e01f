// The REST API as a program calls it: for what a test needs to be there before a page shows it.
import { randomUUID } from "node:crypto";
import { tokenOf } from "./people";
import { world } from "./world";

/** Sessions end unused, and second factors grow old: on a slow machine both within a run. What a token was replaced with. */
const renewed = new Map<string, string>();

export class Rest {
  constructor(
    readonly origin: string,
    readonly token: string | null = null,
  ) {}

  as(token: string): Rest {
    return new Rest(this.origin, token);
  }

  /** Status and body; never throws for a refusal. */
  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; headers: Headers; body: unknown }> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (this.token !== null) headers.authorization = `Bearer ${renewed.get(this.token) ?? this.token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    if (method !== "GET") headers["idempotency-key"] = randomUUID();
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Not every answer is JSON.
    }
    return { status: response.status, headers: response.headers, body: parsed };
  }

  /** The body of a good answer. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the caller's to know
  async must(method: string, path: string, body?: unknown): Promise<any> {
    let answer = await this.ask(method, path, body);
    if (answer.status === 401 && (await this.renew())) answer = await this.ask(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Signs in anew whoever this token was given to at the start, if it was somebody of the house. */
  private async renew(): Promise<boolean> {
    const { people, codes } = world();
    const person = Object.values(people).find(({ token }) => token === this.token);
    if (person === undefined || this.token === null) return false;
    const nobody = new Rest(this.origin);
    renewed.set(this.token, await tokenOf(nobody, person.user, person.password, person.secret, codes));
    return true;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the shape is the caller's to know
  async items(path: string): Promise<any[]> {
    return (await this.must("GET", path)).items;
  }
}
