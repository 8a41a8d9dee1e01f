// What the API gives as free JSON and these pages show: named here once. Every field may be missing, so that a record of an older version
// is shown with gaps and not with an error.
import type { Schemas } from "../../api/client";

export type Case = Schemas["CaseView"];
export type KeyView = Schemas["KeyView"];
export type Measured = Schemas["MeasureView"];
export type Signal = Schemas["SignalView"];
export type Approval = Schemas["ApprovalView"];
export type Plan = Schemas["PlanView"];
export type Effect = Schemas["EffectView"];
export type Said = Schemas["SentenceView"];

export type OnRecord = { code: string; values: Record<string, unknown> };

export type Step = {
  step: string;
  state: "open" | "done" | "waiver_asked" | "waived";
  by?: string | null;
  at?: string | null;
  result?: string | null;
  /** What the record itself says, where nobody did it. */
  on_record?: OnRecord | null;
  approver?: string | null;
};

export type CaseBody = {
  signals?: string[];
  alerts?: number;
  last_alert?: string;
  measure?: string | null;
  playbook?: Step[];
  merged_into?: string | null;
  reason?: string | null;
  closed_by?: string | null;
};

export type Term = { family: string; points: number };

export type MeasureBody = {
  signals?: string[];
  policy?: string | null;
  rule?: string | null;
  score?: string | null;
  points?: number | null;
  terms?: Term[];
  cause?: string | null;
  spared?: string;
  suspected?: string;
  decided?: string;
  obeyed?: { gate: string; at: string }[];
  ended?: { by: string } | null;
};

export type Bilingual = { ko: string; en: string };

export type Piece = {
  detector: string;
  code: string;
  points: number;
  counts_milli: number;
  at: string;
  signal: string;
  lowered_by?: Bilingual | null;
};

export type Part = {
  condition: string;
  said: Bilingual;
  reading: "met" | "not_met" | "unknown";
  values: [string, string | null][];
  /** Where one of several suffices: each of them. Servers of before say nothing of it. */
  either?: Part[];
};

export type Rule = {
  rule: string;
  measure: string;
  act: "machine" | "propose";
  reading: "met" | "not_met" | "unknown";
  condition: string;
  said: Bilingual;
  reason: Bilingual;
  parts: Part[];
  passed: boolean;
};

export type Explanation = {
  policy: string;
  at: string;
  segment?: string | null;
  measure?: string | null;
  since?: string | null;
  due?: string | null;
  proposed?: [string, string] | null;
  scores: { score: string; points: number; terms: (Term & { half_life_s: number; pieces: Piece[] })[] }[];
  hard: Record<string, string>;
  cleared: string[];
  settled: string[];
  rules: Rule[];
};

/** Free JSON as an object of which anything may be missing. */
export function loose<T extends object>(value: unknown): Partial<T> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Partial<T>) : {};
}

/** The explanation of a standing, if there is one. */
export function explanationOf(value: unknown): Explanation | null {
  const found = loose<Explanation>(value);
  return Array.isArray(found.scores) && Array.isArray(found.rules) ? (value as Explanation) : null;
}

/** A text of free JSON, if it is one. */
export function textOf(value: unknown, name: string): string | null {
  const found = loose<Record<string, unknown>>(value)[name];
  return typeof found === "string" ? found : null;
}
