// Everything that happened in a case, by time, the newest first, narrowed by kind.
import type { ReactNode } from "react";
import type { Schemas } from "../../../api/client";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Id, Time } from "../../../ui/basics";
import { classText } from "../../../ui/classes";
import { Choice } from "../../../ui/forms";
import { useFilter } from "../../../ui/lists";
import { measureWords } from "../../../ui/measure";
import { Subject } from "../../parts/effects";
import { reasonSaid } from "../../parts/reasonSaid";
import { loose, type Measured, type Step, textOf } from "../../parts/shapes";
import { useSaid, useWho } from "../../parts/who";
import { caseWords, deniedWords, endWords, stepWords, word } from "../../parts/words";
import { useOnRecord } from "./onRecord";
import { caseWordsOfPage } from "./words";

type Event = Schemas["CaseEventView"];

const TONES: Record<string, string> = {
  decision: "reverify",
  objection: "warn",
  closed: "good",
  key_ended: "expire",
  exonerated: "good",
  measure: "warn",
};

function useTold(measuresOf: readonly Measured[]): (of: Event) => ReactNode {
  const w = useWords(caseWordsOfPage);
  const { lang } = useLang();
  const said = useSaid();
  const who = useWho();
  const onRecord = useOnRecord();
  const measures = useWords(measureWords) as Record<string, unknown>;
  const steps = useWords(stepWords) as Record<string, unknown>;
  const cases = useWords(caseWords) as Record<string, unknown>;
  const ends = useWords(endWords) as Record<string, unknown>;
  const denied = useWords(deniedWords);
  const choices = w as unknown as Record<string, unknown>;
  // What a person wrote is theirs; what the record says of itself is said in the reader's language.
  const own = (of: Event, reason: string | null) => (of.by.startsWith("user:") ? (reason ?? "") : reasonSaid(lang, reason ?? ""));
  return (of) => {
    const text = (name: string) => textOf(of.body, name);
    switch (of.kind) {
      case "opened":
        return text("subject") ? <Subject of={text("subject") ?? ""} /> : null;
      case "measure": {
        const kind = text("class");
        if (kind !== null) return `${classText(lang, kind)} · ${reasonSaid(lang, text("reason") ?? "")}`;
        const name = word(measures, text("measure"));
        const left = loose<{ left: boolean }>(of.body).left === true;
        const what = left ? w.left(name) : text("mode") === "propose" ? w.proposed(name) : w.entered(name);
        // The event names the measure, or ended it in the same instant: that says which key it is about.
        const row = measuresOf.find((one) =>
          left ? one.ended === of.at && one.measure === text("measure") : one.measure_id === text("measure_id"),
        );
        return (
          <>
            {row ? <Subject of={`key:${row.key}`} /> : null} {what} · <span className="preline">{said(of.because)}</span>
          </>
        );
      }
      case "assigned":
        return w.toFrom(who(text("to")));
      case "comment":
      case "objection":
        return <span className="preline">{text("text")}</span>;
      case "step":
        return (
          <span className="preline">{`${word(steps, text("step"))} · ${onRecord(loose<Step>(of.body).on_record) ?? own(of, text("result"))}`}</span>
        );
      case "waiver_asked":
      case "waived":
        return <span className="preline">{`${word(steps, text("step"))} · ${text("reason") ?? ""}`}</span>;
      case "decision":
        return (
          <>
            <Id id={text("key") ?? ""} to={`/keys/${encodeURIComponent(text("key") ?? "")}`} /> {word(choices, text("choice"))} ·{" "}
            <span className="preline">{text("reason")}</span>
          </>
        );
      case "closed":
        return <span className="preline">{`${word(cases, text("outcome"))} · ${own(of, text("reason"))}`}</span>;
      case "merged":
        return <Subject of={`case:${text("into") ?? ""}`} />;
      case "took_up":
        return <Subject of={`case:${text("from") ?? ""}`} />;
      case "reverification":
        return (
          <>
            <Subject of={`key:${text("key") ?? ""}`} /> <span className="preline">{said(of.because)}</span>
          </>
        );
      case "key_ended":
        return (
          <>
            <Subject of={`key:${text("key") ?? ""}`} /> {text("answer") === "not_me" ? denied.denied : word(ends, text("cause"))}
          </>
        );
      default: {
        const key = text("key");
        return key === null ? own(of, text("reason")) : <Subject of={`key:${key}`} />;
      }
    }
  };
}

export function Timeline({ of, measures }: { of: readonly Event[]; measures: readonly Measured[] }) {
  const w = useWords(caseWordsOfPage);
  const own = w as unknown as Record<string, unknown>;
  const told = useTold(measures);
  const who = useWho();
  const [kind, setKind] = useFilter("kind");
  const kinds = [...new Set(of.map((one) => one.kind))];
  const shown = of
    .filter((one) => kind === "" || one.kind === kind)
    .reverse()
    .sort((one, other) => other.at.localeCompare(one.at));
  const name = (one: string) => {
    const found = own[`k_${one}`];
    return typeof found === "string" ? found : word({}, one);
  };
  return (
    <Card
      title={w.timeline}
      aside={
        <Choice
          label={w.kind}
          value={kind}
          of={[["", w.anyKind], ...kinds.map((one) => [one, name(one)] as const)]}
          onChange={setKind}
        />
      }
    >
      {shown.length === 0 ? <p className="muted">{w.nothing}</p> : null}
      <ol className="timeline">
        {shown.map((one) => (
          <li key={one.case_event} className={TONES[one.kind] ?? ""}>
            <div className="row facts">
              <strong>{name(one.kind)}</strong>
              <span className="muted">
                {who(one.by)} · <Time at={one.at} full />
              </span>
            </div>
            <div>{told(one)}</div>
          </li>
        ))}
      </ol>
    </Card>
  );
}
