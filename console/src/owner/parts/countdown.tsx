// Time that is left, in words that a person can act on, told again as it gets short.
import { useLang, useWords } from "../../i18n/lang";
import { useNow } from "../../ui/basics";
import { partWords } from "./words";

/** `2시간 5분`, `1분 20초`. */
export function useSpan(): (ms: number) => string {
  const w = useWords(partWords);
  return (ms) => {
    const s = Math.max(0, Math.floor(ms / 1_000));
    if (s >= 86_400) return w.days(Math.floor(s / 86_400), Math.floor((s % 86_400) / 3_600));
    if (s >= 3_600) return w.hours(Math.floor(s / 3_600), Math.floor((s % 3_600) / 60));
    return w.minutes(Math.floor(s / 60), s >= 600 ? 0 : s % 60);
  };
}

/** What is left until then. Told to readers once a minute only: a voice that counts seconds helps nobody. */
export function Left({ until }: { until: string | null | undefined }) {
  const w = useWords(partWords);
  const span = useSpan();
  const { lang } = useLang();
  const at = until ? new Date(until).getTime() : Number.NaN;
  const now = useNow(1_000);
  if (Number.isNaN(at)) return null;
  const left = at - now;
  return (
    <span className={left < 60_000 ? "left urgent" : "left"} lang={lang}>
      {left <= 0 ? w.over : w.left(span(left))}
    </span>
  );
}
