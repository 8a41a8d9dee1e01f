// The REST API as a program calls it: for what a test needs to be there before a page shows it.
import { randomUUID } from "node:crypto";

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
    if (this.token !== null) headers.authorization = `Bearer ${this.token}`;
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
    const answer = await this.ask(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the shape is the caller's to know
  async items(path: string): Promise<any[]> {
    return (await this.must("GET", path)).items;
  }
}
