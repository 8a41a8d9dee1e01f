// On what ground a key is ended by force, as its owner reads it: chosen by whoever proposes, shown to whoever decides. What the owner is told
// word for word the server writes; these name it for staff.
import type { Schemas } from "../../api/client";
import { useLang, useWords } from "../../i18n/lang";
import { type Lang, words } from "../../i18n/words";
import { Choice } from "../../ui/forms";

export type Ground = Schemas["GroundWord"];

export const GROUNDS: readonly Ground[] = ["secret_out", "used_by_others", "prohibited_use", "control_not_shown"];

export const groundWords = words(
  {
    label: "소유자에게 알릴 확인 내용",
    hint: "키가 종료되면 소유자에게 안내됩니다. 고르지 않으면 시행 중인 조치에서 확인된 내용이나, 담당자가 확인했다는 사실만 안내됩니다. 위에 적은 사유는 보내지 않습니다.",
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

/** What the owner reads of each, word for word as the server writes it (`key.ground.*` of its notices). */
export const groundRead = words(
  {
    secret_out:
      "확인된 내용: 다른 사람이 이 키의 시크릿 키를 알고 있습니다. 고객님을 보호하기 위해 종료했습니다. 같은 시크릿 키를 보관한 다른 곳이 있는지 살펴 주십시오.",
    used_by_others:
      "확인된 내용: 등록되지 않은 다른 사람이 이 키를 사용했습니다. 다른 사람이 쓰고 있는 고객님의 키가 더 있다면 지금 종료해 주십시오.",
    prohibited_use: "확인된 내용: 이 키가 API 이용 약관에서 금지한 방법으로 사용되었습니다.",
    control_not_shown: "확인된 내용: 이 키를 고객님이 직접 사용하고 계신지 확인하지 못했습니다.",
  },
  {
    secret_out:
      "What was found: somebody else knows the secret key of this key. It was ended to protect you. Please look where else this secret key is kept.",
    used_by_others:
      "What was found: somebody else, who is not on record, used this key. If somebody else uses another key of yours, end it now.",
    prohibited_use: "What was found: this key was used in a way that the terms for API keys forbid.",
    control_not_shown: "What was found: it could not be shown that you use this key yourself.",
  },
);

/** The same of a ground as free JSON has it; null where it is none. */
export function groundReadOf(lang: Lang, ground: unknown): string | null {
  const known = GROUNDS.find((one) => one === ground);
  return known === undefined ? null : groundRead[lang][known];
}

const toldWords = words(
  {
    reads: "키가 종료되면 소유자에게 다음 내용이 안내됩니다.",
    also: "시행 중인 조치에서 확인된 내용이 있으면 함께 안내됩니다.",
    onlyMeasures:
      "확인 내용을 따로 고르지 않았습니다. 키가 종료되면 소유자에게는 거래소가 확인 후 종료했다는 사실과, 시행 중인 조치에서 확인된 내용이 있으면 그 내용이 안내됩니다.",
    onlyCheck: "확인 내용을 따로 고르지 않았습니다. 키가 종료되면 소유자에게는 거래소가 확인 후 종료했다는 사실만 안내됩니다.",
  },
  {
    reads: "Once the key has ended, its owner reads this as what was found:",
    also: "What measures in force saw, if anything, stands beside it.",
    onlyMeasures:
      "No ground is named. Once the key has ended, its owner reads that the exchange ended it after a check, and what measures in force saw, if anything.",
    onlyCheck: "No ground is named. Once the key has ended, its owner reads only that the exchange ended it after a check.",
  },
);

/** What the owner of a key that is ended by force reads was found: of the ground that was chosen, or that none was. */
export function GroundTold({ ground, measured }: { ground: unknown; measured: boolean }) {
  const w = useWords(toldWords);
  const { lang } = useLang();
  const read = groundReadOf(lang, ground);
  if (read === null) return <p>{measured ? w.onlyMeasures : w.onlyCheck}</p>;
  return (
    <div className="stack tight">
      <p>{w.reads}</p>
      <p>
        <q>{read}</q>
      </p>
      {measured ? <p>{w.also}</p> : null}
    </div>
  );
}

/** A ground as free JSON has it, in words; null where it is none. */
export function useGroundSaid(): (ground: unknown) => string | null {
  const w = useWords(groundWords);
  return (ground) => {
    const known = GROUNDS.find((one) => one === ground);
    return known === undefined ? null : w[known];
  };
}

/** Not asked for: without one the owner reads what was seen, or only that there was a check. */
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
