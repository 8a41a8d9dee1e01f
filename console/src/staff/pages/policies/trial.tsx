// What a policy would do where keys stand now. Writes nothing: asked by a press, because it looks at every key.
import { useState } from "react";
import { Link } from "react-router";
import { api, good, Problem, type Schemas } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Button } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { MeasureBadge } from "../../../ui/measure";
import { Empty } from "../../../ui/states";
import { policyWords } from "./words";

export type Tried = Schemas["DryRunView"];
export type Of = { policy: string } | { text: string };

/** One part of the answer added to what came before. */
export function joined(before: Tried | null, more: Tried): Tried {
  if (before === null) return more;
  return {
    ...more,
    problems: before.problems,
    checked: before.checked + more.checked,
    changed: [...before.changed, ...more.changed],
    changed_total: before.changed_total + more.changed_total,
    counts: more.counts.map((one) => {
      const former = before.counts.find((other) => other.measure === one.measure);
      if (former === undefined) return one;
      return {
        measure: one.measure,
        now: one.now + former.now,
        would: one.would + former.would,
        proposed_now: one.proposed_now + former.proposed_now,
        proposed_would: one.proposed_would + former.proposed_would,
      };
    }),
  };
}

/** Asks for a dry run, and for the next part of one. */
export function useTrial() {
  const [tried, setTried] = useState<Tried | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Problem | null>(null);
  async function run(of: Of, from: Tried | null = null) {
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      const after = from?.next == null ? {} : { after: from.next };
      setTried(joined(from, await good(api.POST("/v1/policies/dry-run", { body: { ...of, ...after } }))));
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return { tried, busy, error, run, forget: () => setTried(null) };
}

export function Problems({ of, onGo }: { of: Tried; onGo?: (line: number, column: number) => void }) {
  const w = useWords(policyWords);
  const { lang } = useLang();
  if (of.problems.length === 0) return <p className="notice good">{w.noProblems}</p>;
  return (
    <Table
      caption={w.problems}
      rows={of.problems}
      id={(row) => `${row.line}:${row.column}:${row.code}:${row.message}`}
      columns={[
        {
          head: w.line,
          cell: (row) => {
            const where = w.at(count(lang, row.line), count(lang, row.column));
            return onGo === undefined ? (
              where
            ) : (
              <Button look="quiet" small onPress={() => onGo(row.line, row.column)}>
                {where}
              </Button>
            );
          },
        },
        {
          head: w.severity,
          cell: (row) =>
            row.severity === "error" ? <Badge tone="expire">{w.error}</Badge> : <Badge tone="warn">{w.warning}</Badge>,
        },
        {
          head: w.message,
          cell: (row) => (
            <>
              {row.message} <code className="muted">{row.code}</code>
            </>
          ),
        },
      ]}
    />
  );
}

export function Outcome({ tried, more, busy }: { tried: Tried; more: () => void; busy: boolean }) {
  const w = useWords(policyWords);
  const { lang } = useLang();
  const checked = count(lang, tried.checked);
  return (
    <div className="stack">
      <p>{tried.next == null ? w.checked(checked) : w.checkedPart(checked)}</p>
      <Table
        caption={w.trial}
        rows={tried.counts}
        id={(row) => row.measure}
        columns={[
          { head: w.measure, cell: (row) => <MeasureBadge measure={row.measure} /> },
          { head: w.now, cell: (row) => count(lang, row.now), number: true },
          { head: w.would, cell: (row) => <Differs was={row.now} is={row.would} />, number: true },
          { head: w.waiting, cell: (row) => count(lang, row.proposed_now), number: true },
          { head: w.waitingWould, cell: (row) => <Differs was={row.proposed_now} is={row.proposed_would} />, number: true },
        ]}
      />
      {tried.changed.length === 0 ? (
        tried.next == null ? (
          <Empty title={w.nothing} />
        ) : null
      ) : (
        <>
          <h3>{w.changed(count(lang, tried.changed_total))}</h3>
          {tried.changed.length < tried.changed_total ? (
            <p className="muted">{w.changedFirst(count(lang, tried.changed.length))}</p>
          ) : null}
          <Table
            caption={w.changed(count(lang, tried.changed_total))}
            rows={tried.changed}
            id={(row) => row.key}
            columns={[
              { head: w.key, cell: (row) => <Link to={`/keys/${encodeURIComponent(row.key)}`}>{row.key}</Link> },
              { head: w.account, cell: (row) => row.account },
              { head: w.now, cell: (row) => <MeasureBadge measure={row.now} /> },
              { head: w.would, cell: (row) => <MeasureBadge measure={row.would} /> },
              { head: w.proposes, cell: (row) => (row.proposes ? <MeasureBadge measure={row.proposes} /> : "–") },
            ]}
          />
        </>
      )}
      {tried.next == null ? null : (
        <div>
          <Button isPending={busy} onPress={more}>
            {w.trialMore}
          </Button>
        </div>
      )}
    </div>
  );
}

/** A figure, and by how much it differs from what it was. */
function Differs({ was, is }: { was: number; is: number }) {
  const { lang } = useLang();
  if (was === is) return <>{count(lang, is)}</>;
  const by = is - was;
  return (
    <strong>
      {count(lang, is)} ({by > 0 ? "+" : "−"}
      {count(lang, Math.abs(by))})
    </strong>
  );
}
