// One gate: whether it obeys, when it signed that it did, and what canaries found there.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Button, Card, Id, LinkButton, Pairs, Time } from "../../../ui/basics";
import { onlyFor, roleWords } from "../../../ui/roles";
import { Page } from "../../../ui/shell";
import { Read } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptByEmpty, ReasonField } from "../../parts/actFields";
import { Who } from "../../parts/who";
import { Canaries } from "./canaries";
import { Receipts } from "./receipts";
import { Heard, Standing } from "./standing";
import { gateWords } from "./words";

export function Gate() {
  const w = useWords(gateWords);
  const { gate: id = "" } = useParams();
  const query = useQuery({
    queryKey: ["gates", id],
    queryFn: () => good(api.GET("/v1/gates/{gate}", { params: { path: { gate: id } } })),
  });
  return (
    <Page
      title={w.title(id)}
      aside={
        <LinkButton small to="/people?tab=gates">
          {w.back}
        </LinkButton>
      }
    >
      <Read query={query}>
        {(gate) => (
          <>
            <State gate={gate} />
            <Receipts gate={gate.gate} />
            <Canaries gate={gate.gate} />
          </>
        )}
      </Read>
    </Page>
  );
}

function State({ gate }: { gate: Schemas["GateView"] }) {
  const w = useWords(gateWords);
  const { lang } = useLang();
  const facts = useQuery({ queryKey: ["overview"], queryFn: () => good(api.GET("/v1/overview")) });
  const live = facts.data?.gates.find((one) => one.gate === gate.gate);
  return (
    <Card
      title={w.state}
      aside={live !== undefined && gate.state === "enrolled" ? <Standing gate={live} /> : <Badge>{w[gate.state]}</Badge>}
    >
      <div className="stack">
        {live?.stale && gate.state === "enrolled" ? <p className="notice expire">{w.staleText}</p> : null}
        <Pairs
          of={[
            [w.obeys, live?.version == null ? null : count(lang, live.version)],
            [w.heard, live === undefined ? null : <Heard gate={live} />],
            [w.since, gate.enrolled == null ? null : <Time at={gate.enrolled} full />],
            [w.inviteUntil, gate.invite_until == null ? null : <Time at={gate.invite_until} full />],
            [w.invitedBy, <Who by={gate.invited_by} />],
            [w.key, gate.public_key == null ? null : <Id id={gate.public_key} label={gate.public_key} />],
          ]}
        />
        <Revoke gate={gate} />
      </div>
    </Card>
  );
}

function Revoke({ gate }: { gate: Schemas["GateView"] }) {
  const w = useWords(gateWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  const say = useSay();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const why = has("security_admin") ? (gate.state === "revoked" ? w.alreadyRevoked : undefined) : onlyFor(r, "security_admin");
  return (
    <div>
      <Button look="danger" small why={why} onPress={() => setOpen(true)}>
        {w.revoke}
      </Button>
      {open ? (
        <ActDialog
          title={`${w.revoke}: ${gate.gate}`}
          intro={<p>{w.revokeIntro}</p>}
          body={{ reason: reason.trim() }}
          missing={keptByEmpty(reason)}
          send={(body, how) => good(api.POST("/v1/gates/{gate}/revoke", { params: { path: { gate: gate.gate }, ...how }, body }))}
          go={w.revoke}
          danger
          touches={[["gates"], ["overview"]]}
          onDone={() => say(w.revokeDone)}
          onClose={() => setOpen(false)}
        >
          <ReasonField value={reason} onChange={setReason} brief />
        </ActDialog>
      ) : null}
    </div>
  );
}
