// Proof and payload as files, and the exact commands that check them elsewhere.

import { api, good } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { instant } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Card, Command } from "../../../ui/basics";
import { save } from "../../../ui/download";
import { Refused } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { entryFile, proofFile, useCheck } from "../../parts/vkey";
import type { Whole } from "./index";
import type { Told } from "./leaf";
import { entryWords } from "./words";

export function Proof({
  index,
  origin,
  shown,
  may,
  told,
}: {
  index: number;
  /** The ledger's name, by its checkpoint. */
  origin: string | undefined;
  shown: Whole | null;
  may: boolean;
  /** Kind and time as this page shows them. */
  told: Told | null;
}) {
  const w = useWords(entryWords);
  const { lang } = useLang();
  const say = useSay();
  const proof = useWrite((which: number) =>
    good(api.GET("/v1/ledger/entries/{index}/proof", { params: { path: { index: which } }, parseAs: "text" })),
  );
  const { command, here, ownKey } = useCheck();
  const why = shown !== null && shown.entry.masked.length > 0 ? w.needsWhole : undefined;
  return (
    <Card title={w.proof}>
      <div className="stack">
        <p>{may ? w.proofText : w.proofAlone}</p>
        <div className="row">
          <Button
            look="primary"
            isPending={proof.isPending}
            onPress={() =>
              proof.mutate(index, {
                onSuccess: (text) => {
                  save(proofFile(index), text);
                  say(w.saved);
                },
              })
            }
          >
            {w.saveProof}
          </Button>
          {may ? (
            <Button
              why={why}
              isDisabled={shown === null}
              onPress={() => {
                if (shown === null) return;
                save(entryFile(index), shown.text, "application/json");
                say(w.saved);
              }}
            >
              {w.savePayload}
            </Button>
          ) : null}
        </div>
        {proof.error ? <Refused error={proof.error} /> : null}
        <div className="grid">
          {may ? (
            <div className="stack tight">
              <h3>{w.together}</h3>
              <Command text={command(index, true)} />
            </div>
          ) : null}
          <div className="stack tight">
            <h3>{w.alone}</h3>
            <Command text={command(index, false)} />
          </div>
        </div>
        {here ? <p className="muted">{w.here}</p> : null}
        <div className="stack tight">
          <h3>{w.compare}</h3>
          <ul className="plain">
            <li>{origin === undefined ? w.compareIndex(String(index)) : w.compareOrigin(origin, String(index))}</li>
            {told === null ? null : <li>{w.compareClass(told.class, told.sequenced, instant(lang, told.sequenced))}</li>}
            {may ? (
              <li>
                {w.compareWhole}
                {shown?.entry.recorded == null ? null : `. ${w.compareRecorded}`}
              </li>
            ) : null}
            <li>{ownKey ? w.compareOwnKey : w.compareKey}</li>
          </ul>
        </div>
      </div>
    </Card>
  );
}
