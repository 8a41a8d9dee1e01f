// When an approval was decided, and the order that follows.
import type { Approval } from "../../parts/shapes";

/** When it was decided: its last decision; what lapsed did so when it was due, and of what was withdrawn only the asking is known. */
export function decidedAt(of: Approval): string {
  const last = of.decisions
    .map((one) => one.at)
    .toSorted()
    .at(-1);
  return last ?? (of.state === "lapsed" ? of.due : of.requested);
}

/** The newest decision first. */
export function newestFirst(of: readonly Approval[]): Approval[] {
  return of.toSorted((one, other) => decidedAt(other).localeCompare(decidedAt(one)));
}
