// The owner's page: starts the program. Pages and their addresses stand in `routes.tsx`. Never here: anything of the console.
import { start } from "../ui/start";
import { watchForReturn } from "./back";
import "./owner.css";
import { routes } from "./routes";

watchForReturn();
start(routes);
