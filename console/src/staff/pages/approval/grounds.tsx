// On what a measure rests that waits for people, as the server gives it: what its owner objects first, then why it is asked, how far the owner
// came in the re-verification, and what was found. Shown before anybody decides.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Pairs, Time } from "../../../ui/basics";
import { MeasureBadge } from "../../../ui/measure";
import { type Bilingual, loose, type Approval as Of, type Signal } from "../../parts/shapes";
import { Signals } from "../../parts/signals";
import { useSaid } from "../../parts/who";
import { word } from "../../parts/words";
import { groundsWords } from "./groundsWords";

type Reverified = {
  state: string;
  identity: string;
  identity_at: string | null;
  control: string;
  tests: number;
  failures: number;
  tries_left: number;
  due: string | null;
};

type Grounds = {
  key: string;
  measure: string;
  case_id: string | null;
  rule: string | null;
  rule_said?: Bilingual | null;
  because: Bilingual;
  lesser: Bilingual;
  signals: Signal[];
  reverification: Reverified | null;
  objections: Schemas["ObjectionView"][];
};

/** What the server says it rests on; of what it does not tell, nothing. */
export function groundsOf(of: Of): Partial<Grounds> {
  return loose<Grounds>(loose<{ grounds: unknown }>(of).grounds);
}

const PENDING: ReadonlySet<string> = new Set(["received", "in_review"]);

/** What the owner objects and nobody has answered: above everything else, because deciding over it unread would be the worst. */
export function Objected({ of, keyId }: { of: Of; keyId: string }) {
  const w = useWords(groundsWords);
  const { objections, case_id } = groundsOf(of);
  const list = useQuery({
    queryKey: ["objections", { key: keyId }],
    queryFn: () => good(api.GET("/v1/objections", { params: { query: { key: keyId, limit: 50 } } })),
    enabled: objections === undefined,
  });
  const open = (objections ?? list.data?.items ?? []).filter((one) => !one.decided && PENDING.has(one.state));
  if (of.state !== "open" || open.length === 0) return null;
  return (
    <section className="notice expire stack tight" role="alert" aria-label={w.objected}>
      <strong>{w.objected}</strong>
      <p>{w.objectedText}</p>
      {open.map((one) => (
        <div key={one.objection} className="stack tight">
          <p className="preline">“{one.text}”</p>
          <p className="muted">
            <Time at={one.at} full /> (<Time at={one.at} />)
          </p>
        </div>
      ))}
      <p className="row">
        {case_id ? <Link to={`/cases/${encodeURIComponent(case_id)}`}>{w.objectedCase}</Link> : null}
        <Link to={`/keys/${encodeURIComponent(keyId)}`}>{w.objectedKey}</Link>
      </p>
    </section>
  );
}

/** How far its owner came, half by half. */
function HowFar({ of }: { of: Partial<Reverified> }) {
  const w = useWords(groundsWords);
  const { lang } = useLang();
  const words = w as Record<string, unknown>;
  const { tests = 0, failures = 0, tries_left = 0 } = of;
  return (
    <div className="stack tight">
      <h3>{w.reverification}</h3>
      <Pairs
        of={[
          [w.state, word(words, `s_${of.state ?? ""}`)],
          [
            w.identity,
            <span key="identity">
              {word(words, `h_${of.identity ?? ""}`)}
              {of.identity_at ? (
                <>
                  {" · "}
                  <Time at={of.identity_at} full />
                </>
              ) : null}
            </span>,
          ],
          [
            w.control,
            `${word(words, `h_${of.control ?? ""}`)} · ${
              tests === 0 && failures === 0
                ? w.noTry
                : w.tries(count(lang, failures), count(lang, failures + tries_left), count(lang, tries_left))
            }`,
          ],
          [of.state === "open" ? w.due : w.wasDue, of.due ? <DueTime key="due" at={of.due} open={of.state === "open"} /> : null],
        ]}
      />
    </div>
  );
}

/** Of one that is over nothing runs any more, however far away its time is. */
function DueTime({ at, open }: { at: string; open: boolean }) {
  const w = useWords(groundsWords);
  return (
    <span>
      {open && Date.parse(at) < Date.now() ? `${w.past} ` : ""}
      <Time at={at} full />
      {open ? (
        <>
          {" "}
          (<Time at={at} />)
        </>
      ) : null}
    </span>
  );
}

/** Nothing where the server tells of no grounds: of what is no measure, and of one that was asked for long ago. */
export function Grounds({ of, keyId }: { of: Of; keyId: string }) {
  const w = useWords(groundsWords);
  const { lang } = useLang();
  const said = useSaid();
  const { because, lesser, rule, rule_said, measure, signals, reverification } = groundsOf(of);
  if (because === undefined) return null;
  const byStaff = !rule;
  return (
    <Card title={w.title}>
      <div className="stack">
        <Pairs
          of={[
            [w.measure, measure ? <MeasureBadge key="measure" measure={measure} /> : null],
            [
              w.because,
              <strong key="because" className="preline">
                {said(because)}
              </strong>,
            ],
            [
              w.lesser,
              lesser && said(lesser) !== "" ? (
                <span key="lesser" className="preline">
                  {said(lesser)}
                </span>
              ) : null,
            ],
            [
              w.rule,
              byStaff ? (
                w.byStaff
              ) : rule_said ? (
                <span key="rule" className="preline" title={rule}>
                  {said(rule_said)}
                </span>
              ) : (
                <code key="rule">{rule}</code>
              ),
            ],
          ]}
        />
        {reverification ? <HowFar of={loose<Reverified>(reverification)} /> : null}
        {signals === undefined || signals.length === 0 ? null : (
          <details>
            <summary>
              {w.signals} ({count(lang, signals.length)})
            </summary>
            <Signals of={signals} about={keyId} />
          </details>
        )}
      </div>
    </Card>
  );
}
