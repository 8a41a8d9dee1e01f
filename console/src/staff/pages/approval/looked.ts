// For how long somebody has had one approval in front of him: the time in which the page could be seen, reloads of the tab included. The server
// takes an instant and counts from there to the decision, so what is sent is that instant, and what is shown is what it will count. Decides nothing.
import { useEffect, useState } from "react";

const EVERY_MS = 1_000;
/** A round that came later than this was slept through: nobody looked meanwhile. */
const SLEPT_MS = 5_000;

const nameOf = (principal: string, approval: string) => `sumun.looked.${principal}.${approval}`;

/** What was looked before this opening of the page. */
function kept(name: string): number {
  try {
    const ms = Number(window.sessionStorage.getItem(name) ?? 0);
    return Number.isFinite(ms) && ms > 0 ? ms : 0;
  } catch {
    return 0;
  }
}

function keep(name: string, ms: number): void {
  try {
    window.sessionStorage.setItem(name, String(ms));
  } catch {
    // A browser that keeps nothing counts from the last opening on: less than it was, never more.
  }
}

/** Milliseconds so far. */
export function useLooked(principal: string, approval: string): number {
  const name = nameOf(principal, approval);
  const [ms, setMs] = useState(() => kept(name));
  useEffect(() => {
    let sum = kept(name);
    let last = Date.now();
    let seen = document.visibilityState === "visible";
    const note = () => {
      const now = Date.now();
      const since = now - last;
      if (seen && since > 0 && since < SLEPT_MS) {
        sum += since;
        keep(name, sum);
        setMs(sum);
      }
      last = now;
      seen = document.visibilityState === "visible";
    };
    const timer = window.setInterval(note, EVERY_MS);
    document.addEventListener("visibilitychange", note);
    window.addEventListener("pagehide", note);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", note);
      window.removeEventListener("pagehide", note);
      note();
    };
  }, [name]);
  return ms;
}

/** When the looking began, had it been at a stretch, by the server's clock: `server` is an answer's own time, `heardMs` when it came in. A
 * browser whose clock is ahead is put right; what is sent is never still to come, nor before the request itself. */
export function lookedSince(lookedMs: number, nowMs: number, server: string, heardMs: number, requested: string): string {
  const ahead = Math.min(Date.parse(server) - heardMs, 0);
  const at = Math.max(Math.ceil(nowMs - lookedMs + ahead), Date.parse(requested) + 1);
  return new Date(at).toISOString();
}
