// A record in parts, one after the other: what is told to come again later is waited for, and what failed for good is gone on from. Knows
// nothing of pages and files.
import { Problem } from "../../../api/client";

export type Part = { text: string; next: string | null };
/** Where it stands: so many parts are saved, and the next begins after this. */
export type Place = { saved: number; after: string | null };

export const START: Place = { saved: 0, after: null };

/** Parts of a hundred keys each: nobody has more. */
const PARTS_MAX = 50;
/** So often one part is asked for. */
const TRIES_MAX = 6;
/** Where the server does not say how long to wait; and no longer than that, whatever it says. */
const WAIT_S = 3;
const WAIT_MAX_S = 60;

/** After how many seconds the same may do better; null: never by waiting. */
export function waits(error: unknown): number | null {
  if (!(error instanceof Problem) || (error.status !== 429 && error.status !== 503)) return null;
  return Math.min(Math.max(error.retryAfterS ?? WAIT_S, 1), WAIT_MAX_S);
}

/** Takes all parts from `from` on; how many there are. `at` is told of each that is saved, so that another try goes on from there. */
export async function takeParts(
  from: Place,
  does: {
    ask: (after: string | null) => Promise<Part>;
    save: (text: string, part: number) => void;
    at: (place: Place) => void;
    /** This part is waited for, so many seconds; null: not any more. */
    waits: (part: number, seconds: number | null) => void;
    pause: (ms: number) => Promise<void>;
  },
): Promise<number> {
  let place = from;
  for (;;) {
    const number = place.saved + 1;
    const { text, next } = await patient(number, place.after);
    does.save(text, number);
    if (next === null || number >= PARTS_MAX) return number;
    place = { saved: number, after: next };
    does.at(place);
  }

  async function patient(number: number, after: string | null): Promise<Part> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await does.ask(after);
      } catch (error) {
        const seconds = waits(error);
        if (seconds === null || tried >= TRIES_MAX) throw error;
        does.waits(number, seconds);
        await does.pause(seconds * 1_000);
        does.waits(number, null);
      }
    }
  }
}
