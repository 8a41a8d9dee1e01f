// The ledger: its signed head, how to check it without this server, what it says newest first, and when each gate obeyed.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, good } from "../../../api/client";
import { useMe } from "../../../api/session";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Button, Card, Command, Id, Pairs, Time } from "../../../ui/basics";
import { save } from "../../../ui/download";
import { Page } from "../../../ui/shell";
import { Read } from "../../../ui/states";
import { checkpointFile, useCheck } from "../../parts/vkey";
import { type Checkpoint, readCheckpoint } from "./checkpoint";
import { Entries, Jump } from "./entries";
import { Receipts } from "./receipts";
import { ledgerWords } from "./words";

export function Ledger() {
  const w = useWords(ledgerWords);
  const { has } = useMe();
  // The ledger grows while one reads: the command names the file that was saved last.
  const [kept, setKept] = useState<number | null>(null);
  const head = useQuery({
    queryKey: ["ledger", "checkpoint"],
    queryFn: async () => readCheckpoint(await good(api.GET("/v1/ledger/checkpoint", { parseAs: "text" }))),
  });
  return (
    <Page title={w.title}>
      <p className="muted">{w.about}</p>
      <Read query={head}>
        {(checkpoint) => (
          <>
            <div className="two">
              <Head checkpoint={checkpoint} onKept={setKept} />
              <Receipts />
            </div>
            <Verify size={kept ?? checkpoint.size} />
            <Card title={w.entries} aside={<Jump size={checkpoint.size} />}>
              {has("auditor", "security_admin", "compliance_lead") ? (
                <Entries size={checkpoint.size} />
              ) : (
                <p className="muted">{w.notYours}</p>
              )}
            </Card>
          </>
        )}
      </Read>
    </Page>
  );
}

function Head({ checkpoint, onKept }: { checkpoint: Checkpoint; onKept: (size: number) => void }) {
  const w = useWords(ledgerWords);
  const { lang } = useLang();
  const facts = useQuery({ queryKey: ["overview"], queryFn: () => good(api.GET("/v1/overview")) });
  return (
    <Card title={w.head}>
      <div className="stack">
        <Pairs
          of={[
            [w.origin, <code>{checkpoint.origin}</code>],
            [w.size, count(lang, checkpoint.size)],
            [w.root, <Id id={checkpoint.root} label={checkpoint.root} />],
            [w.signed, facts.data ? <Time at={facts.data.ledger.at} /> : null],
          ]}
        />
        <div>
          <Button
            onPress={() => {
              save(checkpointFile(checkpoint.size), checkpoint.text);
              onKept(checkpoint.size);
            }}
          >
            {w.save}
          </Button>
        </div>
      </div>
    </Card>
  );
}

function Verify({ size }: { size: number }) {
  const w = useWords(ledgerWords);
  const { here, whole, published, since } = useCheck();
  return (
    <Card title={w.verify}>
      <div className="stack">
        <p>{w.verifyText}</p>
        <div className="grid">
          <div className="stack tight">
            <h3>{w.whole}</h3>
            <Command text={whole} />
          </div>
          <div className="stack tight">
            <h3>{w.published}</h3>
            <Command text={published} />
          </div>
          <div className="stack tight">
            <h3>{w.since}</h3>
            <Command text={since(size)} />
          </div>
        </div>
        {here ? <p className="muted">{w.here}</p> : null}
      </div>
    </Card>
  );
}
