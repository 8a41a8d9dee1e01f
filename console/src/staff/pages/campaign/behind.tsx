// Who is behind: keys not registered by where they stand, and what follows for each.
import type { Schemas } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Card, type Tone } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { BEHIND, type BehindState, of as sumOf, together } from "./sums";
import { campaignWords } from "./words";

const TONES: Partial<Record<BehindState, Tone>> = { window: "monitor", read_only: "hold", unreachable: "warn" };

export function Behind({ of }: { of: Schemas["CoverageView"] }) {
  const w = useWords(campaignWords);
  const { lang } = useLang();
  const all = together(of);
  const rows = BEHIND.map((state) => ({ state, keys: sumOf(all, state) })).filter(({ keys }) => keys > 0);
  if (of.keys === 0) return null;
  return (
    <Card title={w.behind}>
      {rows.length === 0 ? (
        <p>{w.behindNone}</p>
      ) : (
        <Table
          caption={w.behind}
          rows={rows}
          id={(row) => row.state}
          columns={[
            { head: w.standsAt, cell: (row) => <Badge tone={TONES[row.state] ?? "plain"}>{w[`b_${row.state}`]}</Badge> },
            { head: w.count, cell: (row) => count(lang, row.keys), number: true },
            { head: w.follows, cell: (row) => w[`then_${row.state}`] },
          ]}
        />
      )}
    </Card>
  );
}
