// One key: why it stands where it stands first, then who, what, from where, what changed, what it could do, and what was done.
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { api, good } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Card, Id } from "../../../ui/basics";
import { shortId } from "../../../ui/ids";
import { KeyStanding } from "../../../ui/measure";
import { Page } from "../../../ui/shell";
import { Read } from "../../../ui/states";
import { KeyActs } from "../../parts/keyActs";
import { Ladder } from "../../parts/ladder";
import { Measures } from "../../parts/measures";
import { isMissing, Missing } from "../../parts/missing";
import { Notices } from "../../parts/notices";
import { KeyObjections } from "../../parts/objections";
import { explanationOf, type KeyView, type Measured } from "../../parts/shapes";
import { Signals } from "../../parts/signals";
import { actionWords, word } from "../../parts/words";
import { ActivityCards } from "./activity";
import { Stolen, What, Where, Whose } from "./facts";
import { Entries, Receipts } from "./history";
import { useKeyReads } from "./reads";
import { ThenWhy } from "./then";
import { Verdict } from "./verdict";
import "../../parts/terms.css";
import { keyWords } from "./words";

const NONE: ReadonlySet<string> = new Set();
const over = (key: KeyView) => key.state === "expired" || key.state === "rejected";

/** The cases its measures stand in, the newest first. */
const casesOf = (measures: readonly Measured[]) => [
  ...new Set([...measures].sort((one, other) => other.began.localeCompare(one.began)).map((one) => one.case_id)),
];

export function Key() {
  const w = useWords(keyWords);
  const actions = useWords(actionWords) as Record<string, unknown>;
  const { key: id = "" } = useParams();
  const shown = useQuery({
    queryKey: ["keys", id],
    queryFn: () => good(api.GET("/v1/keys/{key}", { params: { path: { key: id } } })),
  });
  const reads = useKeyReads(id);
  const open = reads.approvals.data?.items ?? [];
  const ending = open.find((one) => one.action === "key.expire")?.approval ?? null;
  if (isMissing(shown.error)) {
    return (
      <Page title={w.missing} aside={<Link to="/keys">{w.back}</Link>}>
        <Missing
          text={w.missingText(id)}
          hint={w.missingHint}
          to={[
            [w.missingSearch, `/keys?q=${encodeURIComponent(id.slice(0, 6))}`],
            [w.back, "/keys"],
          ]}
        />
      </Page>
    );
  }
  return (
    <Page title={w.title(shortId(id))} aside={<Link to="/keys">{w.back}</Link>}>
      <Read query={shown}>
        {(key) => (
          <div className="stack">
            <div className="row">
              <Id id={key.key} label={key.key} />
              <KeyStanding state={key.state} measure={key.measure} />
            </div>
            <Verdict of={key} reads={reads} />
            <div className="two">
              <div className="stack">
                <ActivityCards reads={reads} over={over(key)} />
                {reads.inside ? (
                  <>
                    {over(key) ? (
                      <ThenWhy reads={reads} />
                    ) : (
                      <Card title={w.why}>
                        <Read query={reads.standing}>
                          {(standing) => <Ladder of={explanationOf(standing.explained)} signals={reads.signals.items} />}
                        </Read>
                      </Card>
                    )}
                    <Card title={w.signals}>
                      <Read query={reads.signals.query}>{() => <Signals of={reads.signals.items} about={key.key} />}</Read>
                    </Card>
                    <Card title={w.measures}>
                      <Read query={reads.measures}>
                        {({ items }) => <Measures of={items} ended={over(key) ? new Set([key.key]) : NONE} />}
                      </Read>
                    </Card>
                  </>
                ) : null}
                <Entries reads={reads} />
              </div>
              <div className="stack">
                <Card title={w.acts}>
                  <KeyActs of={key} waiting={ending} />
                </Card>
                <KeyObjections of={key.key} cases={casesOf(reads.measures.data?.items ?? [])} />
                {open.length === 0 ? null : (
                  <Card title={w.approvalsOpen}>
                    <ul className="pieces">
                      {open.map((one) => (
                        <li key={one.approval}>
                          <Link to={`/approvals/${encodeURIComponent(one.approval)}`}>{word(actions, one.action)}</Link>
                        </li>
                      ))}
                    </ul>
                  </Card>
                )}
                <Stolen reads={reads} />
                <Whose of={key} />
                <What of={key} reads={reads} />
                <Where of={key} />
                {reads.inside ? <Receipts reads={reads} /> : null}
                <Card title={w.notices}>
                  <Read query={reads.notices}>{({ items }) => <Notices of={items} />}</Read>
                </Card>
              </div>
            </div>
          </div>
        )}
      </Read>
    </Page>
  );
}
