// Whom or what an entry is about, as its facts say. The list of entries and the page of one tell it alike.
import type { Schemas } from "../../../api/client";
import type { Lang } from "../../../i18n/words";
import { words } from "../../../i18n/words";

/** A kind of thing that entries are about, where it is looked at, and the facts that name it: the most telling first. */
const KINDS = [
  { kind: "key", place: "/keys/", facts: ["key", "keys"] },
  { kind: "case", place: "/cases/", facts: ["case"] },
  { kind: "gate", place: "/gates/", facts: ["gate"] },
  { kind: "user", place: null, facts: ["user", "users"] },
  { kind: "token", place: null, facts: ["token"] },
  { kind: "vendor", place: null, facts: ["vendor"] },
  { kind: "notice", place: null, facts: ["notice"] },
  { kind: "account", place: null, facts: ["account"] },
  { kind: "person", place: null, facts: ["person"] },
  { kind: "customer", place: null, facts: ["customer"] },
  { kind: "operator", place: null, facts: ["operator"] },
  { kind: "delegation", place: null, facts: ["delegation"] },
  { kind: "entry", place: "/ledger/", facts: ["entry"] },
  { kind: "approval", place: "/approvals/", facts: ["approval"] },
  { kind: "policy", place: "/policy/", facts: ["policy"] },
  { kind: "venue", place: null, facts: ["venue"] },
  { kind: "measure", place: null, facts: ["measure"] },
  { kind: "signals", place: null, facts: ["signals"] },
] as const;

export type Kind = (typeof KINDS)[number]["kind"];
export type Subject = { kind: Kind; id: string; to: string | null };

const kindWords = words(
  {
    key: "키",
    case: "케이스",
    gate: "게이트",
    user: "직원",
    token: "시스템 토큰",
    vendor: "외부 업체",
    notice: "안내",
    account: "계정",
    person: "개인",
    customer: "고객",
    operator: "운용자",
    delegation: "위임",
    entry: "기록",
    approval: "승인",
    policy: "정책",
    venue: "거래소",
    measure: "조치",
    signals: "탐지 신호",
  },
  {
    key: "Key",
    case: "Case",
    gate: "Gate",
    user: "Staff",
    token: "System token",
    vendor: "Vendor",
    notice: "Notice",
    account: "Account",
    person: "Person",
    customer: "Customer",
    operator: "Operator",
    delegation: "Delegation",
    entry: "Entry",
    approval: "Approval",
    policy: "Policy",
    venue: "Venue",
    measure: "Measure",
    signals: "Signal",
  },
);

export const kindText = (lang: Lang, kind: Kind): string => kindWords[lang][kind];

export type Facts = Record<string, unknown>;

/** The facts of an entry; none where its payload was erased. */
export function factsOf(entry: Schemas["LedgerEntry"]): Facts {
  const payload = entry.payload as { facts?: Facts } | null | undefined;
  return payload?.facts ?? {};
}

/** An approval names what it is about as `vendor:V1`. */
function named(subject: unknown): Subject[] {
  if (typeof subject !== "string") return [];
  const [kind, ...rest] = subject.split(":");
  const id = rest.join(":");
  const known = KINDS.find((one) => one.kind === kind);
  return known === undefined || id === "" ? [] : [at(known, id)];
}

const at = ({ kind, place }: (typeof KINDS)[number], id: string): Subject => ({
  kind,
  id,
  to: place === null ? null : `${place}${encodeURIComponent(id)}`,
});

/** What an entry is about: all of the first kind that its facts name. */
export function subjectsOf(facts: Facts): Subject[] {
  const approved = named(facts.subject);
  if (approved.length > 0) return approved;
  for (const known of KINDS) {
    for (const name of known.facts) {
      const value = facts[name];
      const ids = (Array.isArray(value) ? value : [value]).filter(
        (one): one is string | number => typeof one === "number" || (typeof one === "string" && one !== ""),
      );
      if (ids.length > 0) return ids.map((id) => at(known, String(id)));
    }
  }
  return [];
}

/** Who did it. */
export function actorOf(facts: Facts): string | null {
  return typeof facts.actor === "string" ? facts.actor : null;
}
