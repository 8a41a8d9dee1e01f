// What coverage comes to: numbers of keys by where they stand, added up as people ask for them.
import type { Schemas } from "../../../api/client";

export type Covered = { keys: number; states: Record<string, number> };

/** Who has not registered and still can, by where the key stands; the gravest last. */
export const BEHIND = ["not_told", "told", "window", "unreachable", "read_only"] as const;
export type BehindState = (typeof BEHIND)[number];

export const of = ({ states }: Covered, ...names: string[]): number => names.reduce((sum, name) => sum + (states[name] ?? 0), 0);

/** All segments together. */
export function together(view: Schemas["CoverageView"]): Covered {
  const states: Record<string, number> = {};
  for (const segment of view.segments) {
    for (const [state, count] of Object.entries(segment.states)) states[state] = (states[state] ?? 0) + count;
  }
  return { keys: view.keys, states };
}

/** The share registered of those that there still is something to ask about; null where there is none. */
export function share(covered: Covered): number | null {
  const asked = covered.keys - of(covered, "ended", "gone");
  return asked <= 0 ? null : of(covered, "enrolled") / asked;
}
