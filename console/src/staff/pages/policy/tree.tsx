// A condition as an indented tree: what must all hold, and what is enough by itself.
import { useWords } from "../../../i18n/lang";
import { policyWords } from "../policies/words";
import type { Tree } from "./ladderText";

export function Condition({ of }: { of: Tree }) {
  const w = useWords(policyWords);
  if (typeof of === "string") return <span>{of}</span>;
  if ("not" in of) return <Branch head={w.notThis} of={[of.not]} />;
  return "all" in of ? <Branch head={w.allOf} of={of.all} /> : <Branch head={w.anyOf} of={of.any} />;
}

function Branch({ head, of }: { head: string; of: readonly Tree[] }) {
  return (
    <div className="branch">
      <span className="muted">{head}</span>
      <ul>
        {of.map((one) => (
          <li key={JSON.stringify(one)}>
            <Condition of={one} />
          </li>
        ))}
      </ul>
    </div>
  );
}
