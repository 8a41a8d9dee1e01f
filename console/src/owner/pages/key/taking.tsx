// A key on its way: what it waits for and who looks at what; once approved, its secret is taken, once.

import { api, good, type Schemas } from "../../../api/client";
import { useWrite } from "../../../api/queries";
import { useWords } from "../../../i18n/lang";
import { Button, Card } from "../../../ui/basics";
import { Said, TOUCHED } from "../../parts/act";
import { FactorHint } from "../../parts/factor";
import { Follows } from "../../parts/follows";
import { When } from "../../parts/when";
import { type KeyView, useApprovals } from "../../reads";
import { keyWords } from "./words";

export function Waiting({ of }: { of: KeyView }) {
  const w = useWords(keyWords);
  const open = useApprovals().data?.filter((one) => one.subject === `key:${of.key}` && one.state === "open") ?? [];
  const due = open.map((one) => one.due).sort()[0];
  return (
    <Card title={w.waitTitle}>
      <div className="stack tight">
        <p>{w.waitText}</p>
        {due ? (
          <p>
            {w.waitDue} <When at={due} />
          </p>
        ) : null}
        <h3>{w.waitWhat}</h3>
        <ul>
          <li>{w.waitPurpose}</li>
          <li>{w.waitAddress}</li>
          <li>{w.waitPerson}</li>
        </ul>
      </div>
    </Card>
  );
}

export function Take({ of, onTaken }: { of: KeyView; onTaken: (issued: Schemas["IssuedView"]) => void }) {
  const w = useWords(keyWords);
  const act = useWrite<string, { result: Schemas["IssuedView"] }>(async (key, once) => {
    const path = { key };
    const done = await good(api.POST("/v1/keys/{key}/issue", { params: { path, header: { "Idempotency-Key": once } } }));
    // Handed over before anything is asked anew: what is asked anew takes this part off the page, and the secret would go with it.
    onTaken(done.result);
    return done;
  }, TOUCHED);
  return (
    <Card title={w.issue}>
      <div className="stack">
        <Follows />
        <p>{w.issueText}</p>
        <FactorHint />
        <div>
          <Button look="primary" isPending={act.isPending} onPress={() => act.mutate(of.key)}>
            {w.issue}
          </Button>
        </div>
        <Said of={act} />
      </div>
    </Card>
  );
}
