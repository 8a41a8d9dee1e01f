// When something is or was, as the exchange's own letters say it: in Korean time, with the zone named, wherever the reader is. The server
// writes the times in its sentences the same way (`policy::explain::moment`).
import { useLang } from "../../i18n/lang";
import type { Lang } from "../../i18n/words";

/** Korea is as far ahead of UTC all year round. */
const KST_MS = 9 * 3_600_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (n: number) => String(n).padStart(2, "0");

/** `18 Feb 2027`, `2027년 2월 18일`. */
export function dayInKorea(lang: Lang, text: string): string {
  const at = new Date(Date.parse(text) + KST_MS);
  if (Number.isNaN(at.getTime())) return text;
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  return lang === "ko" ? `${year}년 ${month + 1}월 ${day}일` : `${day} ${MONTHS[month]} ${year}`;
}

/** `18 Feb 2027, 14:05 KST`, `2027년 2월 18일 14:05(한국 시간)`. The zone never stands on a line of its own half. */
export function inKorea(lang: Lang, text: string): string {
  const at = new Date(Date.parse(text) + KST_MS);
  if (Number.isNaN(at.getTime())) return text;
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  return lang === "ko" ? `${dayInKorea(lang, text)} ${clock}(한국\u00a0시간)` : `${dayInKorea(lang, text)}, ${clock} KST`;
}

/** `14:05:20`: what is done by the second, beside a count of seconds. */
export function clockInKorea(ms: number): string {
  const at = new Date(ms + KST_MS);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

export function When({ at }: { at: string | null | undefined }) {
  const { lang } = useLang();
  if (!at) return <span className="muted">–</span>;
  return (
    <time dateTime={at} title={`${inKorea(lang, at)} (UTC ${at})`}>
      {inKorea(lang, at)}
    </time>
  );
}
