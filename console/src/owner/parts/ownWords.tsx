// A field for what somebody says in his own words: as many letters as the record keeps, counted while he types. What is too long is said at
// the field before it is sent, and nothing that was typed or pasted is ever cut off.
import { useWords } from "../../i18n/lang";
import { Field, letters } from "../../ui/forms";
import { partWords } from "./words";

/** As the server takes it. */
const LETTERS_MAX = 1_000;
const LETTERS_MIN = 8;

/** Whether the text can be sent, and what is wrong with one that says too little; of one that is too long the field itself says so. */
export function useSendable(text: string): { sendable: boolean; wrong: string | undefined } {
  const w = useWords(partWords);
  const count = letters(text.trim());
  const short = count < LETTERS_MIN;
  return { sendable: !short && letters(text) <= LETTERS_MAX, wrong: short ? w.tooShort(LETTERS_MIN) : undefined };
}

export function OwnWords({
  label,
  hint,
  value,
  onChange,
  wrong,
}: {
  label: string;
  hint: string;
  value: string;
  onChange: (text: string) => void;
  wrong: string | undefined;
}) {
  return <Field label={label} hint={hint} lines={5} most={LETTERS_MAX} value={value} onChange={onChange} wrong={wrong} />;
}
