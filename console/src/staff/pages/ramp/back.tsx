// Stepping back: one person, at once, with a reason, after having seen what follows.
import { useState } from "react";
import { api, good } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { Choice } from "../../../ui/forms";
import { onlyFor, roleWords } from "../../../ui/roles";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptBy, ReasonField } from "../../parts/actFields";
import { refusesAny, stageWords } from "../../parts/rampText";
import type { RampOf } from "./inForce";
import { rampWords } from "./words";

const MAY = ["approver", "compliance_lead", "security_admin"] as const;

export function Back({ of }: { of: RampOf }) {
  const w = useWords(rampWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  const [open, setOpen] = useState(false);
  const why = !has(...MAY) ? onlyFor(r, ...MAY) : refusesAny(of.ramp) || of.waits_for != null ? undefined : w.backNot;
  return (
    <Card title={w.back}>
      <div className="stack">
        <p>{w.backText}</p>
        <div>
          <Button look="danger" why={why} onPress={() => setOpen(true)}>
            {w.back}
          </Button>
        </div>
      </div>
      {open ? <BackDialog of={of} onClose={() => setOpen(false)} /> : null}
    </Card>
  );
}

function BackDialog({ of, onClose }: { of: RampOf; onClose: () => void }) {
  const w = useWords(rampWords);
  const stages = useWords(stageWords);
  const say = useSay();
  const [to, setTo] = useState<"shadow" | "tap">("shadow");
  const [reason, setReason] = useState("");
  return (
    <ActDialog
      title={w.back}
      intro={<p>{w.backIntro}</p>}
      body={{ to, reason }}
      missing={keptBy(reason)}
      send={(body, how) => good(api.POST("/v1/ramp/step-back", { params: { ...how }, body }))}
      go={w.backGo}
      danger
      touches={[["gates"], ["approvals"], ["ledger"], ["overview"]]}
      basis={of.version}
      consequences={
        <ul className="pieces lines">
          <li>{w.backIntro}</li>
          {of.ramp.ends === "recorded" ? null : <li>{w.backEnds}</li>}
          {of.waits_for == null ? null : <li>{w.backApproval}</li>}
          <li>{w.backAgain}</li>
        </ul>
      }
      onDone={() => say(w.backDone)}
      onClose={onClose}
    >
      <Choice
        label={w.backTo}
        value={to}
        of={[
          ["shadow", stages.shadow],
          ["tap", stages.tap],
        ]}
        onChange={setTo}
      />
      <ReasonField value={reason} onChange={setReason} />
    </ActDialog>
  );
}
