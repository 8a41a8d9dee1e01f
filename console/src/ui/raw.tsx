// A text as it stands, in lines of its own: a file, a record, a command. What is longer than its place is scrolled, by keyboard too.

type Look = "source" | "source tall" | "command" | "explained";

export function Raw({ text, look = "source" }: { text: string | undefined; look?: Look }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <pre className={look} tabIndex={0}>
      {text}
    </pre>
  );
}
