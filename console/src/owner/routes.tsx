// Every address of the owner's page. Pages are loaded when they are first opened: a phone on a slow line sees his keys first.
import type { RouteObject } from "react-router";
import { Broken } from "../ui/broken";
import { Loading } from "../ui/states";
import { Frame } from "./frame";
import { NoPage } from "./pages/noPage";

export const routes: RouteObject[] = [
  {
    path: "/",
    element: <Frame />,
    HydrateFallback: Loading,
    children: [
      // Inside the frame, so that a page that fails leaves the others within reach.
      {
        errorElement: <Broken />,
        children: [
          { index: true, lazy: async () => ({ Component: (await import("./pages/home")).Home }) },
          { path: "keys/new", lazy: async () => ({ Component: (await import("./pages/newKey")).NewKey }) },
          { path: "keys/:key", lazy: async () => ({ Component: (await import("./pages/key")).Key }) },
          { path: "keys/:key/addresses", lazy: async () => ({ Component: (await import("./pages/addresses")).Addresses }) },
          { path: "questions/:question", lazy: async () => ({ Component: (await import("./pages/question")).Question }) },
          { path: "notices", lazy: async () => ({ Component: (await import("./pages/notices")).Notices }) },
          { path: "notices/:notice", lazy: async () => ({ Component: (await import("./pages/notice")).Notice }) },
          {
            path: "verifications/:verification",
            lazy: async () => ({ Component: (await import("./pages/verification")).Verification }),
          },
          { path: "register", lazy: async () => ({ Component: (await import("./pages/register")).Register }) },
          { path: "record", lazy: async () => ({ Component: (await import("./pages/record")).MyRecord }) },
          { path: "*", element: <NoPage /> },
        ],
      },
    ],
  },
];
