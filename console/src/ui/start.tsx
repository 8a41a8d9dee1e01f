// Starts a program: both do it alike. Pages and their addresses are the program's own.
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, Outlet, type RouteObject } from "react-router";
import { RouterProvider } from "react-router/dom";
import { makeQueryClient } from "../api/queries";
import { Spoken } from "../i18n/lang";
import "./theme.css";
import "./ui.css";
import { Broken } from "./broken";
import { Loading } from "./states";
import { Toasts } from "./toasts";

/** Around every page: what was done is said inside the router, since it may link to where it was done; and nothing that fails leaves the page empty. */
function whole(routes: RouteObject[]): RouteObject {
  const element = (
    <Toasts>
      <Outlet />
    </Toasts>
  );
  return { element, errorElement: <Broken />, hydrateFallbackElement: <Loading />, children: routes };
}

export function start(routes: RouteObject[]): void {
  const root = document.getElementById("root");
  if (root === null) throw new Error("the page has no #root");
  createRoot(root).render(
    <StrictMode>
      <Spoken>
        <QueryClientProvider client={makeQueryClient()}>
          <RouterProvider router={createBrowserRouter([whole(routes)])} />
        </QueryClientProvider>
      </Spoken>
    </StrictMode>,
  );
}
