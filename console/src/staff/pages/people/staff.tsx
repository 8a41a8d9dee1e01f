// Staff: who, with which roles. Inviting, other roles, and disabling are for security administrators.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Badge, Button, Card, Time, type Tone } from "../../../ui/basics";
import { Pages, Table, useFilter } from "../../../ui/lists";
import { onlyFor, roleWords } from "../../../ui/roles";
import { Empty, Read } from "../../../ui/states";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { keptByEmpty, ReasonField } from "../../parts/actFields";
import { type Approval, loose } from "../../parts/shapes";
import { Who } from "../../parts/who";
import { InviteUser } from "./invite";
import { OtherRoles } from "./otherRoles";
import { RoleList } from "./roles";
import { peopleWords } from "./words";

type User = Schemas["UserView"];
const TONES: Record<User["state"], Tone> = { invited: "monitor", enrolling: "monitor", active: "good", disabled: "plain" };

export function Staff() {
  const w = useWords(peopleWords);
  const [after] = useFilter("after");
  const query = useQuery({
    queryKey: ["users", after],
    queryFn: () => good(api.GET("/v1/users", { params: { query: { limit: 100, ...(after === "" ? {} : { after }) } } })),
  });
  const asked = useQuery({
    queryKey: ["approvals", { state: "open", all: true }],
    queryFn: () => good(api.GET("/v1/approvals", { params: { query: { state: "open", limit: 200 } } })),
  });
  return (
    <div className="stack">
      <InviteUser />
      <Card title={w.staff}>
        <div className="stack">
          <p className="muted">{w.staffAbout}</p>
          <Read query={query}>
            {(page) =>
              page.items.length === 0 ? (
                <Empty title={w.noStaff} />
              ) : (
                <>
                  <Table
                    caption={w.staff}
                    rows={page.items}
                    id={(row) => row.user}
                    columns={[
                      { head: w.user, cell: (row) => <strong className="mono nowrap">{row.user}</strong> },
                      {
                        head: w.name,
                        // Whoever founded the record was invited by a name for signing in alone.
                        cell: (row) =>
                          row.name === row.user ? (
                            <span className="muted nowrap">{w.noName}</span>
                          ) : (
                            <span className="name">{row.name}</span>
                          ),
                      },
                      { head: w.roles, cell: (row) => <RolesOf user={row} asked={asked.data?.items ?? []} /> },
                      {
                        head: w.state,
                        cell: (row) => (
                          <span className="row">
                            <Badge tone={TONES[row.state]}>{w[row.state]}</Badge>
                            {row.state === "invited" || row.state === "enrolling" ? (
                              <span className="muted">
                                {w.invitedUntil}: <Time at={row.invite_until} />
                              </span>
                            ) : null}
                          </span>
                        ),
                      },
                      { head: w.invitedBy, cell: (row) => <Who by={row.invited_by} /> },
                      { head: w.acts, cell: (row) => <Acts user={row} /> },
                    ]}
                  />
                  <Pages next={page.next} />
                </>
              )
            }
          </Read>
        </div>
      </Card>
    </div>
  );
}

/** Roles he has, and those that wait for somebody to agree. */
function RolesOf({ user, asked }: { user: User; asked: readonly Approval[] }) {
  const w = useWords(peopleWords);
  const open = asked.find((one) => one.action === "user.roles" && one.subject === `user:${user.user}`);
  const wanted = loose<{ roles: string[] }>(open?.request).roles;
  return (
    <span className="stack tight">
      <span>
        <RoleList roles={user.roles} />
      </span>
      {open === undefined ? null : (
        <Link to={`/approvals/${encodeURIComponent(open.approval)}`}>
          {w.rolesAwait} {wanted === undefined ? null : <RoleList roles={wanted} />}
        </Link>
      )}
    </span>
  );
}

function Acts({ user }: { user: User }) {
  const w = useWords(peopleWords);
  const r = useWords(roleWords);
  const { has, session } = useMe();
  const say = useSay();
  const [doing, setDoing] = useState<"roles" | "disable" | null>(null);
  const [reason, setReason] = useState("");
  const close = () => {
    setDoing(null);
    setReason("");
  };
  const why = has("security_admin")
    ? user.state === "disabled"
      ? w.gone
      : session.principal === `user:${user.user}`
        ? w.self
        : undefined
    : onlyFor(r, "security_admin");
  return (
    <>
      {/* Where neither may be pressed, the reason is said once. */}
      <div className="row">
        <Button small isDisabled={why !== undefined} onPress={() => setDoing("roles")}>
          {w.changeRoles}
        </Button>
        <Button small why={why} onPress={() => setDoing("disable")}>
          {w.disable}
        </Button>
      </div>
      {doing === "roles" ? <OtherRoles user={user} onClose={close} /> : null}
      {doing === "disable" ? (
        <ActDialog
          title={w.disableOf(user.user)}
          intro={<p>{w.disableIntro}</p>}
          body={{ reason: reason.trim() }}
          missing={keptByEmpty(reason)}
          send={(body, how) =>
            good(api.POST("/v1/users/{user}/disable", { params: { path: { user: user.user }, ...how }, body }))
          }
          go={w.disable}
          danger
          touches={[["users"]]}
          onDone={() => say(w.disableDone)}
          onClose={close}
        >
          <ReasonField value={reason} onChange={setReason} brief />
        </ActDialog>
      ) : null}
    </>
  );
}
