// A ladder as the server says it, taken apart: measures, their rules, who acts, and each condition as a tree. The server sends it as one text in
// both languages; what does not have the shape looked for here is null, and is shown as that text. Decides nothing about the policy itself.
import { MEASURES, type Measure } from "../../../ui/measure";

/** A condition: said as it is, or made of others. */
export type Tree = string | { all: Tree[] } | { any: Tree[] } | { not: Tree };
export type Rule = { machine: boolean; title: string; when: Tree };
export type Step = { measure: Measure; effect: string; rules: Rule[]; leaves: string[] };
export type LadderText = { steps: Step[]; rest: string[] };

const RULE = /^ {2}· \[(.+?)\] (.+)$/;
const WHEN = /^ {6}(?:조건:|when) (.+)$/;
const MACHINE = new Set(["자동", "by machine"]);
const PEOPLE = new Set(["사람이 결정", "people decide"]);

/** Takes a text apart. */
export function ladderOf(text: string): LadderText | null {
  const blocks = text
    .trim()
    .split(/\n\n+/)
    .map((block) => block.split("\n"));
  // The title, a block for each measure in their order, and what holds for all.
  if (blocks.length < MEASURES.length + 1) return null;
  const steps: Step[] = [];
  for (const [at, measure] of MEASURES.entries()) {
    const step = stepOf(measure, blocks[at + 1] ?? []);
    if (step === null) return null;
    steps.push(step);
  }
  return { steps, rest: blocks.slice(MEASURES.length + 1).flat() };
}

function stepOf(measure: Measure, [head = "", ...lines]: string[]): Step | null {
  const [name, effect] = head.split(" — ");
  if (!name || !effect || head.startsWith(" ")) return null;
  const step: Step = { measure, effect, rules: [], leaves: [] };
  let title: RegExpExecArray | null = null;
  for (const line of lines) {
    const rule = RULE.exec(line);
    const when = WHEN.exec(line)?.[1];
    if (rule !== null) {
      if (title !== null) return null;
      title = rule;
    } else if (title !== null) {
      const who = title[1] ?? "";
      if (when === undefined || !(MACHINE.has(who) || PEOPLE.has(who))) return null;
      step.rules.push({ machine: MACHINE.has(who), title: title[2] ?? "", when: treeOf(when) });
      title = null;
    } else step.leaves.push(line.trim());
  }
  return title === null ? step : null;
}

const ANY = / or (?!more\b)|, 또는 /y;
const ALL = / and |, 그리고 /y;
const OPENS = "(‘“";
const CLOSES = ")’”";

/** Cuts at what joins, outside brackets and quotation marks. */
function cut(text: string, joins: RegExp): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (OPENS.includes(char)) depth++;
    else if (CLOSES.includes(char)) depth--;
    else if (depth === 0) {
      joins.lastIndex = at;
      const found = joins.exec(text)?.[0];
      if (found === undefined) continue;
      parts.push(text.slice(from, at));
      from = at + found.length;
      at = from - 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/** A condition as a tree: "and" binds closer than "or", as the server writes it. */
export function treeOf(text: string): Tree {
  const said = text.trim();
  const any = cut(said, ANY);
  if (any.length > 1) return { any: any.map(treeOf) };
  const all = cut(said, ALL);
  if (all.length > 1) return { all: all.map(treeOf) };
  const inside = /^(not |다음이 아닐 때)?\((.+)\)$/.exec(said);
  const inner = inside?.[2];
  if (inner === undefined) return said;
  return inside?.[1] === undefined ? treeOf(inner) : { not: treeOf(inner) };
}

function shape(tree: Tree): string {
  if (typeof tree === "string") return ".";
  if ("not" in tree) return `!${shape(tree.not)}`;
  return "all" in tree ? `&(${tree.all.map(shape).join("")})` : `|(${tree.any.map(shape).join("")})`;
}

/** A ladder taken apart, if both languages come out alike: a word that happens to look like a join shows in one of them only. */
export function ladderIn(lang: "ko" | "en", said: { ko: string; en: string }): LadderText | null {
  const [ko, en] = [ladderOf(said.ko), ladderOf(said.en)];
  const alike = (one: LadderText | null) =>
    JSON.stringify(one?.steps.map(({ rules }) => rules.map((rule) => [rule.machine, shape(rule.when)])));
  if (ko === null || en === null || alike(ko) !== alike(en)) return null;
  return lang === "ko" ? ko : en;
}
