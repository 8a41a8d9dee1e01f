// Fields of what is recorded: each says its own error once somebody asked to go on, and how much of it the server takes.
import { createContext, useContext } from "react";
import type { TextFieldProps } from "react-aria-components";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Field, letters } from "../../ui/forms";
import { uiWords } from "../../ui/words";

const fieldWords = words(
  {
    reasonMissing: (label: string) => `“${label}” 항목을 자신의 말로 적어 주십시오. 원장에 남습니다.`,
    reason: "사유",
    reasonHint: "본 것과 판단을 자신의 말로 적습니다. 원장에 남습니다.",
    reasonShort: (least: string) => `${least}자 이상으로 무엇을 보았고 왜 그런지 적어 주십시오.`,
  },
  {
    reasonMissing: (label: string) => `Fill in “${label}” in your own words; it stands in the ledger.`,
    reason: "Reason",
    reasonHint: "What you saw and how you judge it, in your own words. It stands in the ledger.",
    reasonShort: (least: string) => `Say what you saw and why this follows, in ${least} characters at least.`,
  },
);

/** The server's own limit of a reason, in letters. */
export const REASON_MOST = 1_000;

/** The same of a brief one, which stands on one line: about people, tokens and gates, and for reading personal data. */
export const BRIEF_MOST = 200;

/** So many letters the server asks of a reason about keys, cases and approvals: "ok" is none. */
export const REASON_LEAST = 8;

/** Something is missing or too long, and the field it is about says so. */
export const AT_FIELDS = "";

/** Whether somebody asked to go on with what he filled in. */
export const Pressed = createContext(false);

/** What the server takes for no text, line breaks aside: what a screen would act on. A space stands for each. */
const UNPRINTABLE = /(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** A reason as it is kept while it is typed: its lines stand, what does not print becomes spaces. */
export const asReason = (text: string): string => text.replaceAll(/\r\n?/g, "\n").replaceAll(UNPRINTABLE, " ");

/** A field that must be filled in. `unsound`: what is wrong with what stands in it. */
export function NeededField({
  label,
  hint,
  value,
  onChange,
  unsound,
  most,
  ...rest
}: {
  label: string;
  hint?: string;
  value: string;
  onChange: (text: string) => void;
  unsound?: string | undefined;
  most?: number;
} & Pick<TextFieldProps, "autoFocus" | "autoComplete" | "inputMode" | "type">) {
  const ui = useWords(uiWords);
  const pressed = useContext(Pressed);
  const wrong = value.trim() === "" ? ui.needed(label) : unsound;
  return (
    <Field
      label={label}
      hint={hint}
      value={value}
      onChange={onChange}
      wrong={pressed ? wrong : undefined}
      most={most}
      isRequired
      validationBehavior="aria"
      {...rest}
    />
  );
}

/** A reason in one's own words. `brief`: on one line, and any will do. */
export function ReasonField({
  value,
  onChange,
  label,
  hint,
  brief = false,
}: {
  value: string;
  onChange: (text: string) => void;
  label?: string;
  hint?: string;
  brief?: boolean;
}) {
  const w = useWords(fieldWords);
  const name = label ?? w.reason;
  const pressed = useContext(Pressed);
  const least = brief ? 1 : REASON_LEAST;
  const long = letters(value.trim());
  const wrong = !pressed || long >= least ? undefined : long === 0 ? w.reasonMissing(name) : w.reasonShort(String(least));
  return (
    <Field
      label={name}
      hint={hint ?? w.reasonHint}
      lines={brief ? 1 : 3}
      value={value}
      onChange={(text) => onChange(brief ? asReason(text).replaceAll("\n", " ") : asReason(text))}
      wrong={wrong}
      most={brief ? BRIEF_MOST : REASON_MOST}
      isRequired
      validationBehavior="aria"
    />
  );
}

/** What keeps these reasons from being sent: one that says too little or too much. */
export function keptBy(...reasons: string[]): string | null {
  return reasons.some((one) => letters(one.trim()) < REASON_LEAST || letters(one) > REASON_MOST) ? AT_FIELDS : null;
}

/** The same of brief texts, which only must be there. */
export function keptByEmpty(...texts: string[]): string | null {
  return texts.some((one) => one.trim() === "" || letters(one) > BRIEF_MOST) ? AT_FIELDS : null;
}
