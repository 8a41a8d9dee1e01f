// What an entry says, as people read it: what happened, to whom, by whom, when and why; then its further facts. What only machines need, and
// the whole of it as it stands, are folded below.
import type { ReactNode } from "react";
import type { Schemas } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { actorText } from "../../../ui/actors";
import { Card, Id, Pairs, Time } from "../../../ui/basics";
import { classText } from "../../../ui/classes";
import { Raw } from "../../../ui/raw";
import { roleText, roleWords } from "../../../ui/roles";
import { type Bilingual, loose } from "../../parts/shapes";
import { fieldText, TECHNICAL } from "./fields";
import { actorOf, factsOf, subjectsOf } from "./subject";
import { Subjects } from "./subjects";
import { RulesSaid, Value } from "./value";
import { entryWords } from "./words";

type Payload = {
  feed?: { key?: string }[];
  rows?: { table?: string }[];
};

/** Named above already. */
const ABOVE = new Set(["actor", "reason", "roles"]);

export function Said({ entry }: { entry: Schemas["LedgerEntry"] }) {
  const w = useWords(entryWords);
  const r = useWords(roleWords);
  const { lang } = useLang();
  const payload = (entry.payload ?? null) as Payload | null;
  const facts = factsOf(entry);
  const { reason } = facts;
  const actor = actorOf(facts);
  const roles = Array.isArray(facts.roles) ? facts.roles.filter((one): one is string => typeof one === "string") : [];
  const subjects = subjectsOf(facts);
  // One subject is told above; of several there is a list below.
  const told = subjects.length === 1 ? subjects[0]?.id : undefined;
  const further = Object.entries(facts).filter(([name, value]) => {
    if (ABOVE.has(name) || TECHNICAL.has(name) || value === null || (Array.isArray(value) && value.length === 0)) return false;
    return told === undefined || String(Array.isArray(value) && value.length === 1 ? value[0] : value) !== told;
  });
  const technical = Object.entries(facts).filter(([name]) => TECHNICAL.has(name));
  const fed = payload?.feed ?? [];
  const tables = [...new Set((payload?.rows ?? []).map((row) => row.table ?? "?"))];
  return (
    <>
      <Card>
        <Pairs
          of={[
            [w.what, <strong>{classText(lang, entry.class)}</strong>],
            [w.subject, subjects.length === 0 ? null : <Subjects of={subjects} most={5} />],
            [
              w.who,
              actor === null ? null : (
                <span title={actor}>
                  {actorText(lang, actor)}
                  {roles.length === 0 || !actor.startsWith("user:") ? null : (
                    <span className="muted"> ({w.acting(roles.map((role) => roleText(r, role)).join(", "))})</span>
                  )}
                </span>
              ),
            ],
            [w.when, <Time at={entry.sequenced} full />],
            [w.why, typeof reason === "string" ? <span className="preline">{reason}</span> : null],
          ]}
        />
      </Card>
      {payload === null ? (
        <p className="notice">{w.erased}</p>
      ) : (
        <Card title={w.facts}>
          <div className="stack">
            {further.length === 0 ? (
              <p className="muted">{w.noFacts}</p>
            ) : (
              <RulesSaid.Provider value={loose<{ rules: Record<string, Bilingual> }>(entry).rules ?? {}}>
                <Pairs
                  of={further.map(([name, value]) => [
                    fieldText(lang, entry.class, name),
                    <Value key={name} cls={entry.class} name={name} value={value} />,
                  ])}
                />
              </RulesSaid.Provider>
            )}
            {fed.length === 0 ? null : (
              <p className="notice monitor">
                <strong>{w.feed}.</strong> {w.feedText(count(lang, fed.length))}
              </p>
            )}
            <details>
              <summary>{w.technical}</summary>
              <div className="stack">
                <Pairs
                  of={[
                    [w.what, <code>{entry.class}</code>],
                    [w.who, actor === null ? null : <code>{actor}</code>],
                    [w.sequenced, <code>{entry.sequenced}</code>],
                    [w.commitment, <Id id={entry.commitment} label={entry.commitment} />],
                    [w.tables, tables.length === 0 ? null : <code>{tables.join(", ")}</code>],
                    // Their names are the record's own: they stand as code, all in one.
                    ...(technical.length === 0
                      ? []
                      : [[w.furtherTechnical, <Raw key="technical" text={asLines(technical)} />] as [string, ReactNode]]),
                  ]}
                />
              </div>
            </details>
            <details>
              <summary>{w.raw}</summary>
              <Raw text={JSON.stringify(entry.payload, null, 2)} />
            </details>
            <details>
              <summary>{w.leaf}</summary>
              <Raw text={entry.leaf} />
            </details>
          </div>
        </Card>
      )}
    </>
  );
}

/** Facts by the record's own names, a line each. */
const asLines = (facts: [string, unknown][]): string =>
  facts.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join("\n");
