// What staff may do to a campaign: pause and stop it, one person at once; lengthen it and put it on again, two.
import { useState } from "react";
import { api, good } from "../../../api/client";
import { type StaffRole, useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { onlyFor, roleWords } from "../../../ui/roles";
import { useSay } from "../../../ui/toasts";
import { ActDialog, type How } from "../../parts/act";
import { keptBy, NeededField, ReasonField } from "../../parts/actFields";
import type { CampaignOf } from "./index";
import { dayOf, instantOf, wrongOf } from "./later";
import { campaignWords } from "./words";

type Deed = "lengthen" | "pause" | "resume" | "stop";
const TWO: readonly StaffRole[] = ["compliance_lead"];
const ONE: readonly StaffRole[] = ["approver", "compliance_lead", "security_admin"];
const ROLES: Record<Deed, readonly StaffRole[]> = { lengthen: TWO, pause: ONE, resume: TWO, stop: ONE };
const TOUCHES = [["keys"], ["approvals"], ["overview"]];

/** Why this cannot be done to it as it stands; undefined where it can. The server decides. */
function useNo(of: CampaignOf): (deed: Deed) => string | undefined {
  const w = useWords(campaignWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  return (deed) => {
    if (of.state === "stopped") return w.isStopped;
    if (!has(...ROLES[deed])) return onlyFor(r, ...ROLES[deed]);
    if (deed === "pause" && of.state !== "running") return w.notRunning;
    if (deed === "resume" && of.state !== "paused") return w.notPaused;
    return (deed === "lengthen" || deed === "resume") && of.waits_for != null ? w.changeWaits : undefined;
  };
}

export function Acts({ of }: { of: CampaignOf }) {
  const w = useWords(campaignWords);
  const no = useNo(of);
  const [deed, setDeed] = useState<Deed | null>(null);
  // What cannot be done in this state at all is not offered beside its opposite.
  const deeds: readonly Deed[] = ["lengthen", of.state === "paused" ? "resume" : "pause", "stop"];
  const close = () => setDeed(null);
  if (of.state === "stopped") return null;
  return (
    <Card title={w.acts}>
      <div className="stack tight">
        <p className="muted">{w.lengthenText}</p>
        {deeds.map((one) => (
          <div key={one}>
            <Button look={one === "stop" ? "danger" : "plain"} why={no(one)} onPress={() => setDeed(one)}>
              {w[one]}
            </Button>
          </div>
        ))}
      </div>
      {deed === "lengthen" ? <LengthenDialog of={of} onClose={close} /> : null}
      {deed === null || deed === "lengthen" ? null : <PlainDialog of={of} deed={deed} onClose={close} />}
    </Card>
  );
}

const ifMatch = (of: CampaignOf) => ({ "If-Match": `"${of.version}"` });

function PlainDialog({ of, deed, onClose }: { of: CampaignOf; deed: Exclude<Deed, "lengthen">; onClose: () => void }) {
  const w = useWords(campaignWords);
  const say = useSay();
  const [reason, setReason] = useState("");
  const intro = { pause: w.pauseIntro, resume: w.resumeIntro, stop: w.stopIntro }[deed];
  const done = { pause: w.pauseDone, resume: w.asked, stop: w.stopDone }[deed];
  const send = (body: { reason: string }, how: How) => {
    const header = { ...("header" in how ? how.header : {}), ...ifMatch(of) };
    const params = { ...how, path: { campaign: of.campaign }, header };
    if (deed === "pause") return good(api.POST("/v1/campaigns/{campaign}/pause", { params, body }));
    if (deed === "resume") return good(api.POST("/v1/campaigns/{campaign}/resume", { params, body }));
    return good(api.POST("/v1/campaigns/{campaign}/stop", { params, body }));
  };
  return (
    <ActDialog
      title={w[deed]}
      intro={<p>{intro}</p>}
      body={{ reason }}
      missing={keptBy(reason)}
      send={send}
      go={w[deed]}
      danger={deed === "stop"}
      touches={TOUCHES}
      basis={of.version}
      consequences={<p>{intro}</p>}
      onDone={() => say(done)}
      onClose={onClose}
    >
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}

function LengthenDialog({ of, onClose }: { of: CampaignOf; onClose: () => void }) {
  const w = useWords(campaignWords);
  const say = useSay();
  const { plan } = of;
  const [readOnly, setReadOnly] = useState(dayOf(plan.read_only));
  const [ends, setEnds] = useState(dayOf(plan.ends));
  const [reason, setReason] = useState("");
  const wrong = wrongOf(plan, { read_only: readOnly, ends });
  const unsound = Object.keys(wrong).length > 0;
  const told = (field: keyof typeof wrong) => {
    const found = wrong[field];
    return found === undefined ? undefined : w[found];
  };
  const body = {
    read_only: instantOf(readOnly, plan.read_only) ?? plan.read_only,
    ends: instantOf(ends, plan.ends) ?? plan.ends,
    reason,
  };
  return (
    <ActDialog
      title={w.lengthen}
      intro={<p>{w.lengthenIntro}</p>}
      body={body}
      missing={unsound ? "" : keptBy(reason)}
      send={(sent, how) => {
        const header = { ...("header" in how ? how.header : {}), ...ifMatch(of) };
        const params = { ...how, path: { campaign: of.campaign }, header };
        return good(api.POST("/v1/campaigns/{campaign}/lengthen", { params, body: sent }));
      }}
      go={w.lengthenGo}
      touches={TOUCHES}
      basis={of.version}
      consequences={<p>{w.lengthenIntro}</p>}
      onDone={() => say(w.asked)}
      onClose={onClose}
    >
      <NeededField
        label={w.readOnlyDay}
        hint={w.dayHint}
        type="date"
        value={readOnly}
        onChange={setReadOnly}
        unsound={told("read_only")}
      />
      <NeededField label={w.endsDay} hint={w.dayHint} type="date" value={ends} onChange={setEnds} unsound={told("ends")} />
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}
