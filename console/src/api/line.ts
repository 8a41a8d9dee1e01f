// The one line to `GET /v1/live` that all tabs of a browser share. A browser has six lines to a host, for everything: seven windows that each
// kept one of them would leave none to ask with. Whoever holds the lock holds the line and tells the others what it says. Knows nothing of
// what a message means.
// Where a page has no locks (plain HTTP to another machine than this), each tab has its own line.

/** `anew`: it was opened just now, and what happened before that was not told; else it has been open for long. `refused`: the browser gave it up. */
export type Said = { is: "open"; anew: boolean } | { is: "lost"; refused: boolean } | { is: "changed"; data: string };
/** What tabs say to each other: also that one has come and asks how the line is. */
type Told = Said | { is: "how" };

/** A line that the browser gave up (it does, on any answer but a good one) is tried again after so long. */
const AGAIN_AFTER_MS = 5_000;

function toldBy(data: unknown): Told | null {
  if (typeof data !== "object" || data === null || !("is" in data)) return null;
  if (data.is === "how") return { is: "how" };
  if (data.is === "lost") return { is: "lost", refused: "refused" in data && data.refused === true };
  if (data.is === "open") return { is: "open", anew: "anew" in data && data.anew === true };
  if (data.is === "changed" && "data" in data && typeof data.data === "string") return { is: "changed", data: data.data };
  return null;
}

/** Keeps a line open by itself, and tries again when it is given up. Ends by what it returns. */
function open(url: string, say: (said: Said) => void): () => void {
  let source: EventSource | undefined;
  let again: number | undefined;
  const join = () => {
    again = undefined;
    source = new EventSource(url, { withCredentials: true });
    source.addEventListener("open", () => say({ is: "open", anew: true }));
    source.addEventListener("error", () => {
      const refused = source?.readyState === EventSource.CLOSED;
      say({ is: "lost", refused });
      if (refused) again = window.setTimeout(join, AGAIN_AFTER_MS);
    });
    source.addEventListener("changed", (event) => say({ is: "changed", data: (event as MessageEvent<string>).data }));
  };
  join();
  return () => {
    source?.close();
    window.clearTimeout(again);
  };
}

/** Follows `url`, by a line of its own or another tab's, until what it returns is called. */
export function follow(url: string, say: (said: Said) => void): () => void {
  // Typed as always there; it is not where a page is not trusted.
  const locks = navigator.locks as LockManager | undefined | null;
  if (!locks) return open(url, say);
  const name = `live ${url}`;
  const others = new BroadcastChannel(name);
  const over = new AbortController();
  let holds = false;
  let last: Said | null = null;
  others.addEventListener("message", (event: MessageEvent<unknown>) => {
    const told = toldBy(event.data);
    if (told === null || over.signal.aborted) return;
    if (told.is === "how") {
      if (holds && last !== null) others.postMessage(last);
    } else if (!holds) say(told);
  });
  const held = (): Promise<void> => {
    if (over.signal.aborted) return Promise.resolve();
    holds = true;
    const close = open(url, (said) => {
      if (said.is !== "changed") last = said.is === "open" ? { is: "open", anew: false } : said;
      say(said);
      others.postMessage(said);
    });
    return new Promise((done) => {
      over.signal.addEventListener("abort", () => {
        close();
        done();
      });
    });
  };
  // Refused only by our own end, while it still waited.
  locks.request(name, { signal: over.signal }, held).catch(() => undefined);
  others.postMessage({ is: "how" } satisfies Told);
  return () => {
    over.abort();
    others.close();
  };
}
