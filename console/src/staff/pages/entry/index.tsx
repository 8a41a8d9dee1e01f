// One entry of the ledger: what it says, and what it takes to check it without this server.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, LinkButton, Pairs, Time } from "../../../ui/basics";
import { classText } from "../../../ui/classes";
import { Page } from "../../../ui/shell";
import { Empty, Read } from "../../../ui/states";
import { Missing } from "../../parts/missing";
import { type Bilingual, loose } from "../../parts/shapes";
import { readCheckpoint } from "../ledger/checkpoint";
import { leafOf } from "./leaf";
import { Proof } from "./proof";
import { Said } from "./said";
import { Unmask } from "./unmask";
import { entryWords } from "./words";

/** An entry with the very text it came in, which is what a verifier reads. */
export type Whole = { entry: Schemas["LedgerEntry"]; text: string };

export async function readEntry(index: number, reason?: string): Promise<Whole> {
  const query = reason === undefined ? {} : { reason };
  const text = await good(api.GET("/v1/ledger/entries/{index}", { params: { path: { index }, query }, parseAs: "text" }));
  return { entry: JSON.parse(text) as Schemas["LedgerEntry"], text };
}

export function Entry() {
  const { index: text = "" } = useParams();
  const index = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(index)) return <NoEntry text={text} />;
  // Another entry starts anew: what was shown unmasked is gone.
  return <One key={index} index={index} />;
}

/** What is no number of an entry at all. */
function NoEntry({ text }: { text: string }) {
  const w = useWords(entryWords);
  return (
    <Page title={w.missing} aside={<Link to="/ledger">{w.back}</Link>}>
      <Missing text={w.missingText(text)} hint={w.missingHint} to={[[w.back, "/ledger"]]} />
    </Page>
  );
}

function One({ index }: { index: number }) {
  const w = useWords(entryWords);
  const { lang } = useLang();
  const { has } = useMe();
  const may = has("auditor", "security_admin", "compliance_lead");
  const [whole, setWhole] = useState<Whole | null>(null);
  const query = useQuery({
    queryKey: ["ledger", "entry", index],
    queryFn: () => readEntry(index),
    enabled: may,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const shown = whole ?? query.data ?? null;
  const head = useQuery({
    queryKey: ["ledger", "checkpoint"],
    queryFn: async () => readCheckpoint(await good(api.GET("/v1/ledger/checkpoint", { parseAs: "text" }))),
  });
  const size = head.data?.size;
  // Who may not read entries is told kind and time by the proof, if he may have that.
  const leaf = useQuery({
    queryKey: ["ledger", "leaf", index],
    queryFn: async () =>
      leafOf(await good(api.GET("/v1/ledger/entries/{index}/proof", { params: { path: { index } }, parseAs: "text" }))),
    enabled: !may && size !== undefined && index < size,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const told = shown === null ? (leaf.data ?? null) : shown.entry;
  const none = size !== undefined && !(index < size) && shown === null;
  return (
    <Page
      title={w.title(count(lang, index))}
      aside={
        <nav className="row" aria-label={w.back}>
          <LinkButton small to="/ledger">
            {w.back}
          </LinkButton>
          {index > 0 ? (
            <LinkButton small to={`/ledger/${index - 1}`}>
              {w.before}
            </LinkButton>
          ) : null}
          {size !== undefined && index + 1 >= size ? null : (
            <LinkButton small to={`/ledger/${index + 1}`}>
              {w.after}
            </LinkButton>
          )}
        </nav>
      }
    >
      {none ? (
        <Empty title={w.none} text={w.noneText(count(lang, Math.max(0, (size ?? 0) - 1)))} />
      ) : may ? (
        <Read query={query}>
          {(read) => (
            <>
              <Said entry={(whole ?? read).entry} />
              {read.entry.masked.length > 0 ? (
                <Unmask
                  masked={read.entry.masked}
                  said={loose<{ masked_said: Bilingual[] }>(read.entry).masked_said ?? []}
                  index={index}
                  whole={whole}
                  onShown={setWhole}
                />
              ) : null}
            </>
          )}
        </Read>
      ) : (
        <>
          {told === null ? null : (
            <Card>
              <Pairs
                of={[
                  [w.what, <strong key="what">{classText(lang, told.class)}</strong>],
                  [w.when, <Time key="when" at={told.sequenced} full />],
                ]}
              />
            </Card>
          )}
          <div className="notice stack tight">
            <strong>{w.hidden}</strong>
            <p>{w.hiddenText}</p>
          </div>
        </>
      )}
      {none || query.error ? null : <Proof index={index} origin={head.data?.origin} shown={shown} may={may} told={told} />}
    </Page>
  );
}
