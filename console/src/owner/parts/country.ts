// A country by its name in the reader's language, as the browser knows it.
import { useLang } from "../../i18n/lang";
import type { Lang } from "../../i18n/words";

export function countryName(lang: Lang, code: string): string {
  try {
    return new Intl.DisplayNames([lang], { type: "region" }).of(code) ?? code;
  } catch {
    // What is no country's code stays as it is.
    return code;
  }
}

export function useCountry(): (code: string | null | undefined) => string | null {
  const { lang } = useLang();
  return (code) => (code ? countryName(lang, code) : null);
}
