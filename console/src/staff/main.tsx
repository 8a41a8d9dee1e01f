// The console: starts the program. Pages and their addresses stand in `routes.tsx`.
import { fetchAhead } from "../ui/ahead";
import { start } from "../ui/start";
import { routes } from "./routes";

start(routes);
fetchAhead(routes);
