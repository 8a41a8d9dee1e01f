// Who proposed a version. What set-up installed no person proposed, nor approved: that is said, and not a name that looks like one.
import { useWords } from "../../../i18n/lang";
import { Who } from "../../parts/who";
import { policyWords } from "./words";

const SET_UP = "system:operator";

export function ProposedBy({ by, whole = false }: { by: string; whole?: boolean }) {
  const w = useWords(policyWords);
  if (by !== SET_UP) return <Who by={by} />;
  return <span title={w.setUpText}>{whole ? w.setUpText : w.setUp}</span>;
}
