// What waits for a second pair of eyes: first what waits for whoever looks, then for others, then what is done.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Card, useNow } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { Empty, Read } from "../../../ui/states";
import { useNoDecision } from "../approval/asked";
import { approvalWords } from "../approval/words";
import { Closed } from "./closed";
import { List } from "./list";
import "../../parts/terms.css";

function Open() {
  const w = useWords(approvalWords);
  const no = useNoDecision();
  const now = useNow(30_000);
  const open = useQuery({
    queryKey: ["approvals", { state: "open" }],
    queryFn: () => good(api.GET("/v1/approvals", { params: { query: { state: "open", limit: 1000 } } })),
  });
  return (
    <Read query={open}>
      {({ items }) => {
        const soonest = [...items].sort((one, other) => one.due.localeCompare(other.due));
        const mine = soonest.filter((one) => no(one, now) === undefined);
        const others = soonest.filter((one) => !mine.includes(one));
        return (
          <>
            <Card title={w.mine}>
              {mine.length === 0 ? (
                <Empty title={w.mineNone} text={w.mineText} />
              ) : (
                <div className="stack tight">
                  <p className="muted">{w.mineText}</p>
                  <List of={mine} title={w.mine} />
                </div>
              )}
            </Card>
            <Card title={w.others}>
              {others.length === 0 ? <p className="muted">{w.othersNone}</p> : <List of={others} title={w.others} />}
            </Card>
          </>
        );
      }}
    </Read>
  );
}

export function Approvals() {
  const w = useWords(approvalWords);
  return (
    <Page title={w.title}>
      <Open />
      <Closed />
    </Page>
  );
}
