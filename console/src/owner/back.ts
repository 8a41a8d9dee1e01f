// When somebody comes back to a tab: by a switch of tabs, and by a click into a window that was in sight all the time, which changes nothing
// that is visible and so is not told of by the library's own listener.
import { focusManager } from "@tanstack/react-query";

/** Has reads renewed whenever somebody comes back. */
export function watchForReturn(): void {
  focusManager.setEventListener((handle) => {
    const back = () => handle();
    window.addEventListener("visibilitychange", back);
    window.addEventListener("focus", back);
    return () => {
      window.removeEventListener("visibilitychange", back);
      window.removeEventListener("focus", back);
    };
  });
}
