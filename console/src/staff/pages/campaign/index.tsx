// The enrolment campaign: where it stands, its clock, how far each segment is, who is behind, and what staff may do about it. What happens
// to a key, and when, the server decides.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Badge, Card, Id, LinkButton, Pairs, Time, type Tone } from "../../../ui/basics";
import { Table, useFilter } from "../../../ui/lists";
import { Page } from "../../../ui/shell";
import { Empty, Read } from "../../../ui/states";
import { clockWords } from "../../parts/campaignText";
import { Who } from "../../parts/who";
import { segmentWords } from "../../parts/words";
import { Acts } from "./acts";
import { Behind } from "./behind";
import { Clock } from "./clock";
import { Coverage } from "./coverage";
import { Members } from "./members";
import { ProposeButton, Proposed } from "./propose";
import { Reach } from "./reach";
import { campaignWords } from "./words";

export type CampaignOf = Schemas["CampaignView"];
const STATES = ["running", "paused", "proposed", "stopped"];
const TONES: Record<CampaignOf["state"], Tone> = { running: "good", paused: "warn", proposed: "plain", stopped: "plain" };

/** What runs first, then what is paused, then what was stopped; of each the newest first. */
export function inOrder(of: readonly CampaignOf[]): CampaignOf[] {
  return [...of].sort(
    (one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state) || other.began.localeCompare(one.began),
  );
}

export function Campaign() {
  const w = useWords(campaignWords);
  const [asked] = useFilter("campaign");
  // Its states are those of keys, which is what live messages call them.
  const query = useQuery({
    queryKey: ["keys", "campaigns"],
    queryFn: () => good(api.GET("/v1/campaigns", { params: { query: { limit: 100 } } })),
    refetchInterval: 15_000,
  });
  return (
    <Page title={w.title} aside={<ProposeButton />}>
      <p className="muted">{w.about}</p>
      <Proposed />
      <Read query={query}>
        {({ items }) => {
          const all = inOrder(items);
          const shown = all.find((one) => one.campaign === asked) ?? all[0];
          if (shown === undefined) {
            return (
              <Card>
                <Empty title={w.none} text={w.noneText}>
                  <p className="muted">{w.noneWaits}</p>
                  <LinkButton to="/approvals">{w.toApprovals}</LinkButton>
                </Empty>
              </Card>
            );
          }
          return <One key={shown.campaign} of={shown} others={all.filter((one) => one !== shown)} />;
        }}
      </Read>
    </Page>
  );
}

function One({ of, others }: { of: CampaignOf; others: readonly CampaignOf[] }) {
  const { has } = useMe();
  const coverage = useQuery({
    queryKey: ["keys", "campaigns", of.campaign, "coverage"],
    queryFn: () => good(api.GET("/v1/campaigns/{campaign}/coverage", { params: { path: { campaign: of.campaign } } })),
    refetchInterval: 15_000,
  });
  return (
    <>
      <div className="two">
        <div className="stack">
          <Stands of={of} />
          {coverage.data === undefined ? null : <Behind of={coverage.data} />}
          <Acts of={of} />
        </div>
        <Clock of={of} />
      </div>
      <Read query={coverage}>{(view) => <Coverage of={view} />}</Read>
      {coverage.data === undefined || coverage.data.keys === 0 ? null : <Members campaign={of.campaign} />}
      {of.state === "stopped" ? null : <Reach may={has("analyst", "approver", "compliance_lead")} />}
      {others.length === 0 ? null : <Others of={others} />}
    </>
  );
}

function StateBadge({ of }: { of: CampaignOf }) {
  const w = useWords(campaignWords);
  return <Badge tone={TONES[of.state]}>{w[`s_${of.state}`]}</Badge>;
}

function Stands({ of }: { of: CampaignOf }) {
  const w = useWords(campaignWords);
  const c = useWords(clockWords);
  const segments = useWords(segmentWords);
  return (
    <Card title={of.plan.name} aside={<StateBadge of={of} />}>
      <div className="stack">
        {of.waits_for == null ? null : (
          <p className="notice monitor">
            {w.waits} <Link to={`/approvals/${encodeURIComponent(of.waits_for)}`}>{w.toApproval}</Link>
          </p>
        )}
        {of.state === "paused" ? <p className="notice warn">{w.pausedText}</p> : null}
        {of.state === "stopped" ? <p className="notice">{w.stoppedText}</p> : null}
        <Pairs
          of={[
            [c.name, <Id key="id" id={of.campaign} />],
            [c.terms, of.plan.terms],
            [c.segments, of.plan.segments.length === 0 ? c.all : of.plan.segments.map((one) => segments[one]).join(", ")],
            [w.proposedBy, <Who key="by" by={of.proposed_by} />],
            [w.began, <Time key="began" at={of.began} full />],
            [w.changedBy, of.changed_by == null ? null : <Who key="changed" by={of.changed_by} />],
            [w.changed, of.changed == null ? null : <Time key="at" at={of.changed} full />],
            [
              w.reason,
              <span key="reason" className="preline">
                {of.reason}
              </span>,
            ],
          ]}
        />
      </div>
    </Card>
  );
}

function Others({ of }: { of: readonly CampaignOf[] }) {
  const w = useWords(campaignWords);
  return (
    <Card title={w.others}>
      <Table
        caption={w.others}
        rows={of}
        id={(one) => one.campaign}
        columns={[
          {
            head: w.name,
            cell: (one) => <Link to={`/campaign?campaign=${encodeURIComponent(one.campaign)}`}>{one.plan.name}</Link>,
          },
          { head: w.stands, cell: (one) => <StateBadge of={one} /> },
          { head: w.began, cell: (one) => <Time at={one.began} full /> },
        ]}
      />
    </Card>
  );
}
