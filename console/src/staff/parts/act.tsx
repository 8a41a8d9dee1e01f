// Doing something that is recorded: its fields, then what will happen, then the confirmation. Nothing is written before somebody has seen
// what the server says it would write. What is wrong with a field is said at the field (`actFields`).
import type { QueryKey } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Problem } from "../../api/client";
import { useWrite } from "../../api/queries";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Button } from "../../ui/basics";
import { Dialog } from "../../ui/forms";
import { useFresh } from "../../ui/fresh";
import { Refused } from "../../ui/states";
import { uiWords } from "../../ui/words";
import { useStepUp } from "../stepUp";
import { AT_FIELDS, Pressed } from "./actFields";
import { Effects } from "./effects";
import type { Plan } from "./shapes";

const actWords = words(
  {
    look: "어떻게 되는지 보기",
    back: "고치기",
    happens: "확인하면 다음과 같이 됩니다",
  },
  {
    look: "See what will happen",
    back: "Change it",
    happens: "Once you confirm, this happens",
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
  /** What must be mended before; `AT_FIELDS`: the fields say so themselves; null: nothing. */
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
  /** So often somebody asked to go on: the first field that keeps him gets the focus each time. */
  const [pressed, setPressed] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  const happens = useRef<HTMLElement>(null);
  const fresh = useFresh(plan);
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
    setPressed((before) => before + 1);
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
  useEffect(() => {
    if (pressed > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [pressed]);
  useEffect(() => {
    // Read out first; and a key held down or pressed twice confirms nothing.
    if (plan !== null) happens.current?.focus();
  }, [plan]);
  function confirm() {
    if (write.isPending) return;
    write.mutate(body, { onSuccess: onClose });
  }
  return (
    <Dialog title={title} open onClose={onClose}>
      {plan === null ? (
        <form className="stack" ref={form} onSubmit={(event) => void look(event)}>
          {intro}
          <Pressed.Provider value={pressed > 0}>{children}</Pressed.Provider>
          {pressed > 0 && missing !== null && missing !== AT_FIELDS ? (
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
        <div className={fresh ? "stack fresh" : "stack"}>
          <strong ref={happens} tabIndex={-1}>
            {w.happens}
          </strong>
          {consequences}
          <Effects plan={plan} />
          {write.error ? <Refused error={write.error} /> : null}
          <footer>
            <Button look="quiet" onPress={() => setPlan(null)}>
              {w.back}
            </Button>
            <Button look={danger ? "danger" : "primary"} isPending={write.isPending} onPress={confirm}>
              {go}
            </Button>
          </footer>
        </div>
      )}
    </Dialog>
  );
}
