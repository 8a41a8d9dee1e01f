// Lists: a table whose first cell links to the thing, filters and pages that stand in the address.
import type { ReactNode } from "react";
import { useSearchParams } from "react-router";
import { useWords } from "../i18n/lang";
import { Button } from "./basics";
import { uiWords } from "./words";

export type Column<T> = { head: string; cell: (row: T) => ReactNode; number?: boolean };

export function Table<T>({
  caption,
  columns,
  rows,
  id,
}: {
  caption: string;
  columns: Column<T>[];
  rows: readonly T[];
  id: (row: T) => string;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table wider than the window is scrolled by keyboard too
    <section className="table-scroll" tabIndex={0} aria-label={caption}>
      <table className="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.head} scope="col" className={column.number ? "number" : undefined}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)}>
              {columns.map((column) => (
                <td key={column.head} className={column.number ? "number" : undefined}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A word of the address's query. Setting it goes back to the first page; an empty one is taken out. */
export function useFilter(name: string, fallback = ""): [string, (value: string) => void] {
  const [search, setSearch] = useSearchParams();
  const set = (value: string) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === "" || value === fallback) next.delete(name);
        else next.set(name, value);
        if (name !== "after") next.delete("after");
        return next;
      },
      { replace: name !== "after" },
    );
  return [search.get(name) ?? fallback, set];
}

/** Goes on with `next`, or back to the start. */
export function Pages({ next }: { next: string | null | undefined }) {
  const w = useWords(uiWords);
  const [after, setAfter] = useFilter("after");
  if (!next && after === "") return null;
  return (
    <nav className="row" aria-label={w.older}>
      {after === "" ? null : (
        <Button small onPress={() => setAfter("")}>
          {w.newest}
        </Button>
      )}
      {next ? (
        <Button small onPress={() => setAfter(next)}>
          {w.older}
        </Button>
      ) : null}
    </nav>
  );
}
