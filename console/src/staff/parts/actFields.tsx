// Fields of what is recorded: each says its own error once somebody asked to go on, and how much of it the server takes.
import { createContext, useContext } from "react";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Field, letters } from "../../ui/forms";
import { uiWords } from "../../ui/words";

const fieldWords = words(
  {
    reasonMissing: (label: string) => `“${label}” 항목을 자신의 말로 적어 주십시오. 원장에 남습니다.`,
    reason: "사유",
    reasonHint: "본 것과 판단을 자신의 말로 적습니다. 원장에 남습니다.",
  },
  {
    reasonMissing: (label: string) => `Fill in “${label}” in your own words; it stands in the ledger.`,
    reason: "Reason",
    reasonHint: "What you saw and how you judge it, in your own words. It stands in the ledger.",
  },
);

/** The server's own limit of a reason, in letters. */
export const REASON_MOST = 1_000;

/** Something is missing or too long, and the field it is about says so. */
export const AT_FIELDS = "";

/** Whether somebody asked to go on with what he filled in. */
export const Pressed = createContext(false);

/** What the server takes for no text: line breaks, and what a screen would act on. A space stands for each. */
const UNPRINTABLE = /[\p{Cc}\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** A field that must be filled in. */
export function NeededField({
  label,
  hint,
  value,
  onChange,
}: {
  label: string;
  hint?: string;
  value: string;
  onChange: (text: string) => void;
}) {
  const ui = useWords(uiWords);
  const empty = useContext(Pressed) && value.trim() === "";
  return (
    <Field
      label={label}
      hint={hint}
      value={value}
      onChange={onChange}
      wrong={empty ? ui.needed(label) : undefined}
      isRequired
      validationBehavior="aria"
    />
  );
}

/** A reason in one's own words. */
export function ReasonField({
  value,
  onChange,
  label,
  hint,
}: {
  value: string;
  onChange: (text: string) => void;
  label?: string;
  hint?: string;
}) {
  const w = useWords(fieldWords);
  const name = label ?? w.reason;
  const empty = useContext(Pressed) && value.trim() === "";
  return (
    <Field
      label={name}
      hint={hint ?? w.reasonHint}
      lines={3}
      value={value}
      onChange={(text) => onChange(text.replaceAll(UNPRINTABLE, " "))}
      wrong={empty ? w.reasonMissing(name) : undefined}
      most={REASON_MOST}
      isRequired
      validationBehavior="aria"
    />
  );
}

/** What keeps these texts from being sent: an empty one, or one that is too long. */
export function keptBy(...texts: string[]): string | null {
  return texts.some((text) => text.trim() === "" || letters(text) > REASON_MOST) ? AT_FIELDS : null;
}
