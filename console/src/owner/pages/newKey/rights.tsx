// What a key may do: reading always, the rest switched on one by one, what moves assets folded away. Whoever must agree follows from it.
import type { Schemas } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Check } from "../../../ui/forms";
import type { Facts, SegmentRules } from "../../facts";
import { useVendors } from "../../reads";
import type { Draft } from ".";
import { newKeyWords } from "./words";

type Scope = Schemas["ScopeWord"];
export type Right = "trade" | "deposit" | "transfer" | "withdraw" | "sub_accounts";
const MOVING: readonly Right[] = ["deposit", "transfer", "sub_accounts", "withdraw"];

/** What may be switched on for this purpose and tool. */
function offered(draft: Draft, facts: Facts, vendorScopes: readonly string[] | undefined): Right[] {
  const most = facts.purposes[draft.purpose]?.scopes_max ?? [];
  const within = (scope: string) => most.includes(scope) && (vendorScopes === undefined || vendorScopes.includes(scope));
  return (["trade", ...MOVING] as const).filter(
    (right) => within(right) && !(right === "withdraw" && draft.purpose === "third_party_tool"),
  );
}

export function scopesOf(draft: Draft, facts: Facts): Scope[] {
  const most = facts.purposes[draft.purpose]?.scopes_max ?? [];
  return ["read", ...draft.rights.filter((right) => most.includes(right))];
}

export function Rights({ draft, facts, put }: { draft: Draft; facts: Facts; put: (change: Partial<Draft>) => void }) {
  const w = useWords(newKeyWords);
  const vendor = useVendors().data?.find((one) => one.vendor === draft.vendor);
  const rights = offered(draft, facts, draft.purpose === "third_party_tool" ? vendor?.scopes : undefined);
  const moving = rights.filter((right) => MOVING.includes(right));
  const flip = (right: Right, on: boolean) =>
    put({ rights: on ? [...draft.rights, right] : draft.rights.filter((one) => one !== right) });
  const one = (right: Right) => (
    <Check key={right} on={draft.rights.includes(right)} onChange={(on) => flip(right, on)}>
      <strong>{w[right]}</strong>
      <br />
      <span className="muted">{w[`${right}Text`]}</span>
    </Check>
  );
  return (
    <div className="stack">
      <Check on disabled onChange={() => undefined}>
        <strong>{w.read}</strong>
        <br />
        <span className="muted">{w.readText}</span>
      </Check>
      {rights.includes("trade") ? one("trade") : null}
      {moving.length === 0 ? null : (
        <details open={moving.some((right) => draft.rights.includes(right))}>
          <summary>{w.risky}</summary>
          <div className="stack">{moving.map(one)}</div>
        </details>
      )}
    </div>
  );
}

/** Who must agree before a key with these rights lives. */
export function Approved({ scopes, rules }: { scopes: readonly Scope[]; rules: SegmentRules | undefined }) {
  const w = useWords(newKeyWords);
  if (rules === undefined) return null;
  const moves = scopes.some((scope) => MOVING.some((right) => right === scope));
  const needed = [
    ...rules.approvals.read,
    ...(scopes.includes("trade") ? rules.approvals.trade : []),
    ...(moves ? rules.approvals.transfer : []),
  ];
  if (needed.length === 0) return <p>{w.checkNone}</p>;
  const who: Record<string, (n: number) => string> = {
    analyst: w.analyst,
    approver: w.approver,
    compliance_lead: w.compliance_lead,
    corporate_admin: w.corporate_admin,
    security_admin: w.security_admin,
  };
  const told = [...new Set(needed.map(({ role, count }) => who[role]?.(count) ?? role))];
  return <p>{w.checkSome(told.join(w.and))}</p>;
}
