// A secret, shown once. It stays on the page until its owner says that he has it; closing the tab before is asked about. It is kept in no
// storage, and nothing that reads the page aloud by itself is told of it.
import { useEffect, useState } from "react";
import { useWords } from "../../i18n/lang";
import { Button } from "../../ui/basics";
import { copy } from "../../ui/copy";
import { partWords } from "./words";

export function Secret({
  accessKey,
  secret,
  onDone,
}: {
  accessKey: string;
  secret: string | null | undefined;
  onDone: () => void;
}) {
  const w = useWords(partWords);
  useEffect(() => {
    if (!secret) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [secret]);
  if (!secret) {
    return (
      <div className="notice warn stack tight">
        <p>{w.secretLost}</p>
      </div>
    );
  }
  return (
    <section className="card stack secret" aria-label={w.secretTitle}>
      <h2>{w.secretTitle}</h2>
      <p>{w.secretWarn}</p>
      <Copied label={w.secretKey} text={accessKey} />
      <Copied label={w.secretSecret} text={secret} />
      <div>
        <Button look="primary" onPress={onDone}>
          {w.secretDone}
        </Button>
      </div>
    </section>
  );
}

/** A value that is to be copied whole, with a button that says that it was. */
export function Copied({ label, text }: { label?: string; text: string }) {
  const w = useWords(partWords);
  const [done, setDone] = useState(false);
  return (
    <div className="copied">
      {label === undefined ? null : <span className="label">{label}</span>}
      <code>{text}</code>
      <Button
        small
        onPress={() => {
          void copy(text).then(setDone);
          window.setTimeout(() => setDone(false), 3_000);
        }}
      >
        <span aria-live="polite">{done ? w.copied : w.copyAll}</span>
      </Button>
    </div>
  );
}

/** Lines to copy: a program, a command. */
export function Lines({ text }: { text: string }) {
  const w = useWords(partWords);
  const [done, setDone] = useState(false);
  return (
    <div className="lines">
      <pre className="command">{text}</pre>
      <Button
        small
        onPress={() => {
          void copy(text).then(setDone);
          window.setTimeout(() => setDone(false), 3_000);
        }}
      >
        <span aria-live="polite">{done ? w.copied : w.copyAll}</span>
      </Button>
    </div>
  );
}
