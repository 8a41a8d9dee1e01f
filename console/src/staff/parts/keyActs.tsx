// What staff may do to a key: hold, release, suspend, lift, propose its end by force. Each says what it does to people, asks for a reason,
// and shows the server's plan before anything happens. What somebody may not do stays visible, with the reason.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../api/client";
import { type StaffRole, useMe } from "../../api/session";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Button } from "../../ui/basics";
import { Choice } from "../../ui/forms";
import { roleText, roleWords } from "../../ui/roles";
import { useSay } from "../../ui/toasts";
import { ActDialog, type How } from "./act";
import { keptBy, keptByEmpty, NeededField, ReasonField } from "./actFields";
import { loose } from "./shapes";

const actsWords = words(
  {
    hold: "일시 제한",
    release: "일시 제한 풀기",
    suspend: "정지",
    lift: "정지 풀기",
    expire: "강제 만료 제안",
    holdIntro:
      "조회와 주문 취소만 통과합니다. 주문과 출금은 바로 막힙니다. 되돌릴 수 있으며, 기한까지 결정이 없으면 저절로 풀립니다.",
    releaseIntro: "일시 제한을 풀어 키가 다시 작동합니다. 재인증이 필요합니다.",
    suspendIntro: "주문 취소만 통과하고, 비공개 스트림이 끊깁니다. 정지한 사람과 다른 사람이 풀어야 합니다.",
    liftIntro: "정지를 풀어 키가 다시 작동합니다. 정지한 사람은 직접 풀 수 없습니다.",
    expireIntro: "키를 영구히 끝내자는 제안입니다. 지금은 아무것도 끊기지 않고, 다른 사람들의 승인을 기다립니다.",
    told: "소유자에게 무엇이 제한되는지, 누가 언제까지 검토하는지, 어떻게 이의를 제기하는지 안내가 갑니다. 담당자의 사유 문구는 보내지 않습니다.",
    toldNothing: "소유자에게 아직 안내가 가지 않습니다.",
    spared: "고객의 다른 키, 앱과 웹에서의 직접 이용, 출금은 그대로입니다.",
    lesser: "더 가벼운 조치로는 왜 부족합니까",
    lesserHint: "경고나 모니터링으로 충분하지 않은 이유를 적습니다. 원장에 남습니다.",
    reviewer: "검토 담당자",
    reviewerHint: "기한까지 이 일시 제한을 검토할 직원입니다. 예: user:mina",
    due: "검토 기한",
    dueVenue: (hours: string) => `거래소 기준(${hours}시간)`,
    dueHours: (hours: number) => `${hours}시간 뒤`,
    done: (what: string) => `${what}: 기록되었습니다`,
    waits: (who: string) => `제안되었습니다. ${who}의 승인을 기다립니다`,
    who: (who: string) => `승인할 사람: ${who}. 제안한 사람은 승인할 수 없습니다.`,
    count: (role: string, n: number) => `${role} ${n}명`,
    noRole: "이 역할로는 할 수 없습니다",
    ended: "이미 끝난 키입니다",
    notActive: "사용 중인 키가 아닙니다",
    isHeld: "이미 일시 제한 또는 재확인 중입니다",
    notHeld: "일시 제한 중인 키가 아닙니다",
    notSuspended: "정지된 키가 아닙니다",
    waiting: "이미 승인 대기 중입니다",
    see: "승인 보기",
  },
  {
    hold: "Hold",
    release: "Release the hold",
    suspend: "Suspend",
    lift: "Lift the suspension",
    expire: "Propose a forced end",
    holdIntro:
      "Only reading and cancelling pass; orders and withdrawals by this key stop at once. It is reversible, and lapses by itself if nobody decides by the due time.",
    releaseIntro: "The hold ends and the key works again. It takes a fresh second factor.",
    suspendIntro: "Only cancelling passes and private streams close. Somebody else than who suspends has to lift it.",
    liftIntro: "The suspension ends and the key works again. Whoever suspended does not lift.",
    expireIntro: "This proposes to end the key for ever. Nothing is cut off now: it waits for others to agree.",
    told: "The owner is told what is restricted, who reviews it by when, and how to object. Your reason is not sent to him.",
    toldNothing: "The owner is not told yet.",
    spared: "The owner's other keys, his own use of app and web, and his withdrawals stay as they are.",
    lesser: "Why would a lesser measure not do?",
    lesserHint: "Why a warning or monitoring is not enough. It stands in the ledger.",
    reviewer: "Reviewer",
    reviewerHint: "Who of staff reviews this hold by its due time, such as user:mina",
    due: "Review due",
    dueVenue: (hours: string) => `The venue's time (${hours} hours)`,
    dueHours: (hours: number) => `In ${hours} hours`,
    done: (what: string) => `${what}: recorded`,
    waits: (who: string) => `Proposed. It waits for ${who}`,
    who: (who: string) => `To be agreed to by ${who}. Whoever proposes does not decide.`,
    count: (role: string, n: number) => `${n} × ${role}`,
    noRole: "Your role does not do this",
    ended: "This key has ended",
    notActive: "This key is not active",
    isHeld: "It is held or being re-verified already",
    notHeld: "This key is not on hold",
    notSuspended: "This key is not suspended",
    waiting: "An end waits for agreement already",
    see: "See the approval",
  },
);

