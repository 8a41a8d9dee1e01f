// Whether something was put under the pointer just now. Buttons in it are not to be pressed yet (`.fresh` in ui.css): the second click of a
// double click was meant for what stood there before.
import { useEffect, useState } from "react";

/** As long as systems wait for the second click. */
const FRESH_MS = 500;

/** True for a moment from the first showing, and from each change of `what`. */
export function useFresh(what: unknown): boolean {
  const [seen, setSeen] = useState<{ what: unknown } | null>(null);
  useEffect(() => {
    const timer = window.setTimeout(() => setSeen({ what }), FRESH_MS);
    return () => {
      window.clearTimeout(timer);
      // What is taken away and put back is new again, however soon.
      setSeen(null);
    };
  }, [what]);
  return seen === null || seen.what !== what;
}
