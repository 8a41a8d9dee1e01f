// Doing something that is recorded: its fields, then what will happen, then the confirmation. Nothing is written before somebody has seen
// what the server says it would write.
import type { QueryKey } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Problem } from "../../api/client";
import { useWrite } from "../../api/queries";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Button } from "../../ui/basics";
import { Dialog, Field } from "../../ui/forms";
import { Refused } from "../../ui/states";
import { uiWords } from "../../ui/words";
import { useStepUp } from "../stepUp";
import { Effects } from "./effects";
import type { Plan } from "./shapes";

const actWords = words(
  {
    look: "어떻게 되는지 보기",
    back: "고치기",
    happens: "확인하면 다음과 같이 됩니다",
    reasonMissing: "사유를 자신의 말로 적어 주십시오. 원장에 남습니다.",
    reason: "사유",
    reasonHint: "본 것과 판단을 자신의 말로 적습니다. 원장에 남습니다.",
  },
  {
    look: "See what will happen",
    back: "Change it",
    happens: "Once you confirm, this happens",
    reasonMissing: "Say why in your own words; it stands in the ledger.",
    reason: "Reason",
    reasonHint: "What you saw and how you judge it, in your own words. It stands in the ledger.",
  },
);

/** How a request is sent: tried without writing, or done once under its key. */
export type How = { query: { dry_run: true } } | { header: { "Idempotency-Key": string } };
type Answer = { plan?: Plan | null };

export function ActDialog<B, A extends Answer>({
  title,
  intro,
  body,
  missing,
  send,
  go,
  danger = false,
  touches,
  onDone,
  onClose,
  children,
  consequences,
  basis,
}: {
  title: string;
  /** What this does to people, in words. */
  intro?: ReactNode;
  body: B;
  /** What must be filled in before; null: nothing. */
  missing: string | null;
  send: (body: B, how: How) => Promise<A>;
  go: string;
  danger?: boolean;
  touches: QueryKey[];
  onDone: (answer: A) => void;
  onClose: () => void;
  children?: ReactNode;
  /** What follows beside the plan's own effects. */
  consequences?: ReactNode;
  /** What the plan was made for: when it changes, what was shown is no longer true and is looked at anew. */
  basis?: string | number;
}) {
  const w = useWords(actWords);
  const ui = useWords(uiWords);
  const stepUp = useStepUp();
  const [plan, setPlan] = useState<Plan | null>(null);
  const [asked, setAsked] = useState(false);
  const [looking, setLooking] = useState(false);
  const [error, setError] = useState<Problem | null>(null);
  const write = useWrite(async (input: B, key: string) => {
    const answer = await stepUp(() => send(input, { header: { "Idempotency-Key": key } }));
    // Handed over before anything is asked anew, and though the dialog be closed by now: it may hold a secret that is shown once.
    onDone(answer);
    return answer;
  }, touches);
  const mine = useRef(basis);
  useEffect(() => {
    if (mine.current === basis || write.isPending) return;
    mine.current = basis;
    setPlan(null);
  }, [basis, write.isPending]);

  async function look(event: FormEvent) {
    event.preventDefault();
    setAsked(true);
    if (missing !== null || looking) return;
    setLooking(true);
    setError(null);
    try {
      const answer = await stepUp(() => send(body, { query: { dry_run: true } }));
      setPlan(answer.plan ?? null);
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setError(caught);
    } finally {
      setLooking(false);
    }
  }
  function confirm() {
    if (write.isPending) return;
    write.mutate(body, { onSuccess: onClose });
  }
  return (
    <Dialog title={title} open onClose={onClose}>
      {plan === null ? (
        <form className="stack" onSubmit={(event) => void look(event)}>
          {intro}
          {children}
          {asked && missing !== null ? (
            <p className="wrong" role="alert">
              {missing}
            </p>
          ) : null}
          {error ? <Refused error={error} /> : null}
          <footer>
            <Button look="quiet" onPress={onClose}>
              {ui.cancel}
            </Button>
            <Button look="primary" type="submit" isPending={looking}>
              {w.look}
            </Button>
          </footer>
        </form>
      ) : (
        <div className="stack">
          <strong>{w.happens}</strong>
          {consequences}
          <Effects plan={plan} />
          {write.error ? <Refused error={write.error} /> : null}
          <footer>
            <Button look="quiet" onPress={() => setPlan(null)}>
              {w.back}
            </Button>
            <Button look={danger ? "danger" : "primary"} isPending={write.isPending} onPress={confirm} autoFocus>
              {go}
            </Button>
          </footer>
        </div>
      )}
    </Dialog>
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
  const w = useWords(actWords);
  return (
    <Field
      label={label ?? w.reason}
      hint={hint ?? w.reasonHint}
      lines={3}
      value={value}
      onChange={onChange}
      isRequired
      validationBehavior="aria"
    />
  );
}

/** What is missing where a reason is. */
export function useReasonMissing(): (...reasons: string[]) => string | null {
  const w = useWords(actWords);
  return (...reasons) => (reasons.some((reason) => reason.trim() === "") ? w.reasonMissing : null);
}
