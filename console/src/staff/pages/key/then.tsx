// Of an ended key: what held when it was ended, as the record has it. Nothing of it is computed anew: evidence fades and is settled, and an
// answer of today would contradict the one by which it was ended.
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Id, Pairs, Time } from "../../../ui/basics";
import { MeasureBadge } from "../../../ui/measure";
import { Terms } from "../../parts/ladder";
import { ruleTitle } from "../../parts/reasonSaid";
import { explanationOf, loose, type MeasureBody, type Measured } from "../../parts/shapes";
import { Signals } from "../../parts/signals";
import { useSaid } from "../../parts/who";
import { word } from "../../parts/words";
import type { KeyReads } from "./reads";
import { keyWords } from "./words";

/** The measure that ended it; else the last one that was in force. */
export function thenOf(measures: readonly Measured[]): Measured | undefined {
  const newest = measures
    .filter((one) => one.state === "in_force" || one.state === "ended")
    .sort((one, other) => other.began.localeCompare(one.began));
  return newest.find((one) => one.measure === "expire") ?? newest[0];
}

export function ThenWhy({ reads }: { reads: KeyReads }) {
  const w = useWords(keyWords);
  const said = useSaid();
  const { lang } = useLang();
  const then = thenOf(reads.measures.data?.items ?? []);
  if (then === undefined) return null;
  const body = loose<MeasureBody>(then.body);
  const terms = body.terms ?? [];
  // By its words, as long as the policy in force has the rule.
  const titled = ruleTitle(then.because?.[lang] ?? "", body.rule ?? "");
  const known = explanationOf(reads.standing.data?.explained)?.rules.find((rule) => rule.rule === body.rule);
  const grounds = new Set(body.signals ?? []);
  const signals = reads.signals.items.filter((one) => grounds.has(one.id));
  return (
    <Card title={then.measure === "expire" ? w.thenWhy : w.thenLast}>
      <div className="stack">
        <p className="muted">{w.thenText}</p>
        {signals.length === 0 ? null : (
          <section className="stack tight">
            <h3>{w.thenSignals(signals.length)}</h3>
            <Signals of={signals} about={then.key} />
          </section>
        )}
        <Pairs
          of={[
            [w.thenMeasure, <MeasureBadge key="measure" measure={then.measure} />],
            [w.thenAt, <Time key="at" at={then.began} full />],
            [
              w.because,
              <span key="why" className="preline">
                {said(then.because)}
              </span>,
            ],
            [
              w.thenRule,
              body.rule ? (
                <span key="rule" title={body.rule}>
                  {known ? said(known.reason) : (titled ?? w.ruleNamed(word({}, body.rule)))}
                </span>
              ) : null,
            ],
            [
              w.thenPolicy,
              body.policy ? <Id key="policy" id={body.policy} to={`/policy/${encodeURIComponent(body.policy)}`} /> : null,
            ],
          ]}
        />
        {terms.length === 0 ? null : (
          <Terms of={terms} total={body.points ?? terms.reduce((sum, term) => sum + term.points, 0)} label={w.thenTotal} />
        )}
      </div>
    </Card>
  );
}
