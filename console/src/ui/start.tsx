// Starts a program: both do it alike. Pages and their addresses are the program's own.
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, type RouteObject } from "react-router";
import { RouterProvider } from "react-router/dom";
import { makeQueryClient } from "../api/queries";
import { Spoken } from "../i18n/lang";
import "./theme.css";
import "./ui.css";
import { Toasts } from "./toasts";

export function start(routes: RouteObject[]): void {
  const root = document.getElementById("root");
  if (root === null) throw new Error("the page has no #root");
  createRoot(root).render(
    <StrictMode>
      <Spoken>
        <QueryClientProvider client={makeQueryClient()}>
          <Toasts>
            <RouterProvider router={createBrowserRouter(routes)} />
          </Toasts>
        </QueryClientProvider>
      </Spoken>
    </StrictMode>,
  );
}
