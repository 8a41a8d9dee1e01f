// Whether a gate obeys what was last decided, in words.
import type { Schemas } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Time } from "../../../ui/basics";
import { gateWords } from "./words";

type Live = Schemas["GateStandView"];

/** When a gate was last heard. One that is connected and has nothing to say is not silent. */
export function Heard({ gate }: { gate: Live | undefined }) {
  const w = useWords(gateWords);
  return gate?.state === "connected" ? w.connected : <Time at={gate?.heard} />;
}

export function Standing({ gate }: { gate: Live }) {
  const w = useWords(gateWords);
  const { lang } = useLang();
  if (gate.stale) return <Badge tone="expire">{w.stale}</Badge>;
  if (gate.state !== "connected") return <Badge tone="warn">{w.away}</Badge>;
  if (gate.behind > 0) return <Badge tone="warn">{w.behind(count(lang, gate.behind))}</Badge>;
  return <Badge tone="good">{w.fresh}</Badge>;
}
