// Where somebody was and what he had typed, over a visit at the exchange. The exchange returns him to `/`, perhaps in another tab, so the
// place is kept in the browser for a quarter of an hour and used once; what was typed stays in its tab. Never kept: a secret.
import { useCallback, useState } from "react";

const PLACE = "sumun.owner.place";
const KEPT_MS = 15 * 60_000;

export function keepPlace() {
  const path = window.location.pathname + window.location.search;
  if (path !== "/") window.localStorage.setItem(PLACE, JSON.stringify({ path, at: Date.now() }));
}

/** He stayed, or went elsewhere himself: nothing to return to. */
export function dropPlace() {
  window.localStorage.removeItem(PLACE);
}

/** The kept place, once. Only ever an address of this page. */
export function takePlace(): string | null {
  const text = window.localStorage.getItem(PLACE);
  window.localStorage.removeItem(PLACE);
  if (text === null) return null;
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== "object" || kept === null || !("path" in kept) || !("at" in kept)) return null;
    const { path, at } = kept;
    const fresh = typeof at === "number" && Date.now() - at < KEPT_MS;
    return fresh && typeof path === "string" && /^\/(?![/\\])/.test(path) ? path : null;
  } catch {
    return null;
  }
}

const DRAFT = "sumun.owner.draft.";

/** A value of a form that is still there after a visit at the exchange. `drop` forgets it, once it was sent. */
export function useKept<V>(name: string, first: V): [V, (value: V) => void, () => void] {
  const [value, setValue] = useState<V>(() => {
    const text = window.sessionStorage.getItem(DRAFT + name);
    if (text === null) return first;
    try {
      return JSON.parse(text) as V;
    } catch {
      return first;
    }
  });
  const set = useCallback(
    (next: V) => {
      setValue(next);
      window.sessionStorage.setItem(DRAFT + name, JSON.stringify(next));
    },
    [name],
  );
  const drop = useCallback(() => window.sessionStorage.removeItem(DRAFT + name), [name]);
  return [value, set, drop];
}
