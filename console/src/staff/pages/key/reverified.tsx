// How far the owner of a key came in his latest re-verification, half by half: waiting, passed or failed.
import { useQuery } from "@tanstack/react-query";
import { api, good, type Schemas } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Time, type Tone } from "../../../ui/basics";
import { word } from "../../parts/words";
import { groundsWords } from "../approval/groundsWords";

const TONES: Record<string, Tone> = { outstanding: "warn", passed: "good", failed: "expire" };
const STATES: Record<string, Tone> = { open: "reverify", proved: "good", failed: "expire", timed_out: "expire" };

/** The latest; undefined where there was none, or none is known yet. */
export function useReverified(of: string): Schemas["VerificationView"] | undefined {
  const found = useQuery({
    queryKey: ["verifications", { key: of }],
    queryFn: () => good(api.GET("/v1/verifications", { params: { query: { key: of, limit: 100 } } })),
  });
  return [...(found.data?.items ?? [])].sort((one, other) => other.opened.localeCompare(one.opened))[0];
}

export function Reverified({ of: last }: { of: Schemas["VerificationView"] }) {
  const w = useWords(groundsWords);
  const words = w as Record<string, unknown>;
  const { lang } = useLang();
  const half = (label: string, state: string) => (
    <li>
      {label}: <Badge tone={TONES[state] ?? "plain"}>{word(words, `h_${state}`)}</Badge>
    </li>
  );
  return (
    <div className="stack tight">
      <div>
        <Badge tone={STATES[last.state] ?? "plain"}>{word(words, `s_${last.state}`)}</Badge>{" "}
        {last.until ? (
          <span className="muted">
            {last.state === "open" ? w.due : w.wasDue} <Time at={last.until} full />
          </span>
        ) : null}
      </div>
      <ul className="pieces">
        {half(w.identity, last.identity)}
        {half(w.control, last.control)}
        {last.failures > 0 ? <li>{w.failed(count(lang, last.failures))}</li> : null}
      </ul>
    </div>
  );
}
