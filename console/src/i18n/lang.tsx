// Which language is spoken. Kept in the browser; `?lang=en` in an address wins, so that a link can name it.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { I18nProvider } from "react-aria-components";
import type { Lang, Words } from "./words";

const KEPT_AS = "sumun.lang";

type Spoken = { lang: Lang; speak: (lang: Lang) => void };

const Context = createContext<Spoken>({ lang: "ko", speak: () => undefined });

function first(): Lang {
  const asked = new URLSearchParams(window.location.search).get("lang") ?? window.localStorage.getItem(KEPT_AS);
  if (asked === "ko" || asked === "en") return asked;
  // Korean first: English only for a browser that asks for it.
  return window.navigator.language.startsWith("en") ? "en" : "ko";
}

export function Spoken({ children }: { children: ReactNode }) {
  const [lang, setLang] = useState<Lang>(first);
  useEffect(() => {
    document.documentElement.lang = lang;
    window.localStorage.setItem(KEPT_AS, lang);
  }, [lang]);
  const spoken = useMemo(() => ({ lang, speak: setLang }), [lang]);
  return (
    <Context.Provider value={spoken}>
      <I18nProvider locale={lang === "ko" ? "ko-KR" : "en-GB"}>{children}</I18nProvider>
    </Context.Provider>
  );
}

export function useLang(): Spoken {
  return useContext(Context);
}

/** The texts of a page in the language spoken. */
// biome-ignore lint/suspicious/noExplicitAny: any page's texts
export function useWords<W extends Words<any>>(all: W): W["ko"] {
  return all[useLang().lang];
}
