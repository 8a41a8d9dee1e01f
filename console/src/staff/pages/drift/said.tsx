// What each side says of an attribute, as people read it.
import type { Schemas } from "../../../api/client";
import { useLang, useWords } from "../../../i18n/lang";
import { Time } from "../../../ui/basics";
import { keyStateWords } from "../../../ui/measure";
import { scopeWords, word } from "../../parts/words";
import { driftWords } from "./words";

export type DriftItem = Schemas["DriftItemView"];
export const KINDS = ["dead_here_alive_there", "alive_here_dead_there", "differs", "unknown_here", "unknown_there"] as const;
export type Kind = (typeof KINDS)[number];

/** One side's word. `there`: of the exchange, which may have left the state out of what it told. */
export function Side({ of, there = false }: { of: DriftItem; there?: boolean }) {
  const w = useWords(driftWords);
  const states = useWords(keyStateWords) as Record<string, unknown>;
  const scopes = useWords(scopeWords) as Record<string, unknown>;
  const { lang } = useLang();
  const value = there ? of.there : of.here;
  if (value === null || value === undefined) {
    // A state that was not told counts as living: the key is there all the same.
    const silent = there && of.attribute === "state" && of.kind !== "unknown_there";
    return <span className="muted">{silent ? w.notSaid : w.absent}</span>;
  }
  if (value === "gone") return w.gone;
  if (typeof value === "string") {
    if (of.attribute === "state") return word(states, value);
    if (of.attribute === "expires") return <Time at={value} full />;
    return <span className="mono">{value}</span>;
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return w.absent;
    const texts = value.map((one) => (of.attribute === "scopes" ? word(scopes, String(one)) : String(one)));
    return of.attribute === "scopes" ? texts.join(", ") : <span className="mono">{texts.join(", ")}</span>;
  }
  return <code lang={lang === "ko" ? "en" : undefined}>{typeof value === "object" ? JSON.stringify(value) : String(value)}</code>;
}

/** What an attribute is called, and whose word counts for it. */
export function useDriftNames(): {
  attribute: (of: string) => string;
  authority: (of: string) => string;
  kind: (of: string) => string;
} {
  const w = useWords(driftWords) as unknown as Record<string, unknown>;
  return {
    attribute: (of) => (typeof w[`a_${of}`] === "string" ? String(w[`a_${of}`]) : word({}, of)),
    authority: (of) => (typeof w[`r_${of}`] === "string" ? String(w[`r_${of}`]) : word({}, of)),
    kind: (of) => word(w, of),
  };
}
