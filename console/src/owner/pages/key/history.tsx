// All that happened to a key, the latest first, each with its place in the ledger.

import { useState } from "react";
import { Link } from "react-router";
import { useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { Read } from "../../parts/act";
import { ProofFile } from "../../parts/proof";
import { When } from "../../parts/when";
import { partWords } from "../../parts/words";
import { type KeyView, useNotices, useQuestions, useTimeline } from "../../reads";
import { useNoticeTitle } from "../notices/title";
import { keyWords } from "./words";

/** From an answer to its entry in the ledger: no longer than this. */
const ANSWERED_MS = 5_000;
const TOLD = /^measure\.(?!ended)/;

export function History({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const p = useWords(partWords);
  const all = w as unknown as Record<string, string>;
  const query = useTimeline(of.key);
  const questions = useQuestions().data ?? [];
  const notices = useNotices().data ?? [];
  const title = useNoticeTitle();
  // The ledger's entry does not tell a customer its facts; his own question does, answered in the moments before it was written.
  const answered = (at: string) => {
    const late = (answer: string | null | undefined) => Date.parse(at) - Date.parse(answer ?? "");
    const near = questions.find((one) => one.key === of.key && late(one.answered) >= -1_000 && late(one.answered) < ANSWERED_MS);
    return near?.answer ? (near.answer === "me" ? w.answeredMe : w.answeredNotMe)(near.address) : null;
  };
  // So does his notice of what a measure was, told at the same time.
  const entered = (at: string) => {
    const told = notices.find((one) => {
      const late = Date.parse(one.created) - Date.parse(at);
      return one.key === of.key && TOLD.test(one.kind) && Math.abs(late) < ANSWERED_MS;
    });
    return told ? <Link to={`/notices/${told.notice}`}>{title(told.kind)}</Link> : null;
  };
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
                  {one.class === "measure.entered" ? <span>{entered(one.at)}</span> : null}
                  {one.class === "question.answered" ? <span>{answered(one.at)}</span> : null}
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
