// Reads the text of a checkpoint: name, size and root in its first three lines. Whether it is signed well is for the verifier, which does
// not run in a page that the same server sent.

export type Checkpoint = { origin: string; size: number; root: string; text: string };

export function readCheckpoint(text: string): Checkpoint {
  const [origin = "", size = "", root = ""] = text.split("\n");
  return { origin, size: Number.parseInt(size, 10) || 0, root, text };
}

export const PAGE = 100;

/** What to ask for so that the entries before `before` come, `PAGE` at a time. `after` is absent where it begins at the first. */
export function pageBefore(before: number): { after?: number; limit: number } {
  const from = Math.max(0, before - PAGE);
  const limit = Math.max(1, before - from);
  return from === 0 ? { limit } : { after: from - 1, limit };
}
