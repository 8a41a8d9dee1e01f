// The frame of every page: skip link, name, where one can go, language, theme, who is signed in. Both programs use it.
import { type ReactNode, useEffect } from "react";
import { Link, NavLink, useLocation } from "react-router";
import { useLang, useWords } from "../i18n/lang";
import { words } from "../i18n/words";
import { Button } from "./basics";
import "./shell.css";
import { useTheme } from "./theme";

const shellWords = words(
  { skip: "본문으로 건너뛰기", nav: "화면 이동", other: "English", dark: "어둡게", light: "밝게", signOut: "로그아웃" },
  { skip: "Skip to content", nav: "Pages", other: "한국어", dark: "Dark", light: "Light", signOut: "Sign out" },
);

/** `current`: the page that is shown belongs to this place, though its address begins otherwise. */
export type Place = { to: string; label: string; count?: number | undefined; current?: boolean };

export function Shell({
  name,
  places,
  who,
  banner,
  status,
  onSignOut,
  children,
}: {
  name: string;
  places: Place[];
  who: ReactNode;
  banner?: ReactNode;
  status?: ReactNode;
  onSignOut: () => void;
  children: ReactNode;
}) {
  const w = useWords(shellWords);
  const { lang, speak } = useLang();
  const [theme, setTheme] = useTheme();
  return (
    <div className="shell">
      <a className="skip" href="#main">
        {w.skip}
      </a>
      {banner}
      <header className="top">
        <span className="name">{name}</span>
        {status}
        <span className="grow" />
        <span className="who">{who}</span>
        <Button look="quiet" small onPress={() => speak(lang === "ko" ? "en" : "ko")}>
          <span lang={lang === "ko" ? "en" : "ko"}>{w.other}</span>
        </Button>
        <Button look="quiet" small onPress={() => setTheme(theme === "dark" ? "light" : "dark")}>
          {theme === "dark" ? w.light : w.dark}
        </Button>
        <Button look="quiet" small onPress={onSignOut}>
          {w.signOut}
        </Button>
      </header>
      <nav className="places" aria-label={w.nav}>
        {places.map((place) => {
          const shown = (
            <>
              {place.label}
              {place.count ? <span className="count">{place.count}</span> : null}
            </>
          );
          return place.current ? (
            <Link key={place.to} to={place.to} className="active" aria-current="true">
              {shown}
            </Link>
          ) : (
            <NavLink key={place.to} to={place.to} end={place.to === "/"}>
              {shown}
            </NavLink>
          );
        })}
      </nav>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** A page's title, which the browser's tab and the reader get too. Focus goes there on a new page, so that a keyboard starts at its top. */
export function Page({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const { pathname } = useLocation();
  useEffect(() => {
    document.title = `${title} · Sumun`;
  }, [title]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new address is a new page
  useEffect(() => {
    document.getElementById("main")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [pathname]);
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{title}</h1>
        {aside}
      </div>
      {children}
    </div>
  );
}
