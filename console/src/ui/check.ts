// How a saved proof is checked at a terminal: the program, where files are saved, and the ledger's verifier key, by the names that the server
// says they have for a reader.
import type { Schemas } from "../api/client";

/** Where the names are not known, the reader's own files: the key that he was handed, beside what he saved. */
const UNKNOWN = { program: "sumun", ledger: "ledger", saved: "", vkey: "vkey", here: false };

export function checkPlaces(check: Schemas["CheckView"] | undefined) {
  if (check === undefined) return UNKNOWN;
  const { program, ledger, vkey } = check;
  // What is published at an address is fetched first, and then lies beside what was saved.
  if (ledger === null || vkey === null || /^https?:/i.test(ledger)) return { ...UNKNOWN, program };
  // A folder as the server names it: the command is run where that name holds, and so names the browser's own folder, too.
  return { program, ledger, saved: "~/Downloads/", vkey, here: !/^[/~]/.test(ledger) };
}
