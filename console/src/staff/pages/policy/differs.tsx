// What a version changes, as the server tells it: lines in English, then the same in Korean.
import { useLang, useWords } from "../../../i18n/lang";
import type { Lang } from "../../../i18n/words";
import { policyWords } from "../policies/words";
import "./policy.css";

/** The lines of one language. Both begin with the same heading; line-by-line differences have none, and are shown whole. */
export function linesOf(lang: Lang, lines: readonly string[]): readonly string[] {
  const heading = lines[0];
  const second = heading === undefined ? -1 : lines.indexOf(heading, 1);
  if (second === -1) return lines;
  return lang === "en" ? lines.slice(0, second) : lines.slice(second);
}

/** How a line is marked, by its sign or its word in brackets. */
export function markOf(line: string): "looser" | "stricter" | "heading" | "plain" {
  const text = line.trim();
  if (/^\[(looser|완화)\]/.test(text)) return "looser";
  if (/^\[(stricter|강화)\]/.test(text)) return "stricter";
  if (/^\[/.test(text) || /^[-+]/.test(text)) return "plain";
  return "heading";
}

export function Differs({ lines }: { lines: readonly string[] }) {
  const w = useWords(policyWords);
  const { lang } = useLang();
  const [, ...shown] = linesOf(lang, lines);
  if (shown.length === 0 && lines.length <= 1) return <p className="muted">{w.same}</p>;
  return (
    <ul className="differs">
      {(shown.length === 0 ? lines : shown).map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines never move, and two may be alike
        <li key={index} className={markOf(line)}>
          {line.trim()}
        </li>
      ))}
    </ul>
  );
}
