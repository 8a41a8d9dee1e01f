// Whether what is shown can still be renewed: the live line, and every read that a page holds. Knows nothing of why.
import { type Query, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Problem, UNREACHABLE } from "./client";
import type { LiveState } from "./live";

const unanswered = (error: unknown): boolean => error instanceof Problem && error.code === UNREACHABLE;

/** Whether some read that a page holds got no answer when it was last asked. One that is asked again still counts until an answer comes. */
function useUnanswered(): boolean {
  const client = useQueryClient();
  const [some, setSome] = useState(false);
  useEffect(() => {
    const without = new Set<Query>();
    return client.getQueryCache().subscribe((event) => {
      if (event.type === "removed") without.delete(event.query);
      else if (event.type === "updated") {
        const { action } = event;
        if (action.type === "success" && !action.manual) without.delete(event.query);
        // An error that is no loss is an answer.
        if (action.type === "failed" || action.type === "error") {
          if (unanswered(action.error)) without.add(event.query);
          else without.delete(event.query);
        }
      } else if (event.type !== "observerRemoved") return;
      setSome([...without].some((query) => query.getObserversCount() > 0));
    });
  }, [client]);
  return some;
}

/** Since when what is shown is not renewed; null while it is, and while a line is joined for the first time. */
export function useLostSince(live: LiveState): number | null {
  const unread = useUnanswered();
  const since = useRef<number | null>(null);
  if (live === "lost" || unread) since.current ??= Date.now();
  else since.current = null;
  return since.current;
}
