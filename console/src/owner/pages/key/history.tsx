// All that happened to a key, the latest first, each with its place in the ledger.

import { useState } from "react";
import { useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { Read } from "../../parts/act";
import { ProofFile } from "../../parts/proof";
import { When } from "../../parts/when";
import { partWords } from "../../parts/words";
import { type KeyView, useTimeline } from "../../reads";
import { keyWords } from "./words";

export function History({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const p = useWords(partWords);
  const all = w as unknown as Record<string, string>;
  const query = useTimeline(of.key);
  const [proof, setProof] = useState<number | null>(null);
  const who = (actor: string | null | undefined) =>
    !actor || actor.startsWith("system:") ? w.system : actor.startsWith("customer:") ? w.you : w.staff;
  return (
    <Card title={w.history}>
      <Read query={query}>
        {(items) => (
          <ol className="timeline" reversed>
            {[...items].reverse().map((one) => (
              <li
                key={one.index}
                className={one.state === "expired" ? "expire" : one.class.startsWith("measure.") ? "warn" : undefined}
              >
                <div className="stack tight">
                  <strong>
                    {all[`h_${one.class.replace(".", "_")}`] ?? w.h_any}
                    {one.state === "expired" && one.class !== "key.expired" ? ` · ${w.h_key_expired}` : ""}
                  </strong>
                  <span className="muted">
                    <When at={one.at} /> · {who(one.actor)}
                  </span>
                  <div>
                    <Button
                      look="quiet"
                      small
                      aria-expanded={proof === one.index}
                      onPress={() => setProof(proof === one.index ? null : one.index)}
                    >
                      {w.entry(one.index)}
                    </Button>
                  </div>
                  {proof === one.index ? (
                    <section className="notice stack tight" aria-label={p.proofTitle}>
                      <ProofFile entry={one.index} />
                    </section>
                  ) : null}
                </div>
              </li>
            ))}
          </ol>
        )}
      </Read>
    </Card>
  );
}
