// What owners object to, in their own words, and how each objection stands: for those who have to decide it.
import { useQueries, useQuery } from "@tanstack/react-query";
import { api, good, type Schemas } from "../../api/client";
import { useLang, useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Badge, Card, Id, Pairs, Time, type Tone } from "../../ui/basics";
import { Refused } from "../../ui/states";
import { textOf } from "./shapes";
import { word } from "./words";

const objectionWords = words(
  {
    title: "고객의 이의 제기",
    received: "접수됨, 아직 결정되지 않음",
    in_review: "검토 중",
    upheld: "받아들여짐",
    not_upheld: "받아들여지지 않음",
    against: "이의 대상",
    text: "고객이 쓴 글",
    made: "제기한 때",
    decided: "결정된 때",
    key: "키",
    case: "케이스",
    how: "케이스를 종결하면 그 결과로 함께 결정됩니다.",
  },
  {
    title: "Objections of the owner",
    received: "Received, not decided yet",
    in_review: "Under review",
    upheld: "Upheld",
    not_upheld: "Not upheld",
    against: "Against",
    text: "In the owner's words",
    made: "Made",
    decided: "Decided",
    key: "Key",
    case: "Case",
    how: "Closing the case decides it, by the outcome of the case.",
  },
);

const TONES: Record<string, Tone> = { received: "warn", in_review: "warn", upheld: "good" };

type Event = Schemas["CaseEventView"];

/** Ids of the objections among what happened in a case. */
export function objectionsOf(timeline: readonly Event[]): string[] {
  const found = timeline.flatMap((one) => (one.kind === "objection" ? [textOf(one.body, "objection")] : []));
  return [...new Set(found.filter((one) => one !== null))];
}

/** Nothing where there are none. `about`: only those about that key, each with its case, for a page that is not the case's own. */
export function Objections({
  of,
  about,
}: {
  of: readonly string[];
  about?: { key: string; caseOf: (objection: string) => string | undefined };
}) {
  const w = useWords(objectionWords);
  const { lang } = useLang();
  const found = useQueries({
    queries: of.map((objection) => ({
      queryKey: ["objections", objection],
      queryFn: () => good(api.GET("/v1/objections/{objection}", { params: { path: { objection } } })),
    })),
  });
  const shown = found.flatMap(({ data }) => (data === undefined || (about && data.key && data.key !== about.key) ? [] : [data]));
  const notices = useQueries({
    queries: shown.map(({ notice }) => ({
      queryKey: ["notices", notice],
      queryFn: () => good(api.GET("/v1/notices/{notice}", { params: { path: { notice } } })),
    })),
  });
  const failed = found.find((one) => one.error)?.error;
  if (shown.length === 0 && !failed) return null;
  return (
    <Card title={w.title}>
      <div className="stack">
        {failed ? <Refused error={failed} /> : null}
        {shown.map((one, index) => {
          const inCase = about?.caseOf(one.objection);
          return (
            <section key={one.objection} className="stack tight">
              <div className="row">
                <Badge tone={TONES[one.state] ?? "plain"}>{word(w as Record<string, unknown>, one.state)}</Badge>
                <Time at={one.at} full />
              </div>
              <div className="notice warn stack tight">
                <span className="muted">{w.text}</span>
                <p className="preline">{one.text}</p>
              </div>
              <Pairs
                of={[
                  [w.against, notices[index]?.data?.say[0]?.[lang] ?? null],
                  [w.key, one.key && !about ? <Id key="key" id={one.key} to={`/keys/${encodeURIComponent(one.key)}`} /> : null],
                  [w.case, inCase ? <Id key="case" id={inCase} to={`/cases/${encodeURIComponent(inCase)}`} /> : null],
                  [w.decided, one.decided ? <Time key="decided" at={one.decided} full /> : null],
                ]}
              />
              {one.decided ? null : <p className="muted">{w.how}</p>}
            </section>
          );
        })}
      </div>
    </Card>
  );
}

/** The same of one key, each with its case where a measure of the key stands in it. */
export function KeyObjections({ of, cases }: { of: string; cases: readonly string[] }) {
  const list = useQuery({
    queryKey: ["objections", { key: of }],
    queryFn: () => good(api.GET("/v1/objections", { params: { query: { key: of, limit: 50 } } })),
  });
  const found = useQueries({
    queries: cases.slice(0, 10).map((id) => ({
      queryKey: ["cases", id],
      queryFn: () => good(api.GET("/v1/cases/{case}", { params: { path: { case: id } } })),
    })),
  });
  const by = new Map<string, string>();
  for (const { data } of found) {
    for (const one of data === undefined ? [] : data.timeline) {
      const id = one.kind === "objection" ? textOf(one.body, "objection") : null;
      if (id !== null && data !== undefined) by.set(id, data.case.case_id);
    }
  }
  return <Objections of={(list.data?.items ?? []).map((one) => one.objection)} about={{ key: of, caseOf: (id) => by.get(id) }} />;
}