export type Deed = "hold" | "release" | "suspend" | "lift" | "expire";
const DEEDS: readonly Deed[] = ["hold", "release", "suspend", "lift", "expire"];

/** As the server has it, so that a button says no before the server would; the server decides. */
const ROLES: Record<Deed, readonly StaffRole[]> = {
  hold: ["analyst", "approver", "compliance_lead"],
  release: ["analyst", "approver", "compliance_lead"],
  suspend: ["analyst", "approver", "security_admin"],
  lift: ["approver", "security_admin"],
  expire: ["analyst", "approver", "compliance_lead", "security_admin"],
};

type VenueFacts = { expiry: { approvals?: { role: string; count: number }[] }; clocks: { hold_due_hours?: number } };

/** Who must agree, in words. */
function useNeeded(): (needed: readonly { role: string; count: number }[]) => string {
  const w = useWords(actsWords);
  const roles = useWords(roleWords);
  return (needed) => needed.map((one) => w.count(roleText(roles, one.role), one.count)).join(", ");
}

type Sent = { plan?: Schemas["PlanView"] | null; result: Schemas["KeyAnswerView"] };

function send(deed: Deed, key: string, body: DeedBody, how: How): Promise<Sent> {
  const params = { path: { key }, ...how };
  const { reason, lesser, review_by, review_due } = body;
  switch (deed) {
    case "hold":
      return good(
        api.POST("/v1/keys/{key}/hold", {
          params,
          body: { reason, lesser, review_by, ...(review_due === "" ? {} : { review_due }) },
        }),
      );
    case "release":
      return good(api.POST("/v1/keys/{key}/release", { params, body: { reason } }));
    case "suspend":
      return good(api.POST("/v1/keys/{key}/suspend", { params, body: { reason } }));
    case "lift":
      return good(api.POST("/v1/keys/{key}/lift", { params, body: { reason } }));
    case "expire":
      return good(api.POST("/v1/keys/{key}/expire", { params, body: { reason, lesser } }));
  }
}

type DeedBody = { reason: string; lesser: string; review_by: string; review_due: string };

