// Versions of the policy, and a new one: pasted, checked, tried on where keys stand now, proposed.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Card, Time } from "../../../ui/basics";
import { Pages, Table, useFilter } from "../../../ui/lists";
import { Page } from "../../../ui/shell";
import { Empty, Read } from "../../../ui/states";
import { Prose } from "../../parts/prose";
import { Propose } from "./propose";
import { ProposedBy } from "./proposedBy";
import { PolicyState } from "./state";
import { policyWords } from "./words";

const ORDER = ["active", "proposed", "retired"];

/** What is in force first, then what waits, then what was; each the newest first. */
export function inOrder(policies: readonly Schemas["PolicyView"][]): Schemas["PolicyView"][] {
  return policies.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.proposed.localeCompare(a.proposed));
}

export function Policies() {
  const w = useWords(policyWords);
  const [after] = useFilter("after");
  const query = useQuery({
    queryKey: ["policies", "list", after],
    queryFn: () => good(api.GET("/v1/policies", { params: { query: { limit: 100, ...(after === "" ? {} : { after }) } } })),
  });
  return (
    <Page title={w.title}>
      <p className="muted">{w.about}</p>
      <Card title={w.versions}>
        <Read query={query}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty title={w.none}>
                <p className="muted">
                  <Prose text={w.noneText} />
                </p>
              </Empty>
            ) : (
              <div className="stack">
                <Table
                  caption={w.versions}
                  rows={inOrder(page.items)}
                  id={(row) => row.policy}
                  columns={[
                    {
                      head: w.version,
                      cell: (row) => <Link to={`/policy/${encodeURIComponent(row.policy)}`}>{row.policy}</Link>,
                    },
                    { head: w.state, cell: (row) => <PolicyState state={row.state} /> },
                    { head: w.proposedBy, cell: (row) => <ProposedBy by={row.proposed_by} /> },
                    { head: w.proposedAt, cell: (row) => <Time at={row.proposed} /> },
                    { head: w.activated, cell: (row) => <Time at={row.activated} /> },
                  ]}
                />
                <Pages next={page.next} />
              </div>
            )
          }
        </Read>
      </Card>
      {/* What cannot be read cannot be built on: no form stands under an error. */}
      {query.data === undefined ? null : <Propose active={query.data.items.find((one) => one.state === "active")?.policy} />}
    </Page>
  );
}
