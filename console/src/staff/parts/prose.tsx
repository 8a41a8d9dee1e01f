// A sentence in which commands and names stand between back-ticks, as they do in the documents: shown as code.

export function Prose({ text }: { text: string }) {
  return text.split("`").map((part, at) =>
    // Every second part stood between two of them; the parts of a text never move.
    // biome-ignore lint/suspicious/noArrayIndexKey: see above
    at % 2 === 1 ? <code key={at}>{part}</code> : part,
  );
}
