// Gates: which there are, and whether each obeys what was last decided.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { Badge, Button, Card, Command, Time, type Tone } from "../../../ui/basics";
import { Pages, Table, useFilter } from "../../../ui/lists";
import { Once } from "../../../ui/once";
import { onlyFor, roleWords } from "../../../ui/roles";
import { Empty, Read } from "../../../ui/states";
import { ActDialog } from "../../parts/act";
import { keptByEmpty, NeededField } from "../../parts/actFields";
import { serverUrl } from "../../parts/server";
import { Who } from "../../parts/who";
import { Heard, Standing } from "../gate/standing";
import { peopleWords } from "./words";

const GATE_TONES: Record<Schemas["GateView"]["state"], Tone> = { invited: "monitor", enrolled: "good", revoked: "plain" };

export function Gates() {
  const w = useWords(peopleWords);
  const r = useWords(roleWords);
  const { lang } = useLang();
  const { has } = useMe();
  const [after] = useFilter("after");
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<Schemas["InvitedGateView"] | null>(null);
  const query = useQuery({
    queryKey: ["gates", "list", after],
    queryFn: () => good(api.GET("/v1/gates", { params: { query: { limit: 100, ...(after === "" ? {} : { after }) } } })),
  });
  const facts = useQuery({ queryKey: ["overview"], queryFn: () => good(api.GET("/v1/overview")) });
  const seen = (gate: string) => facts.data?.gates.find((one) => one.gate === gate);
  return (
    <div className="stack">
      {made?.invite == null ? null : (
        <Once title={w.gateInvite(made.gate.gate)} text={made.invite} onKept={() => setMade(null)}>
          <p>{w.gateNext}</p>
          <Command text={`sumun gate enrol --server ${serverUrl()} --invite INVITE`} />
        </Once>
      )}
      <div>
        <Button
          look="primary"
          why={has("security_admin") ? undefined : onlyFor(r, "security_admin")}
          onPress={() => setOpen(true)}
        >
          {w.inviteGate}
        </Button>
      </div>
      <Card title={w.gates}>
        <Read query={query}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty title={w.noGates} text={w.noGatesText} />
            ) : (
              <div className="stack">
                <Table
                  caption={w.gates}
                  rows={page.items}
                  id={(row) => row.gate}
                  columns={[
                    { head: w.gate, cell: (row) => <Link to={`/gates/${encodeURIComponent(row.gate)}`}>{row.gate}</Link> },
                    {
                      head: w.state,
                      cell: (row) => {
                        const live = seen(row.gate);
                        return row.state === "enrolled" && live !== undefined ? (
                          <Standing gate={live} />
                        ) : (
                          <Badge tone={GATE_TONES[row.state]}>{row.state === "invited" ? w.gateWaits : w[row.state]}</Badge>
                        );
                      },
                    },
                    {
                      head: w.obeys,
                      cell: (row) => {
                        const version = seen(row.gate)?.version;
                        return version == null ? "–" : count(lang, version);
                      },
                      number: true,
                    },
                    { head: w.heard, cell: (row) => <Heard gate={seen(row.gate)} /> },
                    { head: w.since, cell: (row) => <Time at={row.enrolled} /> },
                    { head: w.gateInvitedBy, cell: (row) => <Who by={row.invited_by} /> },
                  ]}
                />
                <Pages next={page.next} />
              </div>
            )
          }
        </Read>
      </Card>
      {open ? <Invite onMade={setMade} onClose={() => setOpen(false)} /> : null}
    </div>
  );
}

function Invite({ onMade, onClose }: { onMade: (made: Schemas["InvitedGateView"]) => void; onClose: () => void }) {
  const w = useWords(peopleWords);
  const [gate, setGate] = useState("");
  return (
    <ActDialog
      title={w.inviteGate}
      intro={<p>{w.gateIntro}</p>}
      body={{ gate: gate.trim() }}
      missing={keptByEmpty(gate)}
      send={(body, how) => good(api.POST("/v1/gates", { params: how, body }))}
      go={w.gateInviteGo}
      touches={[["gates"], ["overview"]]}
      onDone={(answer) => onMade(answer.result)}
      onClose={onClose}
    >
      <NeededField label={w.gateId} hint={w.gateIdHint} value={gate} onChange={setGate} autoFocus autoComplete="off" />
    </ActDialog>
  );
}
