// How a policy stands, in words.
import { useWords } from "../../../i18n/lang";
import { Badge } from "../../../ui/basics";
import { policyWords } from "./words";

export function PolicyState({ state }: { state: string }) {
  const w = useWords(policyWords);
  if (state === "active") return <Badge tone="good">{w.active}</Badge>;
  if (state === "proposed") return <Badge tone="monitor">{w.proposed}</Badge>;
  if (state === "retired") return <Badge>{w.retired}</Badge>;
  return <Badge>{state}</Badge>;
}
