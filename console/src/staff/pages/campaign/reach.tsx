// Owners whose letters did not arrive: a task each. Nothing more happens to their keys until somebody has reached them and says how.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, good, type Schemas } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Button, Card, Id, Time } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { onlyFor, roleWords } from "../../../ui/roles";
import { Read } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptBy, ReasonField } from "../../parts/actFields";
import { textOf } from "../../parts/shapes";
import { campaignWords } from "./words";

type Task = Schemas["TaskView"];
/** Pages of open tasks that are looked through. */
const PAGES_MAX = 10;

/** Those of campaigns, and not those of a case. */
async function toReach(): Promise<Task[]> {
  const found: Task[] = [];
  let after: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query: { state: "open"; limit: number; after?: string } = {
      state: "open",
      limit: 200,
      ...(after === null ? {} : { after }),
    };
    const { items, next } = await good(api.GET("/v1/tasks", { params: { query } }));
    found.push(...items.filter((task) => task.kind === "reach_owner" && task.case_id === ""));
    if (!next) break;
    after = next;
  }
  return found;
}

export function Reach({ may }: { may: boolean }) {
  const w = useWords(campaignWords);
  const r = useWords(roleWords);
  const [reached, setReached] = useState<string | null>(null);
  const query = useQuery({ queryKey: ["tasks", "campaign"], queryFn: toReach, refetchInterval: 15_000 });
  const why = may ? undefined : onlyFor(r, "analyst", "approver", "compliance_lead");
  return (
    <Card title={w.reach}>
      <Read query={query}>
        {(tasks) =>
          tasks.length === 0 ? (
            <p className="muted">{w.reachNone}</p>
          ) : (
            <div className="stack">
              <p>{w.reachText}</p>
              <Table
                caption={w.reach}
                rows={tasks}
                id={(task) => task.task}
                columns={[
                  {
                    head: w.key,
                    cell: (task) => {
                      const key = textOf(task.body, "key");
                      return key === null ? "–" : <Id id={key} to={`/keys/${encodeURIComponent(key)}`} />;
                    },
                  },
                  { head: w.since, cell: (task) => <Time at={task.created} full /> },
                  {
                    head: w.acts,
                    cell: (task) => (
                      <Button small why={why} onPress={() => setReached(task.task)}>
                        {w.reached}
                      </Button>
                    ),
                  },
                ]}
              />
            </div>
          )
        }
      </Read>
      {reached === null ? null : <ReachedDialog task={reached} onClose={() => setReached(null)} />}
    </Card>
  );
}

function ReachedDialog({ task, onClose }: { task: string; onClose: () => void }) {
  const w = useWords(campaignWords);
  const say = useSay();
  const [text, setText] = useState("");
  return (
    <ActDialog
      title={w.reached}
      intro={<p>{w.reachText}</p>}
      body={text}
      missing={keptBy(text)}
      send={(result, how) => good(api.POST("/v1/tasks/{task}/finish", { params: { path: { task }, ...how }, body: { result } }))}
      go={w.reached}
      touches={[["tasks"], ["keys"]]}
      onDone={() => say(w.reachedDone)}
      onClose={onClose}
    >
      <ReasonField label={w.howReached} hint={w.howReachedHint} value={text} onChange={setText} />
    </ActDialog>
  );
}
