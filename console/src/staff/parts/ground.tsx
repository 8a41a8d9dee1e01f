// On what ground a key is ended by force, as its owner reads it: chosen by whoever proposes, shown to whoever decides. What the owner is told
// word for word the server writes; these name it for staff.
import type { Schemas } from "../../api/client";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Choice } from "../../ui/forms";

export type Ground = Schemas["GroundWord"];

export const GROUNDS: readonly Ground[] = ["secret_out", "used_by_others", "prohibited_use", "control_not_shown"];

export const groundWords = words(
  {
    label: "소유자에게 알릴 확인 내용",
    hint: "키가 종료되면 소유자가 안내에서 읽습니다. 고르지 않으면 시행 중인 조치에서 본 것이나 담당자가 확인했다는 것만 알립니다. 위에 적은 사유는 보내지 않습니다.",
    none: "따로 고르지 않음",
    noneSaid: "따로 고르지 않음",
    secret_out: "다른 사람이 시크릿 키를 알고 있음",
    used_by_others: "등록되지 않은 다른 사람이 사용함",
    prohibited_use: "API 이용 약관에서 금지한 방법으로 사용됨",
    control_not_shown: "소유자가 직접 사용하는지 확인하지 못함",
  },
  {
    label: "What the owner is told was found",
    hint: "The owner reads it once the key has ended. If none is named, it says what measures in force saw, or only that staff checked. The reason you wrote above is not sent.",
    none: "None named",
    noneSaid: "None named",
    secret_out: "Somebody else knows the secret key",
    used_by_others: "Somebody not on record used the key",
    prohibited_use: "It was used in a way that the terms for API keys forbid",
    control_not_shown: "It was not shown that the owner uses it",
  },
);

/** A ground as free JSON has it, in words; null where it is none. */
export function useGroundSaid(): (ground: unknown) => string | null {
  const w = useWords(groundWords);
  return (ground) => {
    const known = GROUNDS.find((one) => one === ground);
    return known === undefined ? null : w[known];
  };
}

/** Not asked for: without one the owner reads what was seen. */
export function GroundField({ value, onChange }: { value: Ground | ""; onChange: (ground: Ground | "") => void }) {
  const w = useWords(groundWords);
  return (
    <Choice
      label={w.label}
      hint={w.hint}
      value={value}
      of={[["", w.none] as const, ...GROUNDS.map((one) => [one, w[one]] as const)]}
      onChange={onChange}
    />
  );
}
