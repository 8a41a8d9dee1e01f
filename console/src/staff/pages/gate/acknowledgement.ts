// What a gate's acknowledgement says. It is read here and not verified: that takes the gate's key, and is done by whoever holds the record.

export type Acknowledged = { applied: string | null; signed: string | null; streams: number | null; keys: string[] };

const NOTHING: Acknowledged = { applied: null, signed: null, streams: null, keys: [] };

/** Reads the middle part of a JWS. What cannot be read says nothing. */
export function readAcknowledgement(jws: string): Acknowledged {
  const middle = jws.split(".")[1];
  if (middle === undefined) return NOTHING;
  try {
    const bytes = Uint8Array.from(atob(middle.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
    const said: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof said !== "object" || said === null) return NOTHING;
    const { applied_at, acknowledged_at, streams_closed, last_admitted } = said as Record<string, unknown>;
    return {
      applied: typeof applied_at === "string" ? applied_at : null,
      signed: typeof acknowledged_at === "string" ? acknowledged_at : null,
      streams: typeof streams_closed === "number" ? streams_closed : null,
      keys: Array.isArray(last_admitted)
        ? last_admitted.flatMap((one: unknown) =>
            typeof one === "object" && one !== null && "key" in one && typeof one.key === "string" ? [one.key] : [],
          )
        : [],
    };
  } catch {
    return NOTHING;
  }
}
