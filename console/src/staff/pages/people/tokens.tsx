// Tokens of machines: made by one security administrator, let in by another.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Badge, Button, Card, Time, type Tone } from "../../../ui/basics";
import { Pages, Table, useFilter } from "../../../ui/lists";
import { Once } from "../../../ui/once";
import { onlyFor, roleWords } from "../../../ui/roles";
import { Empty, Read } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptByEmpty, ReasonField } from "../../parts/actFields";
import { Who } from "../../parts/who";
import { MakeToken } from "./makeToken";
import { RoleList } from "./roles";
import { peopleWords } from "./words";

type Token = Schemas["TokenView"];
const TONES: Record<Token["state"], Tone> = { waiting: "monitor", active: "good", revoked: "plain" };

export function Tokens() {
  const w = useWords(peopleWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  const [after] = useFilter("after");
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<Schemas["MadeTokenView"] | null>(null);
  const query = useQuery({
    queryKey: ["tokens", after],
    queryFn: () => good(api.GET("/v1/tokens", { params: { query: { limit: 100, ...(after === "" ? {} : { after }) } } })),
  });
  return (
    <div className="stack">
      {made?.secret == null ? null : (
        <Once title={w.tokenTitle(made.token.name)} text={made.secret} onKept={() => setMade(null)}>
          <p>
            {w.waiting}. <Link to={`/approvals/${encodeURIComponent(made.approval)}`}>{w.toApproval}</Link>
          </p>
        </Once>
      )}
      <div>
        <Button
          look="primary"
          why={has("security_admin") ? undefined : onlyFor(r, "security_admin")}
          onPress={() => setOpen(true)}
        >
          {w.make}
        </Button>
      </div>
      <Card title={w.tokens}>
        <div className="stack">
          <p className="muted">{w.tokensAbout}</p>
          <Read query={query}>
            {(page) =>
              page.items.length === 0 ? (
                <Empty title={w.noTokens} text={w.noTokensText} />
              ) : (
                <>
                  <Table
                    caption={w.tokens}
                    rows={page.items}
                    id={(row) => row.token}
                    columns={[
                      { head: w.purpose, cell: (row) => row.name },
                      { head: w.roles, cell: (row) => <RoleList roles={row.roles} /> },
                      { head: w.state, cell: (row) => <Badge tone={TONES[row.state]}>{w[row.state]}</Badge> },
                      { head: w.expires, cell: (row) => <Time at={row.expires} /> },
                      { head: w.madeBy, cell: (row) => <Who by={row.created_by} /> },
                      { head: w.acts, cell: (row) => <Revoke token={row} /> },
                    ]}
                  />
                  <Pages next={page.next} />
                </>
              )
            }
          </Read>
        </div>
      </Card>
      {open ? <MakeToken onMade={setMade} onClose={() => setOpen(false)} /> : null}
    </div>
  );
}

function Revoke({ token }: { token: Token }) {
  const w = useWords(peopleWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  const say = useSay();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  if (token.state === "revoked") return <span className="muted">–</span>;
  return (
    <>
      <Button small why={has("security_admin") ? undefined : onlyFor(r, "security_admin")} onPress={() => setOpen(true)}>
        {w.revoke}
      </Button>
      {open ? (
        <ActDialog
          title={w.revokeOf(token.name)}
          intro={<p>{w.revokeTokenIntro}</p>}
          body={{ reason: reason.trim() }}
          missing={keptByEmpty(reason)}
          send={(body, how) =>
            good(api.POST("/v1/tokens/{token}/revoke", { params: { path: { token: token.token }, ...how }, body }))
          }
          go={w.revoke}
          danger
          touches={[["tokens"]]}
          onDone={() => say(w.revokeDone)}
          onClose={() => setOpen(false)}
        >
          <ReasonField value={reason} onChange={setReason} brief />
        </ActDialog>
      ) : null}
    </>
  );
}
