// What would have been refused and went on: by cause, segment and kind, the most frequent first.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, good, type Schemas } from "../../../api/client";
import { count, instant } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import { Table, useFilter } from "../../../ui/lists";
import { reasonText } from "../../../ui/reasons";
import { Empty, Read } from "../../../ui/states";
import { effectWords, type Ramp, refuses } from "../../parts/rampText";
import { segmentWords, word } from "../../parts/words";
import { rampWords } from "./words";

type Cause = Schemas["RampCauseView"];
const HOUR_MS = 3_600_000;
const PERIODS = { all: null, hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS } as const;
type Period = keyof typeof PERIODS;
const isPeriod = (text: string): text is Period => Object.hasOwn(PERIODS, text);

/** Sums by what `of` names of each, the largest first. */
export function summed(causes: readonly Cause[], of: (cause: Cause) => string): [string, number][] {
  const sums = new Map<string, number>();
  for (const cause of causes) sums.set(of(cause), (sums.get(of(cause)) ?? 0) + cause.count);
  return [...sums].sort(([, one], [, other]) => other - one);
}

/** `enforced`: the ramp in force, which says why nothing may have gathered. */
export function Report({ enforced }: { enforced: Ramp }) {
  const w = useWords(rampWords);
  const effects = useWords(effectWords) as Record<string, unknown>;
  const segments = useWords(segmentWords) as Record<string, unknown>;
  const { lang } = useLang();
  const [asked, ask] = useFilter("since", "all");
  const period: Period = isPeriod(asked) ? asked : "all";
  // Of the hour it began in, as the server counts: asked again, it is the same question.
  const [now] = useState(() => Date.now());
  const back = PERIODS[period];
  const since = back === null ? undefined : `${new Date(now - back).toISOString().slice(0, 13)}:00:00Z`;
  const query = useQuery({
    queryKey: ["gates", "ramp", "report", period],
    queryFn: () => good(api.GET("/v1/ramp/report", { params: { query: since === undefined ? {} : { since } } })),
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  });
  const segmentOf = (cause: Cause) => (cause.segment === null ? w.unknownSegment : word(segments, cause.segment));
  const all = refuses(enforced.default) && (enforced.rules ?? []).every(({ stage }) => refuses(stage));
  return (
    <Card title={w.report}>
      <div className="stack">
        <div className="row">
          <Choice
            label={w.since}
            value={period}
            of={[
              ["all", w.s_all],
              ["hour", w.s_hour],
              ["day", w.s_day],
              ["week", w.s_week],
            ]}
            onChange={ask}
          />
        </div>
        <Read query={query}>
          {(report) => (
            <>
              <p className="muted">{w.reportText(instant(lang, report.since))}</p>
              {report.total === 0 ? (
                <Empty title={w.reportNone} text={all ? w.reportNoneEnforced : w.reportNoneQuiet} />
              ) : (
                <>
                  <p>
                    <strong>{w.total(count(lang, report.total))}</strong>
                  </p>
                  <div className="two">
                    <Sums title={w.byCause} head={w.cause} of={summed(report.causes, ({ reason }) => reasonText(lang, reason))} />
                    <Sums title={w.bySegment} head={w.segment} of={summed(report.causes, segmentOf)} />
                  </div>
                  <Table
                    caption={w.report}
                    rows={report.causes}
                    id={(cause) => `${cause.reason} ${cause.segment} ${cause.effect}`}
                    columns={[
                      { head: w.cause, cell: (cause) => <span title={cause.reason}>{reasonText(lang, cause.reason)}</span> },
                      { head: w.segment, cell: segmentOf },
                      { head: w.effect, cell: (cause) => word(effects, cause.effect) },
                      { head: w.count, cell: (cause) => count(lang, cause.count), number: true },
                    ]}
                  />
                </>
              )}
            </>
          )}
        </Read>
      </div>
    </Card>
  );
}

function Sums({ title, head, of }: { title: string; head: string; of: [string, number][] }) {
  const w = useWords(rampWords);
  const { lang } = useLang();
  return (
    <div className="stack tight">
      <h3>{title}</h3>
      <Table
        caption={title}
        rows={of}
        id={([name]) => name}
        columns={[
          { head, cell: ([name]) => name },
          { head: w.count, cell: ([, sum]) => count(lang, sum), number: true },
        ]}
      />
    </div>
  );
}
