// Says beforehand whether the second factor shown at the exchange still counts, so that nobody is refused after he has done all the rest. Only
// a hint by this device's clock: the server decides.
import { useSessionQuery } from "../../api/session";
import { useWords } from "../../i18n/lang";
import { useNow } from "../../ui/basics";
import { useFacts } from "../facts";
import { StepUp } from "./act";
import { useSpan } from "./countdown";
import { partWords } from "./words";

/** Below this, whoever reads the page slowly may be too late. */
const SHORT_MS = 120_000;

export function FactorHint() {
  const w = useWords(partWords);
  const span = useSpan();
  const now = useNow(5_000);
  const factor = useSessionQuery().data?.second_factor;
  const minutes = useFacts().data?.second_factor.age_minutes_max;
  if (minutes === undefined) return null;
  const left = factor ? new Date(factor.at).getTime() + minutes * 60_000 - now : 0;
  if (left <= 0) return <StepUp />;
  return left < SHORT_MS ? <p className="muted">{w.factorLeft(span(left))}</p> : null;
}
