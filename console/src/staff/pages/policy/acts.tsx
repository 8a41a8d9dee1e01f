// What can be done with a version: ask that it be put in force, or retire it. Both take a reason, and the first takes another person.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Button } from "../../../ui/basics";
import { onlyFor, roleWords } from "../../../ui/roles";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptBy, ReasonField } from "../../parts/actFields";
import { policyWords } from "../policies/words";

export function Acts({ policy }: { policy: Schemas["PolicyWholeView"] }) {
  const w = useWords(policyWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  const say = useSay();
  const [doing, setDoing] = useState<"activate" | "retire" | null>(null);
  const [reason, setReason] = useState("");
  const path = { policy: policy.policy };
  const waiting = useQuery({
    queryKey: ["approvals", "of", `policy:${policy.policy}`],
    queryFn: () =>
      good(api.GET("/v1/approvals", { params: { query: { subject: `policy:${policy.policy}`, state: "open", limit: 1 } } })),
  });
  const approval = waiting.data?.items[0];
  const lead = has("compliance_lead");
  const notLead = lead ? undefined : onlyFor(r, "compliance_lead");
  const close = () => {
    setDoing(null);
    setReason("");
  };
  return (
    <>
      {approval === undefined ? null : (
        <p className="notice monitor">
          {w.isWaiting}. <Link to={`/approvals/${encodeURIComponent(approval.approval)}`}>{w.toApproval}</Link>
        </p>
      )}
      <div className="row">
        <Button
          look="primary"
          why={notLead ?? (policy.state === "active" ? w.already : approval === undefined ? undefined : w.isWaiting)}
          onPress={() => setDoing("activate")}
        >
          {w.activate}
        </Button>
        <Button why={notLead ?? (policy.state === "proposed" ? undefined : w.onlyProposed)} onPress={() => setDoing("retire")}>
          {w.retire}
        </Button>
      </div>
      {doing === "activate" ? (
        <ActDialog
          title={w.activate}
          intro={<p>{w.activateIntro}</p>}
          body={{ reason: reason.trim() }}
          missing={keptBy(reason)}
          send={(body, how) => good(api.POST("/v1/policies/{policy}/activate", { params: { path, ...how }, body }))}
          go={w.activateGo}
          touches={[["policies"], ["approvals"], ["overview"]]}
          onDone={() => say(w.activateAsked)}
          onClose={close}
        >
          <ReasonField value={reason} onChange={setReason} />
        </ActDialog>
      ) : null}
      {doing === "retire" ? (
        <ActDialog
          title={w.retire}
          intro={<p>{w.retireIntro}</p>}
          body={{ reason: reason.trim() }}
          missing={keptBy(reason)}
          send={(body, how) => good(api.POST("/v1/policies/{policy}/retire", { params: { path, ...how }, body }))}
          go={w.retireGo}
          danger
          touches={[["policies"]]}
          onDone={() => say(w.retireDone)}
          onClose={close}
        >
          <ReasonField value={reason} onChange={setReason} />
        </ActDialog>
      ) : null}
    </>
  );
}
