// Something that is shown once and kept nowhere: an invite, a secret. It stays until somebody says that he has it.
import type { ReactNode } from "react";
import { useWords } from "../i18n/lang";
import { words } from "../i18n/words";
import { Button, Command } from "./basics";

const onceWords = words(
  { once: "지금 한 번만 보입니다. 다시 볼 수 없으니 안전한 곳에 옮긴 뒤 닫으십시오.", kept: "옮겼습니다. 닫기" },
  { once: "This is shown once, and never again. Put it somewhere safe before you close it.", kept: "I have it. Close" },
);

export function Once({
  title,
  text,
  children,
  onKept,
}: {
  title: string;
  text: string;
  children?: ReactNode;
  onKept: () => void;
}) {
  const w = useWords(onceWords);
  return (
    <section className="notice warn stack" aria-label={title} aria-live="polite">
      <strong>{title}</strong>
      <p>{w.once}</p>
      <Command text={text} />
      {children}
      <div>
        <Button look="primary" onPress={onKept}>
          {w.kept}
        </Button>
      </div>
    </section>
  );
}
