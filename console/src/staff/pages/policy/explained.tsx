// A version's ladder in plain words, one segment at a time.
import type { Schemas } from "../../../api/client";
import { useLang, useWords } from "../../../i18n/lang";
import { Choice } from "../../../ui/forms";
import { useFilter } from "../../../ui/lists";
import "./policy.css";
import { Raw } from "../../../ui/raw";
import { segmentWords } from "./segments";

export function Explained({ of }: { of: readonly Schemas["ExplainedView"][] }) {
  const w = useWords(segmentWords);
  const { lang } = useLang();
  const named: Record<string, string> = w;
  const [segment, choose] = useFilter("segment", "default");
  const shown = of.find((one) => (one.segment ?? "default") === segment) ?? of[0];
  return (
    <div className="stack">
      <div className="filters">
        <Choice
          label={w.segment}
          value={segment}
          of={of.map((one) => [one.segment ?? "default", named[one.segment ?? "default"] ?? one.segment ?? "default"] as const)}
          onChange={choose}
        />
      </div>
      <Raw look="explained" text={shown?.[lang]} />
    </div>
  );
}
