// What a version changes, as the server tells it: lines in English, then the same in Korean.
import { count } from "../../../i18n/format";
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

/** Lines under their headings: the whole policy first, then segment by segment. */
export function groupsOf(lines: readonly string[]): { heading: string; lines: string[] }[] {
  const groups: { heading: string; lines: string[] }[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (markOf(line) === "heading") groups.push({ heading: line.trim(), lines: [] });
    else if (last === undefined) groups.push({ heading: "", lines: [line] });
    else last.lines.push(line);
  }
  return groups.filter((group) => group.lines.length > 0);
}

export function Differs({ lines }: { lines: readonly string[] }) {
  const w = useWords(policyWords);
  const { lang } = useLang();
  const groups = groupsOf(linesOf(lang, lines));
  if (groups.length === 0) return <p className="muted">{w.same}</p>;
  return (
    <div className="stack tight">
      {groups.map((group, index) => (
        <details key={group.heading} open={index === 0}>
          <summary>
            {group.heading} ({count(lang, group.lines.length)})
          </summary>
          <ul className="differs">
            {group.lines.map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines never move, and two may be alike
              <li key={at} className={markOf(line)}>
                {line.trim()}
              </li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}
