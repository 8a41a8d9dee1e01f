// Every address of the console and its page. Pages are loaded when they are first opened, so that the first view stays small.
import type { RouteObject } from "react-router";
import { Broken } from "../ui/broken";
import { Loading } from "../ui/states";
import { Frame } from "./frame";
import { NoPage } from "./pages/noPage";

export const routes: RouteObject[] = [
  {
    path: "/",
    element: <Frame />,
    // Until the first page's own file is here.
    hydrateFallbackElement: <Loading />,
    children: [
      // Inside the frame, so that a page that fails leaves the others within reach.
      {
        errorElement: <Broken />,
        children: [
          { index: true, lazy: async () => ({ Component: (await import("./pages/overview")).Overview }) },
          { path: "cases", lazy: async () => ({ Component: (await import("./pages/cases")).Cases }) },
          { path: "cases/:case", lazy: async () => ({ Component: (await import("./pages/case")).Case }) },
          { path: "keys", lazy: async () => ({ Component: (await import("./pages/keys")).Keys }) },
          { path: "keys/:key", lazy: async () => ({ Component: (await import("./pages/key")).Key }) },
          { path: "approvals", lazy: async () => ({ Component: (await import("./pages/approvals")).Approvals }) },
          { path: "approvals/:approval", lazy: async () => ({ Component: (await import("./pages/approval")).Approval }) },
          { path: "ledger", lazy: async () => ({ Component: (await import("./pages/ledger")).Ledger }) },
          { path: "ledger/:index", lazy: async () => ({ Component: (await import("./pages/entry")).Entry }) },
          { path: "policy", lazy: async () => ({ Component: (await import("./pages/policies")).Policies }) },
          { path: "policy/:policy", lazy: async () => ({ Component: (await import("./pages/policy")).Policy }) },
          { path: "ramp", lazy: async () => ({ Component: (await import("./pages/ramp")).Ramp }) },
          { path: "drift", lazy: async () => ({ Component: (await import("./pages/drift")).Drift }) },
          { path: "campaign", lazy: async () => ({ Component: (await import("./pages/campaign")).Campaign }) },
          { path: "people", lazy: async () => ({ Component: (await import("./pages/people")).People }) },
          { path: "gates/:gate", lazy: async () => ({ Component: (await import("./pages/gate")).Gate }) },
          { path: "*", element: <NoPage /> },
        ],
      },
    ],
  },
];
