// Approvals that are done, what was decided last first: in the server's order, a page at a time.
import { useInfiniteQuery } from "@tanstack/react-query";
import { api, good } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import { useFilter } from "../../../ui/lists";
import { Read } from "../../../ui/states";
import { approvalStateWords } from "../../parts/words";
import { approvalWords } from "../approval/words";
import { List } from "./list";

const DONE = ["granted", "refused", "lapsed", "withdrawn"] as const;
type Done = (typeof DONE)[number];
const isDone = (text: string): text is Done => (DONE as readonly string[]).includes(text);

const SHOWN = 20;

export function Closed() {
  const w = useWords(approvalWords);
  const states = useWords(approvalStateWords);
  const [state, setState] = useFilter("state", "granted");
  const chosen: Done = isDone(state) ? state : "granted";
  const found = useInfiniteQuery({
    queryKey: ["approvals", "done", chosen],
    initialPageParam: "",
    queryFn: ({ pageParam: after }) => {
      const query = { state: chosen, order: "newest" as const, limit: SHOWN, ...(after === "" ? {} : { after }) };
      return good(api.GET("/v1/approvals", { params: { query } }));
    },
    getNextPageParam: ({ next }) => next,
  });
  return (
    <Card
      title={w.done}
      aside={<Choice label={w.state} value={chosen} of={DONE.map((one) => [one, states[one]] as const)} onChange={setState} />}
    >
      <Read query={found}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return (
            <div className="stack">
              {items.length === 0 ? <p className="muted">{w.doneNone}</p> : <List of={items} title={w.done} done />}
              {found.hasNextPage ? (
                <div>
                  <Button small isPending={found.isFetchingNextPage} onPress={() => void found.fetchNextPage()}>
                    {w.doneMore}
                  </Button>
                </div>
              ) : null}
            </div>
          );
        }}
      </Read>
    </Card>
  );
}
