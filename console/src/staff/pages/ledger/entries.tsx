// Entries, the newest first. The API hands them out from the first on, so a page is asked for by where it ends.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, good } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { actorText } from "../../../ui/actors";
import { Button, Time } from "../../../ui/basics";
import { classText } from "../../../ui/classes";
import { Field } from "../../../ui/forms";
import { Table, useFilter } from "../../../ui/lists";
import { Empty, Read } from "../../../ui/states";
import { actorOf, factsOf, subjectsOf } from "../entry/subject";
import { Subjects } from "../entry/subjects";
import { PAGE, pageBefore } from "./checkpoint";
import { type Row, rowsOf } from "./rows";
import { ledgerWords } from "./words";

/** What the entries of a row are about, each once. */
function aboutOf({ entry, more }: Row) {
  const all = [entry, ...more].flatMap((one) => subjectsOf(factsOf(one)));
  return all.filter((one, index) => all.findIndex(({ kind, id }) => kind === one.kind && id === one.id) === index);
}

export function Entries({ size }: { size: number }) {
  const w = useWords(ledgerWords);
  const { lang } = useLang();
  const [asked, setBefore] = useFilter("before");
  const [opened, setOpened] = useFilter("open");
  const open = new Set(opened.split(",").map(Number));
  const before = Math.min(size, Number.parseInt(asked, 10) || size);
  const page = useQuery({
    queryKey: ["ledger", "entries", before],
    enabled: size > 0,
    placeholderData: (shown) => shown,
    queryFn: () => good(api.GET("/v1/ledger/entries", { params: { query: pageBefore(before) } })),
  });
  if (size === 0) return <Empty title={w.none} text={w.noneText} />;
  return (
    <div className="stack">
      <p className="muted">{w.entriesText}</p>
      <Read query={page}>
        {(entries) => (
          <Table
            caption={w.entries}
            rows={rowsOf(entries.items.toReversed(), open)}
            // By the oldest of a row: newer ones come to it while it is looked at.
            id={({ entry, more }) => String((more.at(-1) ?? entry).index)}
            columns={[
              {
                head: w.index,
                cell: ({ entry }) => <Link to={`/ledger/${entry.index}`}>{count(lang, entry.index)}</Link>,
                number: true,
              },
              {
                head: w.what,
                cell: ({ entry, more }) => (
                  <span className="row">
                    <span title={entry.class}>{classText(lang, entry.class)}</span>
                    {more.length === 0 ? null : (
                      <Button
                        small
                        onPress={() => setOpened([...opened.split(","), more.at(-1)?.index].filter(Boolean).join(","))}
                      >
                        {w.alike(count(lang, more.length + 1))}
                      </Button>
                    )}
                  </span>
                ),
              },
              { head: w.subject, cell: (row) => <Subjects of={aboutOf(row)} most={1} /> },
              {
                head: w.who,
                cell: ({ entry }) => {
                  const actor = actorOf(factsOf(entry));
                  return actor === null ? "–" : <span title={actor}>{actorText(lang, actor)}</span>;
                },
              },
              { head: w.when, cell: ({ entry }) => <Time at={entry.sequenced} full /> },
            ]}
          />
        )}
      </Read>
      <nav className="row" aria-label={w.entries}>
        {before < size ? (
          <Button small onPress={() => setBefore(before + PAGE >= size ? "" : String(before + PAGE))}>
            {w.newer}
          </Button>
        ) : null}
        {before > PAGE ? (
          <Button small onPress={() => setBefore(String(before - PAGE))}>
            {w.older}
          </Button>
        ) : null}
      </nav>
    </div>
  );
}

/** To one entry by its number. */
export function Jump({ size }: { size: number }) {
  const w = useWords(ledgerWords);
  const { lang } = useLang();
  const go = useNavigate();
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState<string>();
  function open(event: FormEvent) {
    event.preventDefault();
    const index = Number(typed.replaceAll(/[\s,]/g, ""));
    if (typed.trim() === "" || !Number.isInteger(index) || index < 0 || index >= size) {
      setWrong(w.goWrong(count(lang, Math.max(0, size - 1))));
      return;
    }
    void go(`/ledger/${index}`);
  }
  return (
    <form className="filters" onSubmit={open}>
      <Field label={w.goTo} value={typed} onChange={setTyped} inputMode="numeric" wrong={wrong} />
      <Button type="submit">{w.go}</Button>
    </form>
  );
}
