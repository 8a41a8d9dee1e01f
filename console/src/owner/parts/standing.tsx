// How a key stands and what it may do, in words: state, measure in force and cause of an end. Nothing of why the exchange thinks so.
import { useWords } from "../../i18n/lang";
import { Badge, type Tone } from "../../ui/basics";
import { type KeyView, useNotices, useVerifications } from "../reads";
import { partWords } from "./words";

export type Standing = "requested" | "ready" | "active" | "warn" | "hold" | "reverify" | "suspended" | "expired" | "rejected";

export function standing(key: KeyView): Standing {
  // Its record is closed moments after its time; the gate goes by its own clock.
  if ((key.state === "active" || key.state === "suspended") && new Date(key.expires).getTime() <= Date.now()) return "expired";
  switch (key.state) {
    case "requested":
      return key.approvals.every((step) => step.granted) ? "ready" : "requested";
    case "active":
      return key.measure === "warn" || key.measure === "hold" || key.measure === "reverify" ? key.measure : "active";
    default:
      return key.state;
  }
}

export const lives = (key: KeyView) => ["active", "warn", "hold", "reverify", "suspended"].includes(standing(key));
export const isOver = (key: KeyView) => ["expired", "rejected"].includes(standing(key));

const TONES: Record<Standing, Tone> = {
  requested: "monitor",
  ready: "good",
  active: "good",
  warn: "warn",
  hold: "hold",
  reverify: "reverify",
  suspended: "hold",
  expired: "plain",
  rejected: "plain",
};

export function StandingBadge({ of }: { of: KeyView }) {
  const w = useWords(partWords);
  const stands = standing(of);
  const text: Record<Standing, string> = {
    requested: w.standRequested,
    ready: w.standReady,
    active: w.standActive,
    warn: w.standWarn,
    hold: w.standHold,
    reverify: w.standReverify,
    suspended: w.standSuspended,
    expired: w.standExpired,
    rejected: w.standRejected,
  };
  return <Badge tone={TONES[stands]}>{text[stands]}</Badge>;
}

/** Whether the time to be verified is over for a key that waits for it: there is nothing left for him to do there. */
export function useTooLate(): (key: KeyView) => boolean {
  const all = useVerifications().data;
  // The newest first.
  return (key) => standing(key) === "reverify" && all?.find((one) => one.key === key.key)?.state === "timed_out";
}

/** What its state means for him, in a sentence. */
export function useStandingText(): (key: KeyView) => string {
  const w = useWords(partWords);
  const notices = useNotices().data;
  const tooLate = useTooLate();
  return (key) => {
    const warned = notices?.find((one) => one.key === key.key && one.kind === "measure.warn");
    const stands = standing(key);
    const cause: Record<string, string> = {
      natural: w.causeNatural,
      owner: w.causeOwner,
      rotated: w.causeRotated,
      forced: w.causeForced,
      leaked: w.causeLeaked,
    };
    const text: Record<Standing, string> = {
      requested: w.tellRequested,
      ready: w.tellReady,
      active: w.tellActive,
      warn: warned?.acknowledged ? w.tellWarnRead : w.tellWarn,
      hold: w.tellHold,
      reverify: tooLate(key) ? w.tellReverifyOver : w.tellReverify,
      suspended: w.tellSuspended,
      expired: `${cause[key.cause ?? ""] ?? ""} ${w.tellExpired}`.trim(),
      rejected: w.tellRejected,
    };
    return text[stands];
  };
}

/** What matters most about a key's rights, the most dangerous always named: may it place orders, may it withdraw. Under a cut, what it can do
now stands first, and what it was given second. */
export function Rights({ of }: { of: KeyView }) {
  const w = useWords(partWords);
  const has = (scope: string) => of.scopes.some((one) => one === scope);
  const reads = of.scopes.some((scope) => scope.startsWith("read_"));
  const moves = (["transfer", "deposit", "sub_accounts"] as const).filter(has);
  const stands = standing(of);
  const given = (
    <ul className="rights">
      {reads ? <li className="yes">{w.can(w.read)}</li> : null}
      <li className={has("trade") ? "yes" : "no"}>{has("trade") ? w.can(w.trade) : w.cannot(w.trade)}</li>
      {moves.map((scope) => (
        <li key={scope} className="yes">
          {w.can(w[scope])}
        </li>
      ))}
      <li className={has("withdraw") ? "yes danger" : "no"}>{has("withdraw") ? w.can(w.withdraw) : w.cannot(w.withdraw)}</li>
    </ul>
  );
  if (stands !== "hold" && stands !== "reverify" && stands !== "suspended") return given;
  const nowReads = reads && stands !== "suspended";
  return (
    <div className="rights-cut">
      <span className="label">{w.now}</span>
      <ul className="rights">
        {reads ? <li className={nowReads ? "yes" : "no"}>{nowReads ? w.can(w.read) : w.cannot(w.read)}</li> : null}
        <li className={has("cancel") ? "yes" : "no"}>{has("cancel") ? w.can(w.cancel) : w.cannot(w.cancel)}</li>
        <li className="no">{w.cannot(w.trade)}</li>
        {moves.map((scope) => (
          <li key={scope} className="no">
            {w.cannot(w[scope])}
          </li>
        ))}
        <li className="no">{w.cannot(w.withdraw)}</li>
      </ul>
      <span className="label muted">{w.normally}</span>
      <div className="given">{given}</div>
    </div>
  );
}

export function usePurpose(): (purpose: string) => string {
  const w = useWords(partWords) as unknown as Record<string, string>;
  return (purpose) => w[`purpose_${purpose}`] ?? purpose;
}
