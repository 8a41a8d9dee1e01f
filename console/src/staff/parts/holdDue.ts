// How long a hold of staff may wait for its review, as the venue's facts have it: in hours, or in minutes where days are played short.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Times that somebody would choose, the shortest first. */
const ROUND_MS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 6, 12, 24, 48].map((hours) => hours * HOUR_MS),
  ...[7, 14].map((days) => days * DAY_MS),
];
/** How many of them are offered. */
const OFFERED = 3;

export type HoldClocks = { hold_due_hours?: number; hold_due_minutes?: number };

/** The longest, in milliseconds; null where the facts do not say. */
export function longestHold(clocks: HoldClocks | undefined): number | null {
  if (clocks?.hold_due_minutes !== undefined) return clocks.hold_due_minutes * MINUTE_MS;
  return clocks?.hold_due_hours === undefined ? null : clocks.hold_due_hours * HOUR_MS;
}

/** Shorter times to choose from: none that the server would refuse. */
export function shorterHolds(longest: number | null): readonly number[] {
  return longest === null ? [] : ROUND_MS.filter((ms) => ms < longest).slice(-OFFERED);
}
