// What somebody typed and has not sent stays in its tab, over a reload: a reason weighed for ten minutes is not written twice. It is kept under
// the person's own name, and forgotten once it is sent and with signing out. Never kept: a secret.
import { useCallback, useState } from "react";

const KEPT = "sumun.typed.";

function read(name: string): string {
  try {
    return window.sessionStorage.getItem(KEPT + name) ?? "";
  } catch {
    return "";
  }
}

function write(name: string, text: string): void {
  try {
    if (text === "") window.sessionStorage.removeItem(KEPT + name);
    else window.sessionStorage.setItem(KEPT + name, text);
  } catch {
    // A browser that keeps nothing: then it stands as long as the page does.
  }
}

/** A text that outlives a reload. `drop` forgets it. */
export function useTyped(name: string): [string, (text: string) => void, () => void] {
  const [text, setText] = useState(() => read(name));
  const set = useCallback(
    (next: string) => {
      setText(next);
      write(name, next);
    },
    [name],
  );
  const drop = useCallback(() => write(name, ""), [name]);
  return [text, set, drop];
}

/** Everything typed in this tab: for signing out. */
export function forgetTyped(): void {
  try {
    for (const name of Object.keys(window.sessionStorage)) {
      if (name.startsWith(KEPT)) window.sessionStorage.removeItem(name);
    }
  } catch {
    // Nothing was kept.
  }
}
