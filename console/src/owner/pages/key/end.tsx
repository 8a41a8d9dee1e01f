// Ending a key at once: one question, then it is done, with the proof that it was. Needs no second factor: cutting off never waits.
import { useState } from "react";
import { api, good, type Schemas } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useWords } from "../../../i18n/lang";
import { Button } from "../../../ui/basics";
import { Confirm, Dialog } from "../../../ui/forms";
import { Said, TOUCHED } from "../../parts/act";
import { Proof } from "../../parts/proof";
import { isOver } from "../../parts/standing";
import type { KeyView } from "../../reads";
import { keyWords } from "./words";

type Ended = { result: Schemas["KeyAnswerView"]; ledger: Schemas["EntryView"] | null };

export function End({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const [asked, setAsked] = useState(false);
  const act = useWrite<string, Ended>(
    (key, once) =>
      good(api.POST("/v1/keys/{key}/revoke", { params: { path: { key }, header: { "Idempotency-Key": once } }, body: {} })),
    TOUCHED,
  );
  if (act.data) {
    return (
      <div className="notice good stack tight" role="status">
        <strong>{w.ended}</strong>
        <p>{w.endedText}</p>
        <Proof of={act.data.ledger} />
      </div>
    );
  }
  if (isOver(of)) return null;
  const asking = of.state === "requested";
  return (
    <section className="card ending" aria-label={asking ? w.cancelAsk : w.end}>
      {asking ? <p>{w.cancelText}</p> : <p>{w.endText}</p>}
      <Button look="danger" onPress={() => setAsked(true)}>
        {asking ? w.cancelAsk : w.endGo}
      </Button>
      <Said of={act} />
      <Dialog title={asking ? w.cancelAsk : w.endSure} open={asked} onClose={() => setAsked(false)}>
        {asking ? null : (
          <ul>
            <li>{w.endWhat1}</li>
            <li>{w.endWhat2}</li>
            <li>{w.endWhat3}</li>
          </ul>
        )}
        <Confirm
          go={asking ? w.cancelAsk : w.endGo}
          danger
          busy={act.isPending}
          onGo={() => act.mutate(of.key, { onSettled: () => setAsked(false) })}
          onClose={() => setAsked(false)}
        />
      </Dialog>
    </section>
  );
}
