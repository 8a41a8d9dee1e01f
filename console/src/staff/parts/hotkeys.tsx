// Keys of a page: a letter does something, but never while somebody types, never with a modifier, never under a dialog.
import { useEffect, useRef, useState } from "react";
import { useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { Button } from "../../ui/basics";
import { Dialog } from "../../ui/forms";
import { uiWords } from "../../ui/words";

const hotkeyWords = words(
  { title: "키보드로 쓰는 법", hint: "키보드", never: "글을 입력하는 동안에는 동작하지 않습니다.", show: "이 안내 보기" },
  { title: "By keyboard", hint: "Keyboard", never: "They do nothing while you type.", show: "Show these keys" },
);

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

export type Hotkey = { key: string; does: string; run: () => void };

/** Listens for these keys and shows them: in a hint, and in a dialog at `?`. */
export function Hotkeys({ of }: { of: Hotkey[] }) {
  const w = useWords(hotkeyWords);
  const ui = useWords(uiWords);
  const [open, setOpen] = useState(false);
  const latest = useRef(of);
  latest.current = of;
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (document.querySelector("[role=dialog]") !== null) return;
      if (event.key === "?") {
        setOpen(true);
        return;
      }
      const known = latest.current.find((one) => one.key === event.key);
      if (known === undefined) return;
      // Enter on a link or a button is theirs.
      if (
        event.key === "Enter" &&
        event.target instanceof HTMLElement &&
        event.target.closest("a, button, summary, [role=button]") !== null
      )
        return;
      event.preventDefault();
      known.run();
    };
    document.addEventListener("keydown", heard);
    return () => document.removeEventListener("keydown", heard);
  }, []);
  return (
    <div className="row muted keys-hint">
      <span>{w.hint}:</span>
      {of.map((one) => (
        <span key={one.key}>
          <kbd>{one.key}</kbd> {one.does}
        </span>
      ))}
      <span>
        <kbd>?</kbd> {w.show}
      </span>
      <Dialog title={w.title} open={open} onClose={() => setOpen(false)}>
        <ul className="pieces keys-hint">
          {of.map((one) => (
            <li key={one.key}>
              <kbd>{one.key}</kbd> {one.does}
            </li>
          ))}
        </ul>
        <p className="muted">{w.never}</p>
        <footer>
          <Button onPress={() => setOpen(false)}>{ui.close}</Button>
        </footer>
      </Dialog>
    </div>
  );
}
