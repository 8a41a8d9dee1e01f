// What waits for a second pair of eyes: first what waits for whoever looks, then for others, then what is done.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, good } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Badge, Card, Time, useNow } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import { Pages, Table, useFilter } from "../../../ui/lists";
import { roleText, roleWords } from "../../../ui/roles";
import { Page } from "../../../ui/shell";
import { Empty, Read } from "../../../ui/states";
import { Subject } from "../../parts/effects";
import type { Approval } from "../../parts/shapes";
import { Who } from "../../parts/who";
import { approvalStateWords, word } from "../../parts/words";
import { agreed, useAskedSentence, useNoDecision } from "../approval/asked";
import { approvalWords } from "../approval/words";
import "../../parts/terms.css";

const DONE = ["granted", "refused", "lapsed", "withdrawn"] as const;
type Done = (typeof DONE)[number];
const isDone = (text: string): text is Done => (DONE as readonly string[]).includes(text);

function List({ of, title, done = false }: { of: readonly Approval[]; title: string; done?: boolean }) {
  const w = useWords(approvalWords);
  const states = useWords(approvalStateWords) as Record<string, unknown>;
  const roles = useWords(roleWords);
  const sentence = useAskedSentence();
  const now = useNow();
  return (
    <Table
      caption={title}
      rows={of}
      id={(one) => one.approval}
      columns={[
        {
          head: w.what,
          cell: (one) => (
            <Link to={`/approvals/${encodeURIComponent(one.approval)}`} title={one.approval}>
              {sentence(one)}
            </Link>
          ),
        },
        { head: w.about, cell: (one) => <Subject of={one.subject} /> },
        { head: w.by, cell: (one) => <Who by={one.requested_by} /> },
        {
          head: w.asked,
          cell: (one) => (
            <span className="nowrap">
              <Time at={one.requested} />
            </span>
          ),
        },
        done
          ? { head: w.state, cell: (one) => word(states, one.state) }
          : {
              head: w.due,
              cell: (one) => (Date.parse(one.due) <= now ? <Badge tone="expire">{w.overdue}</Badge> : <Time at={one.due} />),
            },
        {
          head: w.needs,
          cell: (one) =>
            one.needed.map((needed) => w.got(agreed(one, needed.role), needed.count, roleText(roles, needed.role))).join(", "),
        },
      ]}
    />
  );
}

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

function Closed() {
  const w = useWords(approvalWords);
  const states = useWords(approvalStateWords);
  const [state, setState] = useFilter("state", "granted");
  const [after] = useFilter("after");
  const chosen: Done = isDone(state) ? state : "granted";
  const found = useQuery({
    queryKey: ["approvals", { state: chosen, after }],
    queryFn: () =>
      good(api.GET("/v1/approvals", { params: { query: { state: chosen, limit: 20, ...(after ? { after } : {}) } } })),
  });
  return (
    <Card
      title={w.done}
      aside={<Choice label={w.state} value={chosen} of={DONE.map((one) => [one, states[one]] as const)} onChange={setState} />}
    >
      <Read query={found}>
        {({ items, next }) => (
          <div className="stack">
            {items.length === 0 ? <p className="muted">{w.doneNone}</p> : <List of={items} title={w.done} done />}
            <Pages next={next} />
          </div>
        )}
      </Read>
    </Card>
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
