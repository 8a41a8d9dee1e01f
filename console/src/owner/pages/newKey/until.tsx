// How long a key lives, the shortest first.

import { useLang, useWords } from "../../../i18n/lang";
import { Badge } from "../../../ui/basics";
import { dayInKorea } from "../../parts/when";
import { newKeyWords } from "./words";

/** Days offered. A month first: who still uses the key then asks again, and a forgotten one is gone. */
export const LIVES = [30, 90, 180, 365] as const;

export function Until({ days, most, onChange }: { days: number; most: number; onChange: (days: number) => void }) {
  const w = useWords(newKeyWords);
  const { lang } = useLang();
  const offered = [...new Set(LIVES.map((one) => Math.min(one, most)))];
  return (
    <div className="stack tight" role="radiogroup" aria-label={w.until}>
      <p>{w.untilText}</p>
      {offered.map((one, at) => (
        <label key={one} className={days === one ? "option chosen" : "option"}>
          <input type="radio" name="days" checked={days === one} onChange={() => onChange(one)} />
          <span>
            {w.days(one, dayInKorea(lang, new Date(Date.now() + one * 86_400_000).toISOString()))}{" "}
            {at === 0 ? <Badge tone="good">{w.shortest}</Badge> : null}
          </span>
        </label>
      ))}
    </div>
  );
}
