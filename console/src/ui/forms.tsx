// Fields, boxes and dialogs. Labels always stand beside fields; what is wrong is said at the field and read out.
import { type ReactNode, useEffect, useId, useState } from "react";
import {
  Dialog as AriaDialog,
  Checkbox,
  FieldError,
  Heading,
  Input,
  Label,
  Modal,
  ModalOverlay,
  Text,
  TextArea,
  TextField,
  type TextFieldProps,
} from "react-aria-components";
import { count } from "../i18n/format";
import { useLang, useWords } from "../i18n/lang";
import { Button } from "./basics";
import { useFresh } from "./fresh";
import { uiWords } from "./words";

/** Letters as the server counts them. */
export const letters = (text: string): number => [...text].length;

/** A field. What is wrong with it is said beside it and never keeps a form from being sent again: the server has the last word. */
export function Field({
  label,
  hint,
  wrong,
  lines = 1,
  most,
  placeholder,
  ...rest
}: Omit<TextFieldProps, "children" | "className"> & {
  label: string;
  hint?: string | undefined;
  wrong?: string | undefined;
  lines?: number;
  /** So many letters the server takes. More can be typed, so that nothing pasted is lost: it says how many are too many. */
  most?: number | undefined;
  placeholder?: string;
}) {
  const w = useWords(uiWords);
  const { lang } = useLang();
  const given = placeholder === undefined ? {} : { placeholder };
  const long = most === undefined ? 0 : letters(rest.value ?? "");
  const over = most === undefined ? 0 : long - most;
  const said = wrong ?? (over > 0 && most !== undefined ? w.tooLong(count(lang, over), count(lang, most)) : undefined);
  return (
    <TextField validationBehavior="aria" {...rest} className="field" isInvalid={said !== undefined}>
      <Label>{label}</Label>
      {lines > 1 ? <TextArea className="input" rows={lines} {...given} /> : <Input className="input" {...given} />}
      {hint === undefined ? null : (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      )}
      {most === undefined || long === 0 ? null : (
        <span className="hint counted">{w.counted(count(lang, long), count(lang, most))}</span>
      )}
      <FieldError className="wrong">{said}</FieldError>
    </TextField>
  );
}

/** What was chosen stands at once, though what keeps it, such as the address, follows a moment later: the next arrow key goes on from there. */
function useChosen<V extends string>(value: V, onChange: (value: V) => void): [V, (value: V) => void] {
  // What was chosen and is not heard of yet, in order. Until the last of it comes back, it is what stands.
  const [ahead, setAhead] = useState<readonly V[]>([]);
  const [heard, setHeard] = useState(value);
  if (heard !== value) {
    setHeard(value);
    // Something else than was chosen here, such as the browser's way back: that is what stands now.
    setAhead(ahead.slice(ahead.includes(value) ? ahead.indexOf(value) + 1 : ahead.length));
  }
  const choose = (next: V) => {
    setAhead(next === value ? [] : [...ahead, next]);
    onChange(next);
  };
  return [ahead.at(-1) ?? value, choose];
}

/** One of a few. The browser's own: known to every keyboard and reader. */
export function Choice<V extends string>({
  label,
  value,
  of,
  onChange,
  hint,
}: {
  label: string;
  value: V;
  of: readonly (readonly [V, string])[];
  onChange: (value: V) => void;
  hint?: string;
}) {
  const id = useId();
  const [shown, choose] = useChosen(value, onChange);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={shown} onChange={(event) => choose(event.target.value as V)}>
        {of.map(([word, text]) => (
          <option key={word} value={word}>
            {text}
          </option>
        ))}
      </select>
      {hint === undefined ? null : <span className="hint">{hint}</span>}
    </div>
  );
}

export function Check({
  on,
  onChange,
  children,
  disabled = false,
}: {
  on: boolean;
  onChange: (on: boolean) => void;
  children: ReactNode;
  disabled?: boolean;
}) {
  return (
    <Checkbox className="check" isSelected={on} onChange={onChange} isDisabled={disabled}>
      <span className="box" aria-hidden="true">
        {on ? "✓" : ""}
      </span>
      <span>{children}</span>
    </Checkbox>
  );
}

/** A dialog. Escape and the backdrop close it, and the focus returns to where it was. */
export function Dialog({
  title,
  open,
  onClose,
  children,
}: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  // The second click of a double click on what opened it must neither close it nor press what now lies under the pointer.
  const fresh = useFresh(open);
  return (
    <ModalOverlay
      className="overlay"
      isOpen={open}
      isDismissable
      shouldCloseOnInteractOutside={() => !fresh}
      onOpenChange={(next) => (next ? undefined : onClose())}
    >
      <Modal className={fresh ? "dialog fresh" : "dialog"}>
        <AriaDialog>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The foot of a dialog that asks before it acts. While it acts, it cannot be pressed again. */
export function Confirm({
  go,
  onGo,
  onClose,
  busy,
  danger = false,
  why,
}: {
  go: string;
  onGo: () => void;
  onClose: () => void;
  busy: boolean;
  danger?: boolean;
  why?: string | undefined;
}) {
  const w = useWords(uiWords);
  return (
    <footer>
      <Button look="quiet" onPress={onClose}>
        {w.cancel}
      </Button>
      <Button look={danger ? "danger" : "primary"} isPending={busy} onPress={onGo} why={why}>
        {go}
      </Button>
    </footer>
  );
}

/** A value that follows another one, and keeps what is typed until that other one changes. */
export function useDraft(from: string): [string, (text: string) => void] {
  const [draft, setDraft] = useState(from);
  useEffect(() => setDraft(from), [from]);
  return [draft, setDraft];
}
