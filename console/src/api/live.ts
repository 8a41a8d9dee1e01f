// What changed, as the server says it: stale reads are asked anew. Nothing of a message is kept but its count, so that a day of messages
// takes no more room than a minute. A tab that nobody sees does not follow: a browser has six lines to a host, for all its tabs and for
// whatever they ask, and tabs that kept theirs would leave none.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

export type LiveState = "joining" | "live" | "lost";

/** Asked anew at most so often, whatever comes. */
const AT_MOST_EVERY_MS = 1_000;
/** A line that the browser gave up (it does, on any answer but a good one) is tried again after so long. */
const AGAIN_AFTER_MS = 5_000;

type Changed = { kinds: string[] };

function kindsOf(text: string): string[] {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === "object" && said !== null && "kinds" in said ? (said as Changed).kinds : [];
  } catch {
    return [];
  }
}

/** Follows `GET /v1/live` while the page is open, for whoever `may`. A message's `kinds` are first words of query keys. */
export function useLive(may = true, url = "/v1/live"): LiveState {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>("joining");
  useEffect(() => {
    if (!may) return;
    const stale = new Set<string>();
    let timer: number | undefined;
    const renew = () => {
      timer = undefined;
      for (const kind of stale) void client.invalidateQueries({ queryKey: [kind] }, { cancelRefetch: false });
      stale.clear();
    };
    let source: EventSource | undefined;
    let again: number | undefined;
    let missed = document.visibilityState === "hidden";
    const join = () => {
      again = undefined;
      source = new EventSource(url, { withCredentials: true });
      source.addEventListener("open", () => {
        // What happened while the line was cut is not told again: everything shown may be stale.
        if (missed) void client.invalidateQueries();
        missed = false;
        setState("live");
      });
      source.addEventListener("error", () => {
        missed = true;
        setState("lost");
        if (source?.readyState !== EventSource.CLOSED) return;
        // Perhaps nobody is signed in any more: then the form comes at once, and not with the next round of asking.
        void client.invalidateQueries({ queryKey: ["sessions"] });
        again = window.setTimeout(join, AGAIN_AFTER_MS);
      });
      source.addEventListener("changed", (event) => {
        for (const kind of kindsOf((event as MessageEvent<string>).data)) stale.add(kind);
        timer ??= window.setTimeout(renew, AT_MOST_EVERY_MS);
      });
    };
    const leave = () => {
      source?.close();
      source = undefined;
      window.clearTimeout(again);
      again = undefined;
    };
    const seen = () => {
      if (document.visibilityState === "hidden") {
        leave();
        missed = true;
        setState("joining");
      } else if (source === undefined) join();
    };
    document.addEventListener("visibilitychange", seen);
    if (document.visibilityState !== "hidden") join();
    return () => {
      document.removeEventListener("visibilitychange", seen);
      leave();
      window.clearTimeout(timer);
    };
  }, [client, may, url]);
  return state;
}
