// Where something stands in the ledger, and how somebody who trusts nobody can check it.

import { useState } from "react";
import { api, good, Problem, type Schemas } from "../../api/client";
import { useWords } from "../../i18n/lang";
import { Button, Pairs } from "../../ui/basics";
import { checkPlaces } from "../../ui/check";
import { save } from "../../ui/download";
import { useOpenFacts } from "../facts";
import { Refused } from "./act";
import { Lines } from "./secret";
import { When } from "./when";
import { partWords } from "./words";

export function Proof({ of }: { of: Schemas["EntryView"] | null | undefined }) {
  const w = useWords(partWords);
  if (!of) return null;
  return (
    <div className="proof stack tight">
      <strong>{w.proofTitle}</strong>
      <p>{w.proofText}</p>
      <Pairs
        of={[
          [w.proofEntry, <strong key="entry">{of.entry}</strong>],
          [w.proofAt, <When key="at" at={of.sequenced} />],
        ]}
      />
      <details>
        <summary>{w.proofHow}</summary>
        <ProofFile entry={of.entry} />
      </details>
    </div>
  );
}

/** The file that proves an entry, and the command that checks it. */
export function ProofFile({ entry }: { entry: number }) {
  const w = useWords(partWords);
  const [error, setError] = useState<Problem | null>(null);
  const { here, program, saved, vkey } = checkPlaces(useOpenFacts().data?.check);
  const name = `sumun-${entry}.proof`;
  async function fetchIt() {
    setError(null);
    try {
      const path = { index: entry };
      const text = await good(api.GET("/v1/ledger/entries/{index}/proof", { params: { path }, parseAs: "text" }));
      save(name, text);
    } catch (caught) {
      if (caught instanceof Problem) setError(caught);
      else throw caught;
    }
  }
  return (
    <div className="stack tight">
      <p>{w.proofFileText}</p>
      <div>
        <Button small onPress={() => void fetchIt()}>
          {w.proofFile}
        </Button>
      </div>
      {error ? <Refused error={error} /> : null}
      <Lines text={`${program} ledger verify-proof ${saved}${name} --vkey ${vkey}`} />
      {here ? <p className="muted">{w.proofHere}</p> : null}
    </div>
  );
}
