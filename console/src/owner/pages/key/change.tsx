// Making a key safer: rotate it, take rights away. What widens a key is asked for with a new one.
import { useState } from "react";
import { api, good, type Schemas } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { Check, Choice } from "../../../ui/forms";
import { useSay } from "../../../ui/toasts";
import { useFacts } from "../../facts";
import { Said, TOUCHED } from "../../parts/act";
import { FactorHint } from "../../parts/factor";
import { partWords } from "../../parts/words";
import { type KeyView, useAccounts } from "../../reads";
import { keyWords } from "./words";

type Scope = Schemas["ScopeWord"];
type Issued = Schemas["IssuedView"];

export function Change({ of, onRotated }: { of: KeyView; onRotated: (issued: Issued) => void }) {
  const w = useWords(keyWords);
  return (
    <Card title={w.change}>
      <div className="stack folds">
        <details>
          <summary>{w.rotate}</summary>
          <Rotate of={of} onRotated={onRotated} />
        </details>
        <details>
          <summary>{w.narrow}</summary>
          <Narrow of={of} />
        </details>
      </div>
    </Card>
  );
}

function Rotate({ of, onRotated }: { of: KeyView; onRotated: (issued: Issued) => void }) {
  const w = useWords(keyWords);
  const [hours, setHours] = useState("0");
  const segment = useAccounts().data?.find((one) => one.account === of.account)?.segment;
  const most = useFacts().data?.segments[segment ?? ""]?.rotation_overlap_hours_max ?? 0;
  const act = useWrite<number, { result: Issued }>(async (overlap_hours, once) => {
    const params = { path: { key: of.key }, header: { "Idempotency-Key": once } };
    const done = await good(api.POST("/v1/keys/{key}/rotate", { params, body: { overlap_hours } }));
    // Handed over before anything is asked anew: what is asked anew takes this part off the page, and the secret would go with it.
    onRotated(done.result);
    return done;
  }, TOUCHED);
  const choices = [1, 24, 72].filter((one) => one <= most).map((one) => [`${one}`, w.rotateHours(one)] as const);
  return (
    <div className="stack">
      <p>{w.rotateText}</p>
      <FactorHint />
      <Choice label={w.rotateOverlap} value={hours} onChange={setHours} of={[["0", w.rotateNow], ...choices]} />
      <div>
        <Button look="primary" isPending={act.isPending} onPress={() => act.mutate(Number(hours))}>
          {w.rotateGo}
        </Button>
      </div>
      <Said of={act} />
    </div>
  );
}

/** Rights as they are switched off together. */
const GROUPS: { name: "trade" | "withdraw" | "transfer" | "deposit" | "sub_accounts"; scopes: readonly Scope[] }[] = [
  { name: "withdraw", scopes: ["withdraw"] },
  { name: "transfer", scopes: ["transfer"] },
  { name: "sub_accounts", scopes: ["sub_accounts"] },
  { name: "deposit", scopes: ["deposit"] },
  { name: "trade", scopes: ["trade"] },
];

function Narrow({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const p = useWords(partWords);
  const say = useSay();
  const [off, setOff] = useState<readonly string[]>([]);
  const held = GROUPS.filter(({ scopes }) => scopes.some((scope) => of.scopes.includes(scope)));
  const dropped = held.filter(({ name }) => off.includes(name)).flatMap(({ scopes }) => scopes);
  const act = useWrite<Scope[], unknown>(
    (scopes, once) =>
      good(
        api.POST("/v1/keys/{key}/scopes", {
          params: { path: { key: of.key }, header: { "Idempotency-Key": once } },
          body: { scopes },
        }),
      ),
    TOUCHED,
  );
  return (
    <div className="stack">
      <p>{w.narrowText}</p>
      {held.map(({ name }) => (
        <Check
          key={name}
          on={!off.includes(name)}
          onChange={(on) => setOff(on ? off.filter((one) => one !== name) : [...off, name])}
        >
          {p[name]}
        </Check>
      ))}
      <Check on disabled onChange={() => undefined}>
        {p.read}
      </Check>
      <div>
        <Button
          isPending={act.isPending}
          isDisabled={dropped.length === 0}
          onPress={() =>
            act.mutate(
              of.scopes.filter((scope) => !dropped.includes(scope)),
              {
                onSuccess: () => {
                  setOff([]);
                  say(w.narrowed);
                },
              },
            )
          }
        >
          {w.narrowGo}
        </Button>
      </div>
      <Said of={act} />
    </div>
  );
}
