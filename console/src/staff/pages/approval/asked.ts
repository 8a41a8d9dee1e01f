// What an approval asks, in words; and whether whoever looks may decide it. The server decides about both: this only says so in time.
import { useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { shortId } from "../../../ui/ids";
import { measureWords } from "../../../ui/measure";
import { roleText, roleWords } from "../../../ui/roles";
import { type Approval, loose, type MeasureBody, textOf } from "../../parts/shapes";
import { actionWords, word } from "../../parts/words";
import { approvalWords } from "./words";

export type Asked = {
  key: string;
  customer: string;
  step: string | null;
  scopes: string[] | null;
  allowlist: (string | { prefix: string })[] | null;
  reason: string | null;
  lesser: string | null;
  ground: string | null;
  measure: string;
  measure_id: string;
  case_id: string;
  body: MeasureBody;
  ramp: unknown;
  plan: unknown;
  resume: boolean;
  /** Version it was held against; 0 where it is new. */
  before: number;
  shown: {
    account?: string;
    segment?: string;
    purpose?: string;
    application?: string;
    operator?: string;
    vendor?: string | null;
    expires?: string;
  };
};

/** One sentence: what is asked. */
export function useAskedSentence(): (of: Approval) => string {
  const w = useWords(approvalWords);
  const actions = useWords(actionWords) as Record<string, unknown>;
  const measures = useWords(measureWords) as Record<string, unknown>;
  return (of) => {
    const asked = loose<Asked>(of.request);
    const key = shortId(asked.key ?? of.subject.split(":").slice(1).join(":"));
    switch (of.action) {
      case "key.expire":
        return w.sExpire(key);
      case "key.measure":
        return w.sMeasure(word(measures, asked.measure), key);
      case "key.grant":
        return w.sGrant(key, textOf(asked.shown, "account") ?? "–");
      case "key.widen":
        return w.sWiden(key);
      case "campaign.set": {
        const name = textOf(asked.plan, "name");
        if (name === null) return word(actions, of.action);
        return asked.resume === true
          ? w.sCampaignResume(name)
          : asked.before === 0
            ? w.sCampaignBegin(name)
            : w.sCampaignLater(name);
      }
      case "ramp.set":
        return word(actions, of.action);
      default:
        return w.sOther(word(actions, of.action), shortId(of.subject.split(":").slice(1).join(":") || of.subject));
    }
  };
}

/** How many of a role agreed. */
export function agreed(of: Approval, role: string): number {
  return of.decisions.filter((one) => one.role === role && one.decision === "approve").length;
}

/** Why whoever is signed in may not decide it; undefined where he may. */
export function useNoDecision(): (of: Approval, now: number, worksCase?: boolean) => string | undefined {
  const w = useWords(approvalWords);
  const roles = useWords(roleWords);
  const { session } = useMe();
  return (of, now, worksCase = false) => {
    if (of.state !== "open") return w.wClosed;
    if (Date.parse(of.due) <= now) return w.wDue;
    if (of.requested_by === session.principal) return w.wOwn;
    if (of.decisions.some((one) => one.by === session.principal)) return w.wTwice;
    const open = of.needed.filter((needed) => of.decisions.filter((one) => one.role === needed.role).length < needed.count);
    if (!open.some((needed) => session.roles.includes(needed.role))) {
      return w.wRole(of.needed.map((needed) => roleText(roles, needed.role)).join(", "));
    }
    return worksCase ? w.wCase : undefined;
  };
}
