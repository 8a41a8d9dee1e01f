// What waits for a second pair of eyes: first what waits for whoever looks, then for others, then what is done.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Card } from "../../../ui/basics";
import { Page } from "../../../ui/shell";
import { Empty, Read } from "../../../ui/states";
import type { Approval } from "../../parts/shapes";
import { approvalWords } from "../approval/words";
import { Closed } from "./closed";
import { List } from "./list";
import "../../parts/terms.css";

const LIMIT = 1_000;
const soonest = (of: readonly Approval[]) => of.toSorted((one, other) => one.due.localeCompare(other.due));

function Open() {
  const w = useWords(approvalWords);
  // Who may decide what is the server's to know.
  const mine = useQuery({
    queryKey: ["approvals", { for: "me" }],
    queryFn: () => good(api.GET("/v1/approvals", { params: { query: { for: "me", limit: LIMIT } } })),
  });
  const open = useQuery({
    queryKey: ["approvals", { state: "open" }],
    queryFn: () => good(api.GET("/v1/approvals", { params: { query: { state: "open", limit: LIMIT } } })),
  });
  return (
    <>
      <Card title={w.mine}>
        <Read query={mine}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={w.mineNone} text={w.mineNoneText} />
            ) : (
              <div className="stack tight">
                <p className="muted">{w.mineText}</p>
                <List of={soonest(items)} title={w.mine} />
              </div>
            )
          }
        </Read>
      </Card>
      {/* Before it is known what is mine, nothing is said to wait for others. */}
      {mine.data === undefined ? null : (
        <Card title={w.others}>
          <Read query={open}>
            {({ items }) => {
              const known = new Set(mine.data.items.map((one) => one.approval));
              const others = soonest(items).filter((one) => !known.has(one.approval));
              return others.length === 0 ? <p className="muted">{w.othersNone}</p> : <List of={others} title={w.others} />;
            }}
          </Read>
        </Card>
      )}
    </>
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
