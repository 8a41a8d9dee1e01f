// What changed, as the server says it: stale reads are asked anew. Nothing of a message is kept but its count, so that a day of messages
// takes no more room than a minute.
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

/** Follows `GET /v1/live` while the page is open. A message's `kinds` are first words of query keys. */
export function useLive(url = "/v1/live"): LiveState {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>("joining");
  useEffect(() => {
    const stale = new Set<string>();
    let timer: number | undefined;
    const renew = () => {
      timer = undefined;
      for (const kind of stale) void client.invalidateQueries({ queryKey: [kind] }, { cancelRefetch: false });
      stale.clear();
    };
    let source: EventSource | undefined;
    let again: number | undefined;
    const join = () => {
      source = new EventSource(url, { withCredentials: true });
      source.addEventListener("open", () => {
        setState((before) => {
          // What happened while the line was cut is not told again: everything shown may be stale.
          if (before === "lost") void client.invalidateQueries();
          return "live";
        });
      });
      source.addEventListener("error", () => {
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
    join();
    return () => {
      source?.close();
      window.clearTimeout(timer);
      window.clearTimeout(again);
    };
  }, [client, url]);
  return state;
}