function DeedDialog({ deed, of, onClose }: { deed: Deed; of: string; onClose: () => void }) {
  const w = useWords(actsWords);
  const say = useSay();
  const { session } = useMe();
  const needed = useNeeded();
  const [reason, setReason] = useState("");
  const [lesser, setLesser] = useState("");
  const [reviewer, setReviewer] = useState(session.principal);
  const [hours, setHours] = useState("");
  const [due, setDue] = useState("");
  const venue = useQuery({ queryKey: ["venue"], queryFn: () => good(api.GET("/v1/venue")), staleTime: 60_000 });
  const facts = loose<VenueFacts>(venue.data?.facts);
  const agree = facts.expiry?.approvals;
  const asksLesser = deed === "hold" || deed === "expire";
  const intro = { hold: w.holdIntro, release: w.releaseIntro, suspend: w.suspendIntro, lift: w.liftIntro, expire: w.expireIntro }[
    deed
  ];
  const consequences: ReactNode = (
    <ul className="pieces">
      <li>{intro}</li>
      {deed === "expire" && agree ? <li>{w.who(needed(agree))}</li> : null}
      {deed === "release" || deed === "lift" ? null : <li>{deed === "expire" ? w.toldNothing : w.told}</li>}
      {deed === "release" || deed === "lift" ? null : <li>{w.spared}</li>}
    </ul>
  );
  return (
    <ActDialog
      title={w[deed]}
      intro={<p>{intro}</p>}
      body={{ reason, lesser, review_by: reviewer.trim(), review_due: due }}
      missing={keptBy(reason, ...(asksLesser ? [lesser] : [])) ?? (deed === "hold" ? keptByEmpty(reviewer) : null)}
      send={(body, how) => send(deed, of, body, how)}
      go={w[deed]}
      danger={deed !== "release" && deed !== "lift"}
      touches={[["keys"], ["cases"], ["measures"], ["approvals"], ["notices"], ["overview"]]}
      consequences={consequences}
      onDone={(answer) => say(answer.result.waits_for.length > 0 ? w.waits(agree ? needed(agree) : "") : w.done(w[deed]))}
      onClose={onClose}
    >
      <ReasonField value={reason} onChange={setReason} />
      {asksLesser ? <ReasonField label={w.lesser} hint={w.lesserHint} value={lesser} onChange={setLesser} /> : null}
      {deed === "hold" ? (
        <>
          <NeededField label={w.reviewer} hint={w.reviewerHint} value={reviewer} onChange={setReviewer} />
          <Choice
            label={w.due}
            value={hours}
            of={[
              ["", w.dueVenue(String(facts.clocks?.hold_due_hours ?? "–"))],
              ["12", w.dueHours(12)],
              ["24", w.dueHours(24)],
              ["48", w.dueHours(48)],
            ]}
            onChange={(chosen) => {
              setHours(chosen);
              setDue(chosen === "" ? "" : new Date(Date.now() + Number(chosen) * 3_600_000).toISOString());
            }}
          />
        </>
      ) : null}
    </ActDialog>
  );
}

/** Why this cannot be done to a key as it stands; undefined where it can. */
function useNo() {
  const w = useWords(actsWords);
  const { has } = useMe();
  return (deed: Deed, of: { state: string; measure?: string | null | undefined }, waits: boolean): string | undefined => {
    if (!has(...ROLES[deed])) return w.noRole;
    const over = of.state === "expired" || of.state === "rejected";
    if (over) return w.ended;
    switch (deed) {
      case "hold":
        if (of.measure === "hold" || of.measure === "reverify") return w.isHeld;
        return of.state === "active" ? undefined : w.notActive;
      case "release":
        return of.measure === "hold" ? undefined : w.notHeld;
      case "suspend":
        return of.state === "active" ? undefined : w.notActive;
      case "lift":
        return of.state === "suspended" ? undefined : w.notSuspended;
      case "expire":
        return waits ? w.waiting : undefined;
    }
  };
}

/** Buttons for a key, each with its reason where it may not be pressed. `only` narrows them. */
export function KeyActs({
  of,
  only = DEEDS,
  waiting = null,
  small = false,
}: {
  of: { key: string; state: string; measure?: string | null | undefined };
  only?: readonly Deed[];
  /** The approval of a forced end that waits already. */
  waiting?: string | null;
  small?: boolean;
}) {
  const w = useWords(actsWords);
  const no = useNo();
  const [deed, setDeed] = useState<Deed | null>(null);
  if (of.state === "expired" || of.state === "rejected") return <p className="muted">{w.ended}</p>;
  return (
    <div className="stack tight">
      {only.map((one) => {
        const why = no(one, of, waiting !== null);
        return (
          <div key={one} className="row">
            <Button small={small} look={one === "expire" ? "danger" : "plain"} why={why} onPress={() => setDeed(one)}>
              {w[one]}
            </Button>
            {one === "expire" && waiting !== null ? <Link to={`/approvals/${encodeURIComponent(waiting)}`}>{w.see}</Link> : null}
          </div>
        );
      })}
      {deed === null ? null : <DeedDialog deed={deed} of={of.key} onClose={() => setDeed(null)} />}
    </div>
  );
}
