// What was done, said once in a corner and read out.
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from "react";

const SHOWN_MS = 7_000;
const SHOWN_MAX = 4;

type Said = { id: number; text: ReactNode; tone: "good" | "warn" };
const Context = createContext<(text: ReactNode, tone?: "good" | "warn") => void>(() => undefined);

export function Toasts({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState<Said[]>([]);
  const last = useRef(0);
  const say = useCallback((text: ReactNode, tone: "good" | "warn" = "good") => {
    last.current += 1;
    const id = last.current;
    setSaid((before) => [...before, { id, text, tone }].slice(-SHOWN_MAX));
    window.setTimeout(() => setSaid((before) => before.filter((one) => one.id !== id)), SHOWN_MS);
  }, []);
  return (
    <Context.Provider value={say}>
      {children}
      <output className="toasts" aria-live="polite">
        {said.map((one) => (
          <div key={one.id} className={`notice ${one.tone}`}>
            {one.text}
          </div>
        ))}
      </output>
    </Context.Provider>
  );
}

/** Says that something was done. */
export function useSay() {
  return useContext(Context);
}
