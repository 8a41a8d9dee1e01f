// What the leaf of an entry tells to everybody who may have its proof: kind and time, and nothing of what the entry says.

/** Kind of an entry, and when it was sequenced, in UTC. */
export type Told = { class: string; sequenced: string };

/** From the text of a proof, which has the leaf as its extra data; null where it has none of this form. */
export function leafOf(proof: string): Told | null {
  const extra = /^extra ([A-Za-z0-9+/=]+)$/m.exec(proof)?.[1];
  if (extra === undefined) return null;
  const [version, cls, micros] = window.atob(extra).split("\n");
  const at = new Date(Number(micros) / 1_000);
  if (version !== "sumun-leaf/v1" || cls === undefined || Number.isNaN(at.getTime())) return null;
  // As the tool writes it: whole to the microsecond.
  const rest = String(Number(micros) % 1_000).padStart(3, "0");
  return { class: cls, sequenced: at.toISOString().replace("Z", `${rest}Z`) };
}
