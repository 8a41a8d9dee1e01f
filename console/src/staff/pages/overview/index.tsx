// The first page: what needs somebody now, then how everything stands. Every figure leads to where it can be looked into.
import { useQuery } from "@tanstack/react-query";
import { api, good, type Schemas } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Time } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { Read } from "../../../ui/states";
import { CutOff } from "./cutOff";
import { Gates } from "./gates";
import { Head } from "./head";
import { Ladder } from "./ladder";
import { Needs } from "./needs";
import { NewHere } from "./newHere";
import "./overview.css";
import { Requests } from "./requests";
import { Unusable } from "./unusable";
import { overviewWords } from "./words";

export type Facts = Schemas["OverviewView"];

/** Whether nothing has happened yet: a new install is told what comes next, not shown five empty boxes. */
export function isNew(facts: Facts): boolean {
  const { verdicts, ladder, cutoff, queue } = facts;
  return (
    verdicts.allowed + verdicts.refused + verdicts.elsewhere === 0 &&
    cutoff.count === 0 &&
    queue.open === 0 &&
    ladder.every((rung) => rung.in_force + rung.entered_day + rung.proposed === 0)
  );
}

export function Overview() {
  const w = useWords(overviewWords);
  const query = useQuery({ queryKey: ["overview"], queryFn: () => good(api.GET("/v1/overview")), refetchInterval: 10_000 });
  return (
    <Page title={w.title} aside={query.data === undefined ? null : <Time at={query.data.at} />}>
      <Read query={query}>
        {(facts) => (
          <>
            <Unusable policy={facts.policy} />
            <Needs facts={facts} />
            {isNew(facts) ? <NewHere facts={facts} /> : null}
            <Requests verdicts={facts.verdicts} />
            <div className="halves">
              <div className="stack">
                <Ladder ladder={facts.ladder} />
                <Gates gates={facts.gates} />
              </div>
              <div className="stack">
                <CutOff cutoff={facts.cutoff} />
                <Head ledger={facts.ledger} />
              </div>
            </div>
          </>
        )}
      </Read>
    </Page>
  );
}
