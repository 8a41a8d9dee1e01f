// What staff may do to a key: hold, release, suspend, lift, propose its end by force. Each says what it does to people, asks for a reason,
// and shows the server's plan before anything happens. What somebody may not do stays visible, with the reason.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../api/client";
import { type StaffRole, useMe } from "../../api/session";
import { duration } from "../../i18n/format";
import { useLang, useWords } from "../../i18n/lang";
import { Button } from "../../ui/basics";
import { Choice } from "../../ui/forms";
import { rolesText } from "../../ui/roles";
import { useSay } from "../../ui/toasts";
import { ActDialog, type How } from "./act";
import { keptBy, keptByEmpty, NeededField, ReasonField } from "./actFields";
import { type Ground, GroundField, GroundTold } from "./ground";
import { type HoldClocks, longestHold, shorterHolds } from "./holdDue";
import { actsWords } from "./keyActsWords";
import { loose } from "./shapes";

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

type VenueFacts = { expiry: { approvals?: { role: string; count: number }[] }; clocks: HoldClocks };

/** Who must agree, in words. */
function useNeeded(): (needed: readonly { role: string; count: number }[]) => string {
  const w = useWords(actsWords);
  const { lang } = useLang();
  return (needed) => needed.map((one) => w.count(rolesText(lang, one.role, one.count), one.count)).join(", ");
}

type Sent = { plan?: Schemas["PlanView"] | null; result: Schemas["KeyAnswerView"] };

function send(deed: Deed, key: string, body: DeedBody, how: How): Promise<Sent> {
  const params = { path: { key }, ...how };
  const { reason, lesser, review_by, review_due, ground } = body;
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
      return good(api.POST("/v1/keys/{key}/expire", { params, body: { reason, lesser, ...(ground === "" ? {} : { ground }) } }));
  }
}

type DeedBody = { reason: string; lesser: string; review_by: string; review_due: string; ground: Ground | "" };

function DeedDialog({ deed, of, measured, onClose }: { deed: Deed; of: string; measured: boolean; onClose: () => void }) {
  const w = useWords(actsWords);
  const { lang } = useLang();
  const say = useSay();
  const { session } = useMe();
  const needed = useNeeded();
  const [reason, setReason] = useState("");
  const [lesser, setLesser] = useState("");
  const [reviewer, setReviewer] = useState(session.principal);
  /** How long until it is due, milliseconds as text; nothing: as long as may be. */
  const [within, setWithin] = useState("");
  const [due, setDue] = useState("");
  const [ground, setGround] = useState<Ground | "">("");
  const venue = useQuery({ queryKey: ["venue"], queryFn: () => good(api.GET("/v1/venue")), staleTime: 60_000 });
  const facts = loose<VenueFacts>(venue.data?.facts);
  const agree = facts.expiry?.approvals;
  const longest = longestHold(facts.clocks);
  const asksLesser = deed === "hold" || deed === "expire";
  const intro = { hold: w.holdIntro, release: w.releaseIntro, suspend: w.suspendIntro, lift: w.liftIntro, expire: w.expireIntro }[
    deed
  ];
  const consequences: ReactNode = (
    <ul className="pieces">
      <li>{intro}</li>
      {deed === "expire" && agree ? <li>{w.who(needed(agree))}</li> : null}
      {deed === "release" || deed === "lift" ? null : <li>{deed === "expire" ? w.toldNothing : w.told}</li>}
      {deed === "expire" ? (
        <li>
          <GroundTold ground={ground} measured={measured} />
        </li>
      ) : null}
      {deed === "release" || deed === "lift" ? null : <li>{w.spared}</li>}
    </ul>
  );
  return (
    <ActDialog
      title={w[deed]}
      intro={<p>{intro}</p>}
      body={{ reason, lesser, review_by: reviewer.trim(), review_due: due, ground }}
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
      {deed === "expire" ? <GroundField value={ground} onChange={setGround} /> : null}
      {deed === "hold" ? (
        <>
          <NeededField label={w.reviewer} hint={w.reviewerHint} value={reviewer} onChange={setReviewer} />
          <Choice
            label={w.due}
            value={within}
            of={[
              ["", w.dueVenue(longest === null ? "–" : duration(lang, longest))],
              ...shorterHolds(longest).map((ms) => [String(ms), w.dueIn(duration(lang, ms))] as const),
            ]}
            onChange={(chosen) => {
              setWithin(chosen);
              setDue(chosen === "" ? "" : new Date(Date.now() + Number(chosen)).toISOString());
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
      {deed === null ? null : <DeedDialog deed={deed} of={of.key} measured={of.measure != null} onClose={() => setDeed(null)} />}
    </div>
  );
}
