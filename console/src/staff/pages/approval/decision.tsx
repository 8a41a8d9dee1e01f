// The decision itself: agree, refuse, or take back what one asked for. How long somebody looked goes with it.
import { useRef, useState } from "react";
import { api, good } from "../../../api/client";
import { useMe } from "../../../api/session";
import { duration } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Card, useNow } from "../../../ui/basics";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptBy, ReasonField } from "../../parts/actFields";
import { GroundTold } from "../../parts/ground";
import { type Approval as ApprovalOf, loose } from "../../parts/shapes";
import { useTyped } from "../../parts/typed";
import { type Asked, agreed, useNoDecision } from "./asked";
import { groundsOf } from "./grounds";
import { approvalWords } from "./words";

function DecideDialog({
  of,
  decision,
  lookedAt,
  onClose,
}: {
  of: ApprovalOf;
  decision: "approve" | "refuse";
  lookedAt: string | undefined;
  onClose: () => void;
}) {
  const w = useWords(approvalWords);
  const say = useSay();
  const { session } = useMe();
  const [reason, setReason, sent] = useTyped(`${session.principal}.${of.approval}.${decision}`);
  // As it was at the start: what is sent again must be the same request.
  const looked = useRef(lookedAt);
  looked.current ??= lookedAt;
  const left = of.needed.reduce((sum, needed) => sum + needed.count - agreed(of, needed.role), 0);
  const approve = decision === "approve";
  // Whoever agrees to a forced end agrees to what its owner is told was found.
  const told =
    approve && of.action === "key.expire" ? (
      <GroundTold ground={loose<Asked>(of.request).ground} measured={Boolean(groundsOf(of).case_id)} />
    ) : null;
  return (
    <ActDialog
      title={approve ? w.approveTitle : w.refuseTitle}
      intro={
        <>
          <p>{approve ? w.approveIntro : w.refuseIntro}</p>
          {told}
        </>
      }
      body={{ decision, reason, ...(looked.current === undefined ? {} : { looked_at: looked.current }) }}
      missing={keptBy(reason)}
      send={(body, how) =>
        good(api.POST("/v1/approvals/{approval}/decide", { params: { path: { approval: of.approval }, ...how }, body }))
      }
      go={approve ? w.approve : w.refuse}
      danger={approve && of.action === "key.expire"}
      touches={[
        ["approvals"],
        ["keys"],
        ["cases"],
        ["measures"],
        ["notices"],
        ["policies"],
        ["users"],
        ["tokens"],
        ["venue"],
        ["gates"],
        ["overview"],
      ]}
      basis={left}
      consequences={
        <>
          <p>{approve ? (left <= 1 ? w.executes : w.more) : w.refuseIntro}</p>
          {told}
        </>
      }
      onDone={() => {
        sent();
        say(w.decided);
      }}
      onClose={onClose}
    >
      <ReasonField label={approve ? w.reasonApprove : w.reasonRefuse} hint={w.reasonHint} value={reason} onChange={setReason} />
    </ActDialog>
  );
}

function WithdrawDialog({ of, onClose }: { of: ApprovalOf; onClose: () => void }) {
  const w = useWords(approvalWords);
  const say = useSay();
  return (
    <ActDialog
      title={w.withdraw}
      intro={<p>{w.withdrawIntro}</p>}
      body={of.approval}
      missing={null}
      send={(approval, how) => good(api.POST("/v1/approvals/{approval}/withdraw", { params: { path: { approval }, ...how } }))}
      go={w.withdraw}
      touches={[["approvals"], ["keys"], ["cases"], ["overview"]]}
      onDone={() => say(w.withdrawn)}
      onClose={onClose}
    />
  );
}

const MINUTE_MS = 60_000;

export function Decision({
  of,
  lookedAt,
  lookedMs,
  worksCase,
}: {
  of: ApprovalOf;
  lookedAt: string | undefined;
  lookedMs: number;
  worksCase: boolean;
}) {
  const w = useWords(approvalWords);
  const { lang } = useLang();
  const { session } = useMe();
  const now = useNow(1_000);
  const no = useNoDecision()(of, now, worksCase);
  const [doing, setDoing] = useState<"approve" | "refuse" | "withdraw" | null>(null);
  const own = of.requested_by === session.principal;
  const done = () => setDoing(null);
  return (
    <Card title={w.decide}>
      <div className="stack">
        <div className="row">
          {/* What cannot be taken back looks it; a refusal changes nothing and looks plain. */}
          <Button
            look={of.action === "key.expire" ? "danger" : "primary"}
            isDisabled={no !== undefined}
            onPress={() => setDoing("approve")}
          >
            {w.approve}
          </Button>
          <Button isDisabled={no !== undefined} onPress={() => setDoing("refuse")}>
            {w.refuse}
          </Button>
        </div>
        <p className="muted">{no ?? w.youLook(lookedMs < MINUTE_MS ? w.underMinute : duration(lang, lookedMs))}</p>
        <div className="row">
          <Button
            look="quiet"
            isDisabled={of.state !== "open"}
            // That it is closed stands above already.
            why={of.state !== "open" ? undefined : !own ? w.wNotAsker : of.action === "key.grant" ? w.wGrant : undefined}
            onPress={() => setDoing("withdraw")}
          >
            {w.withdraw}
          </Button>
        </div>
      </div>
      {doing === "approve" || doing === "refuse" ? (
        <DecideDialog of={of} decision={doing} lookedAt={lookedAt} onClose={done} />
      ) : null}
      {doing === "withdraw" ? <WithdrawDialog of={of} onClose={done} /> : null}
    </Card>
  );
}
