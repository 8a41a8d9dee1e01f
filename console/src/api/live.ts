// What changed, as the server says it: stale reads are asked anew. Nothing of a message is kept but its count, so that a day of messages
// takes no more room than a minute. A tab that nobody sees does not follow; those that are seen share one line (`line.ts`).
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { follow, type Said } from "./line";

export type LiveState = "joining" | "live" | "lost";

/** Asked anew at most so often, whatever comes. */
const AT_MOST_EVERY_MS = 1_000;

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
    let leave: (() => void) | undefined;
    let heard = false;
    let missed = document.visibilityState === "hidden";
    const hear = (said: Said) => {
      if (said.is === "changed") {
        for (const kind of kindsOf(said.data)) stale.add(kind);
        timer ??= window.setTimeout(renew, AT_MOST_EVERY_MS);
      } else if (said.is === "open") {
        // What happened while the line was cut, or between two tabs that held it, is not told again: everything shown may be stale.
        if (missed || (said.anew && heard)) void client.invalidateQueries();
        missed = false;
        heard = true;
        setState("live");
      } else {
        missed = true;
        setState("lost");
        // Perhaps nobody is signed in any more: then the form comes at once, and not with the next round of asking.
        if (said.refused) void client.invalidateQueries({ queryKey: ["sessions"] });
      }
    };
    const seen = () => {
      if (document.visibilityState === "hidden") {
        leave?.();
        leave = undefined;
        missed = true;
        setState("joining");
      } else leave ??= follow(url, hear);
    };
    document.addEventListener("visibilitychange", seen);
    seen();
    return () => {
      document.removeEventListener("visibilitychange", seen);
      leave?.();
      window.clearTimeout(timer);
    };
  }, [client, may, url]);
  return state;
}
