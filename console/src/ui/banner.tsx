// What the operator has to say above every page, such as that this is a demo. Told in the reader's language where the text has both, and short:
// its first sentence; the rest opens.
import { useLang, useWords } from "../i18n/lang";
import { type Lang, words } from "../i18n/words";

const bannerWords = words({ more: "더 보기" }, { more: "More" });

/** The part in one language of `한국어 · English`; of any other text, all of it. */
export function inLanguage(lang: Lang, text: string): string {
  const parts = text.split(" · ");
  const korean = parts.filter((part) => /[가-힣]/.test(part));
  if (parts.length !== 2 || korean.length !== 1) return text;
  return (lang === "ko" ? korean[0] : parts.find((part) => part !== korean[0])) ?? text;
}

/** The first sentence, and what follows it. */
export function firstOf(text: string): [first: string, rest: string] {
  const end = /[.!?](?=\s)/.exec(text);
  return end === null ? [text, ""] : [text.slice(0, end.index + 1), text.slice(end.index + 1).trim()];
}

export function BannerText({ text }: { text: string }) {
  const w = useWords(bannerWords);
  const { lang } = useLang();
  const [first, rest] = firstOf(inLanguage(lang, text));
  if (rest === "") return first;
  return (
    <details className="told">
      <summary>
        {first} <span className="more">{w.more}</span>
      </summary>
      {rest}
    </details>
  );
}
