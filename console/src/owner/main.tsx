// The owner's page: starts the program. Pages and their addresses stand in `routes.tsx`. Never here: anything of the console.
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter } from "react-router";
import { RouterProvider } from "react-router/dom";
import { makeQueryClient } from "../api/queries";
import { Spoken } from "../i18n/lang";
import "../ui/theme.css";
import "../ui/ui.css";
import { Toasts } from "../ui/toasts";
import "./owner.css";
import { routes } from "./routes";

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
