// What happened to a key: measures, gates' receipts, and its entries in the ledger, newest first, each a link to its proof.
import { useState } from "react";
import { Link } from "react-router";
import { count, duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import type { Lang } from "../../../i18n/words";
import { Button, Card, Time } from "../../../ui/basics";
import { classText } from "../../../ui/classes";
import { Table } from "../../../ui/lists";
import { measureWords } from "../../../ui/measure";
import { Raw } from "../../../ui/raw";
import { Read } from "../../../ui/states";
import { reasonSaid } from "../../parts/reasonSaid";
import { useWho } from "../../parts/who";
import type { Entry, KeyReads } from "./reads";
import { keyWords } from "./words";

const TONES: Record<string, string> = {
  "key.expired": "expire",
  "key.rejected": "expire",
  "key.suspended": "hold",
  "key.held": "hold",
  "key.released": "good",
  "key.lifted": "good",
  "key.issued": "good",
  "measure.entered": "warn",
  "measure.proposed": "warn",
};
/** Whether a measure of the ladder ended the key with it. */
const isForcedEnd = (one: Entry) => one.class === "measure.entered" && one.state === "expired";

/** What an entry is called in a key's history: the measure that ended it by its own name. */
export const entryTitle = (lang: Lang, one: Entry): string =>
  isForcedEnd(one) ? measureWords[lang].expire : classText(lang, one.class);

/** So many are shown at first, and so many more each time. */
const SHOWN = 30;
const MORE = 100;

export function Receipts({ reads }: { reads: KeyReads }) {
  const w = useWords(keyWords);
  const { lang } = useLang();
  return (
    <Card title={w.receipts}>
      <Read query={reads.receipts}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">{w.noReceipts}</p>
          ) : (
            <div className="stack tight">
              <p className="muted">{w.receiptsText}</p>
              <Table
                caption={w.receipts}
                rows={items}
                id={(one) => `${one.receipt} ${one.entry}`}
                columns={[
                  {
                    head: w.change,
                    cell: (one) => (
                      <div>
                        <Link to={`/ledger/${one.entry}`}>{classText(lang, one.class)}</Link>
                        <div className="muted">
                          <Link to={`/gates/${encodeURIComponent(one.gate)}`}>{one.gate}</Link> ·{" "}
                          {w.took(duration(lang, Math.max(0, one.took_ms)))} · <Time at={one.received} />
                        </div>
                      </div>
                    ),
                  },
                ]}
              />
            </div>
          )
        }
      </Read>
    </Card>
  );
}

export function Entries({ reads }: { reads: KeyReads }) {
  const w = useWords(keyWords);
  const { lang } = useLang();
  const who = useWho();
  const [shown, setShown] = useState(SHOWN);
  const { hasNextPage, fetchNextPage, isFetchingNextPage } = reads.timeline;
  return (
    <Card title={w.timeline}>
      <Read query={reads.timeline}>
        {({ entries, whole }) => (
          <div className="stack">
            <p className="muted">
              {whole && shown >= entries.length
                ? w.allShown(count(lang, entries.length))
                : whole
                  ? w.someOf(count(lang, shown), count(lang, entries.length))
                  : w.someShown(count(lang, Math.min(shown, entries.length)))}
            </p>
            <ol className="timeline">
              {entries
                .slice(-shown)
                .reverse()
                .map((entry) => (
                  <li key={entry.index} className={isForcedEnd(entry) ? "expire" : (TONES[entry.class] ?? "")}>
                    <div className="row facts">
                      <strong>{entryTitle(lang, entry)}</strong>
                      <span className="muted">
                        {who(entry.actor)} · <Time at={entry.at} full /> ·{" "}
                        <Link to={`/ledger/${entry.index}`}>{w.entryNo(count(lang, entry.index))}</Link>
                      </span>
                    </div>
                    {entry.erased ? <p className="muted">{w.erased}</p> : null}
                    {entry.reason ? <p className="preline">{reasonSaid(lang, entry.reason)}</p> : null}
                    {entry.facts ? (
                      <details>
                        <summary className="muted">{w.facts}</summary>
                        <Raw look="command" text={JSON.stringify(entry.facts, null, 2)} />
                      </details>
                    ) : null}
                  </li>
                ))}
            </ol>
            {entries.length > shown || hasNextPage ? (
              <div>
                <Button
                  small
                  isPending={isFetchingNextPage}
                  onPress={() => {
                    if (entries.length < shown + MORE && hasNextPage) void fetchNextPage();
                    setShown(shown + MORE);
                  }}
                >
                  {w.more2}
                </Button>
              </div>
            ) : null}
          </div>
        )}
      </Read>
    </Card>
  );
}
