// A fresh second factor where the server asks for one: the code is asked for, and the same request is sent again.
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from "react";
import { api, cancelled, good, Problem } from "../api/client";
import { useWords } from "../i18n/lang";
import { Confirm, Dialog, Field } from "../ui/forms";
import { Refused } from "../ui/states";
import { uiWords } from "../ui/words";

/** What the server answers where the code does not fit, or was used before. */
const WRONG_CODE = "code_wrong";

type Ask = <T>(act: () => Promise<T>) => Promise<T>;
const Context = createContext<Ask>((act) => act());

export function StepUp({ children }: { children: ReactNode }) {
  const w = useWords(uiWords);
  const waiting = useRef<((shown: boolean) => void) | null>(null);
  const [open, setOpen] = useState(false);
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Problem | null>(null);
  const [wrong, setWrong] = useState<string>();

  const ask = useCallback<Ask>(async (act) => {
    try {
      return await act();
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.code !== "second_factor_needed") throw problem;
      setError(null);
      setWrong(undefined);
      setCode("");
      setOpen(true);
      const shown = await new Promise<boolean>((resolve) => {
        // Two at once are one question; whoever asked first is told no, and nothing waits for ever.
        waiting.current?.(false);
        waiting.current = resolve;
      });
      if (!shown) throw cancelled(problem);
      return act();
    }
  }, []);

  function end(shown: boolean) {
    setOpen(false);
    waiting.current?.(shown);
    waiting.current = null;
  }
  async function show() {
    setError(null);
    setWrong(undefined);
    if (!/^[0-9]{6}$/.test(code.replaceAll(/\s/g, ""))) {
      setWrong(w.stepUpShape);
      return;
    }
    setBusy(true);
    try {
      await good(api.POST("/v1/sessions/current/step-up", { body: { totp: code.replaceAll(/\s/g, "") } }));
      end(true);
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      if (caught.code === WRONG_CODE) {
        setWrong(w.stepUpWrong);
        setCode("");
      } else setError(caught);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Context.Provider value={ask}>
      {children}
      <Dialog title={w.stepUpTitle} open={open} onClose={() => end(false)}>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy) void show();
          }}
        >
          <p>{w.stepUpText}</p>
          <Field
            label={w.stepUpCode}
            value={code}
            onChange={setCode}
            inputMode="numeric"
            autoComplete="one-time-code"
            wrong={wrong}
            autoFocus
          />
          {error ? <Refused error={error} /> : null}
          <Confirm go={w.stepUpGo} onGo={() => void show()} onClose={() => end(false)} busy={busy} />
        </form>
      </Dialog>
    </Context.Provider>
  );
}

/** Wraps a write that may need a fresh second factor. */
export function useStepUp(): Ask {
  return useContext(Context);
}
