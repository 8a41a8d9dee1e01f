// A version's ladder in plain words: first who acts, for every measure and segment, then the rules of one segment at a time. All of it is
// taken from what the server says of this version; where that cannot be taken apart, its text is shown as it is.
import type { Schemas } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import { Table, useFilter } from "../../../ui/lists";
import { MEASURES, MeasureBadge } from "../../../ui/measure";
import { Raw } from "../../../ui/raw";
import { policyWords } from "../policies/words";
import { type LadderText, ladderIn, type Rule } from "./ladderText";
import "./policy.css";
import { segmentWords } from "./segments";
import { Condition } from "./tree";

type Said = { segment: string; text: string; ladder: LadderText | null };

export function Explained({ of }: { of: readonly Schemas["ExplainedView"][] }) {
  const w = useWords(policyWords);
  const s = useWords(segmentWords);
  const { lang } = useLang();
  const named: Record<string, string> = s;
  const [segment, choose] = useFilter("segment", "retail");
  const said: Said[] = of
    .map((one) => ({ segment: one.segment ?? "default", text: one[lang], ladder: ladderIn(lang, one) }))
    // Keys of no known segment are the exception, though their ladder is what the others inherit.
    .toSorted((a, b) => Number(a.segment === "default") - Number(b.segment === "default"));
  const name = (one: Said) => named[one.segment] ?? one.segment;
  const shown = said.find((one) => one.segment === segment) ?? said[0];
  return (
    <div className="stack">
      {said.every((one) => one.ladder !== null) ? <WhoActs of={said} name={name} /> : null}
      <div className="filters">
        <Choice
          label={s.segment}
          value={shown?.segment ?? segment}
          of={said.map((one) => [one.segment, name(one)] as const)}
          onChange={choose}
        />
      </div>
      {shown === undefined ? null : shown.ladder === null ? (
        <Raw look="explained" text={shown.text} />
      ) : (
        <>
          <Ladder of={shown.ladder} />
          <details>
            <summary>{w.asOneText}</summary>
            <Raw look="explained" text={shown.text} />
          </details>
        </>
      )}
    </div>
  );
}

/** Who acts, measure by segment. */
function WhoActs({ of, name }: { of: readonly Said[]; name: (one: Said) => string }) {
  const w = useWords(policyWords);
  return (
    <div className="stack tight">
      <h3>{w.whoActs}</h3>
      <p className="muted">{w.whoActsText}</p>
      <Table
        caption={w.whoActs}
        rows={MEASURES}
        id={(measure) => measure}
        columns={[
          { head: w.measure, cell: (measure) => <MeasureBadge measure={measure} /> },
          ...of.map((one) => ({
            head: one.segment === "default" ? w.unknownSegment : name(one),
            cell: (measure: (typeof MEASURES)[number]) => (
              <Acts of={one.ladder?.steps.find((step) => step.measure === measure)?.rules ?? []} />
            ),
          })),
        ]}
      />
    </div>
  );
}

function Acts({ of }: { of: readonly Rule[] }) {
  const w = useWords(policyWords);
  const { lang } = useLang();
  const machine = of.filter((rule) => rule.machine).length;
  if (of.length === 0) return <span className="muted">{w.noRule}</span>;
  if (machine === of.length) return <span className="whole">{w.byMachine}</span>;
  if (machine === 0) return <strong className="whole">{w.byPeople}</strong>;
  return (
    <>
      <span className="whole">{w.rulesByMachine(count(lang, machine))}</span>,{" "}
      <strong className="whole">{w.rulesByPeople(count(lang, of.length - machine))}</strong>
    </>
  );
}

function Ladder({ of }: { of: LadderText }) {
  const w = useWords(policyWords);
  return (
    <div className="stack ladder-text">
      {of.steps.map((step) => (
        <section key={step.measure} className="stack tight">
          <h3>
            <MeasureBadge measure={step.measure} /> <span className="effect">{step.effect}</span>
          </h3>
          {step.rules.map((rule) => (
            <div className="rule" key={rule.title}>
              <div>
                <Badge tone={rule.machine ? "plain" : "monitor"}>{rule.machine ? w.byMachine : w.byPeople}</Badge>{" "}
                <strong>{rule.title}</strong>
              </div>
              <Condition of={rule.when} />
            </div>
          ))}
          {step.leaves.map((line) => (
            <p className="muted" key={line}>
              {line}
            </p>
          ))}
        </section>
      ))}
      {of.rest.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}
