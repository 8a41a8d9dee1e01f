// Light or dark: what the system says, until somebody chooses.
import { useEffect, useState } from "react";

export type Theme = "light" | "dark";
const KEPT_AS = "sumun.theme";

function kept(): Theme | null {
  const text = window.localStorage.getItem(KEPT_AS);
  return text === "light" || text === "dark" ? text : null;
}

const system = () => window.matchMedia("(prefers-color-scheme: dark)");

// At once, so that neither the form for signing in nor the first moment is in the other theme.
document.documentElement.dataset.theme = kept() ?? (system().matches ? "dark" : "light");

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [chosen, choose] = useState<Theme | null>(kept);
  const [dark, setDark] = useState(system().matches);
  useEffect(() => {
    const media = system();
    const heard = () => setDark(media.matches);
    media.addEventListener("change", heard);
    return () => media.removeEventListener("change", heard);
  }, []);
  const theme = chosen ?? (dark ? "dark" : "light");
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return [
    theme,
    (next) => {
      window.localStorage.setItem(KEPT_AS, next);
      choose(next);
    },
  ];
}
