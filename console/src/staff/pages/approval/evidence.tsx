// The grounds of what is asked about a key, to be looked at before anybody decides.
import { useQuery } from "@tanstack/react-query";
import { api, good } from "../../../api/client";
import { useWords } from "../../../i18n/lang";
import { Card, LinkButton } from "../../../ui/basics";
import { Read } from "../../../ui/states";
import { Ladder } from "../../parts/ladder";
import { type Approval, type Explanation, explanationOf } from "../../parts/shapes";
import { Signals } from "../../parts/signals";
import { useWho } from "../../parts/who";
import { approvalWords } from "./words";

/** Nothing was found: says on what it rests instead. A key that nobody uses yet has no grounds at all, and no arithmetic. */
function Nothing({ of, isNew, explained }: { of: Approval; isNew: boolean; explained: Explanation | null }) {
  const w = useWords(approvalWords);
  const who = useWho();
  const byPolicy = of.requested_by.startsWith("system:") || of.action === "key.measure";
  const met = explained?.rules.some((rule) => rule.reading === "met") ?? false;
  const said = isNew
    ? w.noSignalsNew
    : byPolicy
      ? w.noSignalsPolicy
      : (met ? w.noSignalsRules : w.noSignals)(who(of.requested_by));
  return <p className="notice warn">{said}</p>;
}

export function Evidence({ of, keyId, asked }: { of: Approval; keyId: string; asked: string | null }) {
  const w = useWords(approvalWords);
  const signals = useQuery({
    queryKey: ["signals", { key: keyId }],
    queryFn: () => good(api.GET("/v1/signals", { params: { query: { key: keyId, limit: 200 } } })),
  });
  const key = useQuery({
    queryKey: ["keys", keyId],
    queryFn: () => good(api.GET("/v1/keys/{key}", { params: { path: { key: keyId } } })),
  });
  const isNew = key.data?.state === "requested";
  const over = key.data?.state === "expired" || key.data?.state === "rejected";
  const standing = useQuery({
    queryKey: ["keys", keyId, "standing"],
    queryFn: () => good(api.GET("/v1/keys/{key}/standing", { params: { path: { key: keyId } } })),
  });
  const measures = useQuery({
    queryKey: ["measures", { key: keyId }],
    queryFn: () => good(api.GET("/v1/measures", { params: { query: { key: keyId, limit: 200 } } })),
    enabled: asked === null,
  });
  // What staff propose names no case; the key's latest one is where it is looked into.
  const latest = [...(measures.data?.items ?? [])].sort((one, other) => other.began.localeCompare(one.began))[0];
  const caseId = asked ?? latest?.case_id ?? null;
  return (
    <Card
      title={w.evidence}
      aside={
        <span className="row">
          <LinkButton small to={`/keys/${encodeURIComponent(keyId)}`}>
            {w.openKey}
          </LinkButton>
          {caseId === null ? null : (
            <LinkButton small to={`/cases/${encodeURIComponent(caseId)}`}>
              {w.openCase}
            </LinkButton>
          )}
        </span>
      }
    >
      <div className="stack">
        <p className="muted">{w.evidenceText}</p>
        <h3>{w.signals}</h3>
        <Read query={signals}>
          {({ items }) =>
            items.length > 0 ? (
              <Signals of={items} about={keyId} />
            ) : (
              <Nothing of={of} isNew={isNew} explained={explanationOf(standing.data?.explained)} />
            )
          }
        </Read>
        {isNew ? null : over ? (
          <p className="muted">{w.whyOver}</p>
        ) : (
          <>
            <h3>{w.why}</h3>
            <Read query={standing}>
              {(data) => <Ladder of={explanationOf(data.explained)} signals={signals.data?.items ?? []} />}
            </Read>
          </>
        )}
      </div>
    </Card>
  );
}
