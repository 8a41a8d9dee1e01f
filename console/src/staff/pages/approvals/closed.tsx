// Approvals that are done, the newest decision first of those that were read. The API lists by id, which says nothing of time: they are read
// whole and put in order here, up to a bound. Where there are more, it is said that later decisions may be missing.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, good } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import { useFilter } from "../../../ui/lists";
import { Read } from "../../../ui/states";
import type { Approval } from "../../parts/shapes";
import { approvalStateWords } from "../../parts/words";
import { approvalWords } from "../approval/words";
import { List } from "./list";
import { newestFirst } from "./order";

const DONE = ["granted", "refused", "lapsed", "withdrawn"] as const;
type Done = (typeof DONE)[number];
const isDone = (text: string): text is Done => (DONE as readonly string[]).includes(text);

const PAGE = 1_000;
const PAGES_MAX = 3;
const SHOWN = 20;
const MORE = 50;

async function readDone(state: Done): Promise<{ items: Approval[]; whole: boolean }> {
  const items: Approval[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query = { state, limit: PAGE, ...(after === undefined ? {} : { after }) };
    const found: { items: Approval[]; next?: string | null } = await good(api.GET("/v1/approvals", { params: { query } }));
    items.push(...found.items);
    if (!found.next) return { items: newestFirst(items), whole: true };
    after = found.next;
  }
  return { items: newestFirst(items), whole: false };
}

export function Closed() {
  const w = useWords(approvalWords);
  const { lang } = useLang();
  const states = useWords(approvalStateWords);
  const [state, setState] = useFilter("state", "granted");
  const [shown, setShown] = useState(SHOWN);
  const chosen: Done = isDone(state) ? state : "granted";
  const found = useQuery({
    queryKey: ["approvals", "done", chosen],
    queryFn: () => readDone(chosen),
  });
  return (
    <Card
      title={w.done}
      aside={<Choice label={w.state} value={chosen} of={DONE.map((one) => [one, states[one]] as const)} onChange={setState} />}
    >
      <Read query={found}>
        {({ items, whole }) => (
          <div className="stack">
            {items.length === 0 ? (
              <p className="muted">{w.doneNone}</p>
            ) : (
              <>
                <p className="muted">
                  {(whole ? w.doneShown : w.donePart)(count(lang, Math.min(shown, items.length)), count(lang, items.length))}
                </p>
                <List of={items.slice(0, shown)} title={w.done} done />
              </>
            )}
            {items.length > shown ? (
              <div>
                <Button small onPress={() => setShown(shown + MORE)}>
                  {w.doneMore}
                </Button>
              </div>
            ) : null}
          </div>
        )}
      </Read>
    </Card>
  );
}
