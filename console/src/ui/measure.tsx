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
    none: "조치 없음",
  },
  {
    monitor: "Monitored",
    warn: "Warned",
    hold: "On hold",
    reverify: "Re-verification",
    expire: "Forced end",
    none: "No measure",
  },
);

export function MeasureBadge({ measure }: { measure: string | null | undefined }) {
  const w = useWords(measureWords);
  if (!measure) return <span className="muted">{w.none}</span>;
  const known = MEASURES.find((one) => one === measure);
  return known ? <Badge tone={known}>{w[known]}</Badge> : <Badge>{measure}</Badge>;
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

export function KeyStateBadge({ state }: { state: KeyState | string }) {
  const w = useWords(keyStateWords) as Record<string, string>;
  return <Badge tone={KEY_TONES[state] ?? "plain"}>{w[state] ?? state}</Badge>;
}
