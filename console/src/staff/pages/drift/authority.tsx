// Whose word counts, attribute by attribute, as the venue's facts have it.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../../api/client";
import { count, duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Card, Pairs } from "../../../ui/basics";
import { Table } from "../../../ui/lists";
import { Read } from "../../../ui/states";
import { loose } from "../../parts/shapes";
import { useDriftNames } from "./said";
import { driftWords } from "./words";

const CHOSEN = ["scopes", "allowlist", "expires", "application"] as const;
type Rules = Partial<Record<(typeof CHOSEN)[number], string>> & { grace_s?: number; ends_max?: number };

export function Authority() {
  const w = useWords(driftWords);
  const names = useDriftNames();
  const { lang } = useLang();
  const query = useQuery({ queryKey: ["venue"], queryFn: () => good(api.GET("/v1/venue")), staleTime: 60_000 });
  return (
    <Card title={w.whose}>
      <div className="stack">
        <p className="muted">{w.whoseText}</p>
        <Read query={query}>
          {(venue) => {
            const rules = loose<{ authority: Rules }>(venue.facts).authority ?? {};
            const rows: [string, string][] = [
              [w.life, w.r_dead],
              ...CHOSEN.map((one): [string, string] => [names.attribute(one), names.authority(rules[one] ?? "exchange")]),
              [w.ours, w.r_sumun],
              [w.account, w.neither],
            ];
            return (
              <>
                <Table
                  caption={w.whose}
                  rows={rows}
                  id={([name]) => name}
                  columns={[
                    { head: w.attribute, cell: ([name]) => name },
                    { head: w.authority, cell: ([, whose]) => whose },
                  ]}
                />
                <p className="muted">{w.lifeText}</p>
                <Pairs
                  of={[
                    [w.grace, rules.grace_s === undefined ? null : duration(lang, rules.grace_s * 1_000)],
                    [w.endsMax, rules.ends_max === undefined ? null : w.endsMaxOf(count(lang, rules.ends_max))],
                  ]}
                />
                <p className="muted">{w.endsMaxText}</p>
              </>
            );
          }}
        </Read>
      </div>
    </Card>
  );
}
