// Approvals as a table.
import { Link } from "react-router";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Time, useNow } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { rolesText } from "../../../ui/roles";
import { Subject } from "../../parts/effects";
import type { Approval } from "../../parts/shapes";
import { useWho, Who } from "../../parts/who";
import { approvalStateWords, word } from "../../parts/words";
import { agreed, useAskedSentence } from "../approval/asked";
import { approvalWords } from "../approval/words";

/** Those that are done say when they were, and what came of them. */
export function List({ of, title, done = false }: { of: readonly Approval[]; title: string; done?: boolean }) {
  const w = useWords(approvalWords);
  const states = useWords(approvalStateWords) as Record<string, unknown>;
  const { lang } = useLang();
  const sentence = useAskedSentence();
  const who = useWho();
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
          ? {
              head: w.outcome,
              cell: (one) => (
                <div>
                  <span className="nowrap">
                    {word(states, one.state)} · <Time at={one.decided ?? one.requested} />
                  </span>
                  <div className="muted">
                    {one.decisions.length === 0 ? null : w.decidedBy(one.decisions.map((decided) => who(decided.by)).join(", "))}
                  </div>
                </div>
              ),
            }
          : {
              head: w.due,
              cell: (one) => (Date.parse(one.due) <= now ? <Badge tone="expire">{w.overdue}</Badge> : <Time at={one.due} />),
            },
        ...(done
          ? []
          : [
              {
                head: w.needs,
                cell: (one: Approval) =>
                  one.needed
                    .map((needed) => w.got(agreed(one, needed.role), needed.count, rolesText(lang, needed.role, needed.count)))
                    .join(", "),
              },
            ]),
      ]}
    />
  );
}
