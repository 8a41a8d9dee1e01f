// The REST API, typed by its own OpenAPI document. Signed in by a cookie that no script can read; a write says where it comes from
// by `Origin`, which the browser adds; a read that nobody waits for says so, so that a page left open keeps no session alive.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type ProblemDocument = Schemas["ProblemDocument"];

export const api = createClient<paths>({ credentials: "same-origin", headers: { Accept: "application/json" } });

/** Whoever did nothing for so long may have gone. */
const ATTENDED_MS = 60_000;
let attended = Date.now();
for (const act of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  window.addEventListener(
    act,
    () => {
      attended = Date.now();
    },
    { capture: true, passive: true },
  );
}
api.use({
  onRequest({ request }) {
    if (request.method === "GET" && Date.now() - attended > ATTENDED_MS) request.headers.set("Sumun-Unattended", "1");
    return request;
  },
});

/** A no of the server, or that it did not answer at all. */
export class Problem extends Error {
  constructor(
    readonly document: ProblemDocument,
    readonly retryAfterS: number | null = null,
  ) {
    super(document.detail);
    this.name = "Problem";
  }
  get code(): string {
    return this.document.code;
  }
  get status(): number {
    return this.document.status;
  }
}

/** The code of a problem that was made here: no answer came. */
export const UNREACHABLE = "unreachable";

/** The code of a problem that was made here: somebody was asked for a fresh second factor, and went back instead. */
export const CANCELLED = "cancelled";

/** He went back: nothing was done, and there is nothing to say about it. */
export function cancelled(asked: Problem): Problem {
  return new Problem({ ...asked.document, code: CANCELLED });
}

function unreachable(): Problem {
  return new Problem({
    type: `urn:sumun:problem:${UNREACHABLE}`,
    title: "No answer",
    status: 503,
    detail: "The server does not answer.",
    code: UNREACHABLE,
    remedy: "Nothing was lost here; this page asks again by itself.",
    instance: "",
  });
}

function isProblem(body: unknown): body is ProblemDocument {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}

/** The body of a good answer. Throws a {@link Problem} for every other. */
export async function good<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer: { data?: T; error?: unknown; response: Response };
  try {
    answer = await asked;
  } catch {
    throw unreachable();
  }
  const { data, error, response } = answer;
  if (response.ok) return data as T;
  const retry = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  if (isProblem(error)) throw new Problem(error, Number.isNaN(retry) ? null : retry);
  if (response.status >= 502) throw unreachable();
  throw new Problem({
    type: "urn:sumun:problem:unreadable",
    title: "Unreadable answer",
    status: response.status,
    detail: `The server answered ${response.status} in words that are not its own.`,
    code: "unreadable",
    remedy: "Look at what stands between this browser and the server.",
    instance: "",
  });
}
