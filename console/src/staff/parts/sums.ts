// How pieces of evidence add up to a term, and what a condition asks in points. The figures are the server's; here they are only set beside
// each other so that whoever reads them can add them up.
import type { Lang } from "../../i18n/words";
import type { Piece, Rule } from "./shapes";

/** Rounding of so many points is put on the last piece that counts. */
const ROUNDED = 2;

/** What each piece adds to its term. `rest`: what keeps the sum from the term: the most that a kind of evidence may weigh. */
export function added(pieces: readonly Pick<Piece, "points" | "counts_milli">[], term: number): { adds: number[]; rest: number } {
  const adds = pieces.map((piece) => Math.round((piece.points * piece.counts_milli) / 1_000));
  const rest = term - adds.reduce((sum, one) => sum + one, 0);
  const last = adds.findLastIndex((one) => one !== 0);
  if (rest === 0 || Math.abs(rest) > ROUNDED || last < 0) return { adds, rest };
  return { adds: adds.map((one, index) => (index === last ? one + rest : one)), rest: 0 };
}

/** So many points the nearest rule asks for that this total has not reached; of totals beyond every rule, the most that one asks for. Null where
 * no rule asks for a total. Read from the server's own sentences: it says points nowhere else. */
export function asked(rules: readonly Pick<Rule, "parts">[], score: string, total: number): number | null {
  const form = new RegExp(`\\b${score}(?: risk)? total is at least ([\\d,]+) points`, "gi");
  const all = rules
    .flatMap((rule) => rule.parts)
    .flatMap((part) => [...inPoints("en", part.said.en).matchAll(form)].map((found) => Number(found[1]?.replaceAll(",", ""))))
    .filter((points) => points > 0)
    .sort((one, other) => one - other);
  return all.find((points) => points > total) ?? all.at(-1) ?? null;
}

/** A condition said in points alone. The server says it so; what it wrote into older records names a risk between 0 and 1 as well, which stands
 * for points by the policy's prior and is no probability that was ever calibrated. */
export function inPoints(lang: Lang, said: string): string {
  return lang === "ko"
    ? said.replaceAll(/위험이 [\d.]+ 이상\(([^()]+점)\)/g, "합계 $1 이상")
    : said.replaceAll(
        /the risk of (sharing|market)(?: abuse)? is at least [\d.]+ \(([^()]+ points)\)/g,
        "the $1 total is at least $2",
      );
}
