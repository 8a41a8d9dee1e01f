// Words and colours of states that many pages show. A state that is missing here does not compile.
import type { Schemas } from "../api/client";
import { useWords } from "../i18n/lang";
import { words } from "../i18n/words";
import { Badge, type Tone } from "./basics";

export type Measure = "monitor" | "warn" | "hold" | "reverify" | "expire";
export const MEASURES: readonly Measure[] = ["monitor", "warn", "hold", "reverify", "expire"];

export const measureWords = words(
  {
    monitor: "집중 모니터링",
    warn: "경고",
    hold: "일시 제한",
    reverify: "재확인",
    expire: "강제 만료",
    suspend: "정지",
    none: "조치 없음",
  },
  {
    monitor: "Monitoring",
    warn: "Warning",
    hold: "Hold",
    reverify: "Re-verification",
    expire: "Forced end",
    suspend: "Suspended",
    none: "No measure",
  },
);

export function MeasureBadge({ measure }: { measure: string | null | undefined }) {
  const w = useWords(measureWords);
  if (!measure) return <span className="muted">{w.none}</span>;
  const known = MEASURES.find((one) => one === measure);
  if (known) return <Badge tone={known}>{w[known]}</Badge>;
  // Not a step of the ladder: what staff do by themselves.
  return measure === "suspend" ? <Badge tone="hold">{w.suspend}</Badge> : <Badge>{measure.replaceAll("_", " ")}</Badge>;
}

type KeyState = Schemas["KeyStateWord"];
export const keyStateWords = words(
  { requested: "승인 대기", active: "사용 중", suspended: "정지", expired: "종료", rejected: "거절" },
  { requested: "Awaiting approval", active: "Active", suspended: "Suspended", expired: "Ended", rejected: "Rejected" },
);
const KEY_TONES: Record<string, Tone> = {
  active: "good",
  requested: "monitor",
  suspended: "hold",
  expired: "expire",
  rejected: "expire",
};

const standingWords = words(
  {
    cancels: "주문 취소만 가능",
    reads: "조회와 주문 취소만 가능",
    works: "그대로 사용 가능",
    toEnd: "아무것도 통과하지 않음",
    also: (measure: string) => `${measure} 조치도 있음`,
  },
  {
    cancels: "only cancelling",
    reads: "only reading and cancelling",
    works: "works as before",
    toEnd: "nothing passes",
    also: (measure: string) => `also: ${measure}`,
  },
);
type Passes = "cancels" | "reads" | "works" | "toEnd";
const PASSES: Record<Measure, Passes> = { monitor: "works", warn: "works", hold: "reads", reverify: "reads", expire: "toEnd" };

/** Where a key stands, in one: the stricter of its state and its measure, and what still passes. Never green while anything is in force. */
export function KeyStanding({ state, measure }: { state: KeyState | string; measure?: string | null | undefined }) {
  const w = useWords(standingWords);
  const measures = useWords(measureWords);
  const known = MEASURES.find((one) => one === measure);
  if (state === "suspended") {
    return (
      <span className="standing">
        <KeyStateBadge state={state} />{" "}
        <span className="muted">
          {w.cancels}
          {known === undefined ? "" : ` · ${w.also(measures[known])}`}
        </span>
      </span>
    );
  }
  if (state !== "active" || !measure) return <KeyStateBadge state={state} />;
  return (
    <span className="standing">
      <MeasureBadge measure={measure} /> {known === undefined ? null : <span className="muted">{w[PASSES[known]]}</span>}
    </span>
  );
}

export function KeyStateBadge({ state }: { state: KeyState | string }) {
  const w = useWords(keyStateWords) as Record<string, string>;
  return <Badge tone={KEY_TONES[state] ?? "plain"}>{w[state] ?? state}</Badge>;
}
