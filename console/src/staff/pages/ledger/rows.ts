// Rows of the list of entries. Assessments of keys come by the dozen and say little one by one: what stands one after another within a minute
// is one row that can be opened, so that decisions and changes can be seen among them.
import type { Schemas } from "../../../api/client";

export type Entry = Schemas["LedgerEntry"];
/** The newest of them first. */
export type Row = { entry: Entry; more: Entry[] };

const FOLDED = "key.assessed";
const minute = (at: string) => at.slice(0, 16);

/** `entries`: the newest first. `open`: the numbers of the rows that are opened. */
export function rowsOf(entries: readonly Entry[], open: ReadonlySet<number>): Row[] {
  const rows: Row[] = [];
  for (const entry of entries) {
    const last = rows.at(-1);
    const same =
      last?.entry.class === FOLDED && entry.class === FOLDED && minute(last.entry.sequenced) === minute(entry.sequenced);
    if (last !== undefined && same) last.more.push(entry);
    else rows.push({ entry, more: [] });
  }
  return rows.flatMap((row) =>
    row.more.some(({ index }) => open.has(index)) || open.has(row.entry.index)
      ? [row.entry, ...row.more].map((entry) => ({ entry, more: [] }))
      : [row],
  );
}
