// Whether a gate obeys what was last decided, in words.
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge } from "../../../ui/basics";
import { gateWords } from "./words";

export type Live = { state: string; version?: number | null; behind?: number | null; heard?: string | null; stale: boolean };

export function Standing({ gate }: { gate: Live }) {
  const w = useWords(gateWords);
  const { lang } = useLang();
  if (gate.state === "revoked") return <Badge>{w.revoked}</Badge>;
  if (gate.state === "invited") return <Badge tone="monitor">{w.invited}</Badge>;
  if (gate.stale) return <Badge tone="expire">{w.stale}</Badge>;
  const behind = gate.behind ?? 0;
  if (behind > 0) return <Badge tone="warn">{w.behind(count(lang, behind))}</Badge>;
  return <Badge tone="good">{w.fresh}</Badge>;
}
