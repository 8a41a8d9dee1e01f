// Fetches pages ahead of their opening, so that they open though the server is away by then. Never before the first page stands.
import type { RouteObject } from "react-router";

/** After the first page and its first reads. */
const SETTLED_MS = 2_000;

export function fetchAhead(routes: RouteObject[]): void {
  setTimeout(() => {
    // What does not come now comes when it is opened.
    for (const load of loaders(routes)) load().catch(() => undefined);
  }, SETTLED_MS);
}

/** What loads each page, in the order of the routes. */
export function loaders(routes: RouteObject[]): (() => Promise<unknown>)[] {
  return routes.flatMap((route) => [
    ...(typeof route.lazy === "function" ? [route.lazy as () => Promise<unknown>] : []),
    ...loaders(route.children ?? []),
  ]);
}
