// Inviting somebody. The invite is shown once, to whoever invited.
import { useState } from "react";
import { Link } from "react-router";
import { api, good, type Schemas } from "../../../api/client";
import { type StaffRole, useMe } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { Button, Command } from "../../../ui/basics";
import { Field, letters } from "../../../ui/forms";
import { Once } from "../../../ui/once";
import { onlyFor, roleText, roleWords, STAFF_ROLES } from "../../../ui/roles";
import { ActDialog } from "../../parts/act";
import { AT_FIELDS, BRIEF_MOST, NeededField } from "../../parts/actFields";
import { serverUrl } from "../../parts/server";
import { Roles } from "./roles";
import { peopleWords } from "./words";

export function InviteUser() {
  const w = useWords(peopleWords);
  const r = useWords(roleWords);
  const { has } = useMe();
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<Schemas["InvitedView"] | null>(null);
  return (
    <>
      {made?.invite == null ? null : (
        <Once title={w.inviteTitle(made.user.user)} text={made.invite} onKept={() => setMade(null)}>
          <p>{w.inviteNext}</p>
          <Command text={`sumun users enrol --server ${serverUrl()} --invite INVITE`} />
          {made.approval == null ? null : (
            <p>
              {w.rolesWait} <Link to={`/approvals/${encodeURIComponent(made.approval)}`}>{w.toApproval}</Link>
            </p>
          )}
        </Once>
      )}
      <div>
        <Button
          look="primary"
          why={has("security_admin") ? undefined : onlyFor(r, "security_admin")}
          onPress={() => setOpen(true)}
        >
          {w.invite}
        </Button>
      </div>
      {open ? <Form onMade={setMade} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

/** What the server takes for a name to sign in by. */
const USER = /^[a-z0-9][a-z0-9.-]{1,31}$/;

function Form({ onMade, onClose }: { onMade: (made: Schemas["InvitedView"]) => void; onClose: () => void }) {
  const w = useWords(peopleWords);
  const [user, setUser] = useState("");
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [roles, setRoles] = useState<StaffRole[]>(["viewer"]);
  const r = useWords(roleWords);
  const later = roles.filter((role) => role !== "viewer");
  const mail = email.trim() === "" ? {} : { email: email.trim() };
  return (
    <ActDialog
      title={w.invite}
      intro={<p>{w.inviteIntro}</p>}
      body={{ user: user.trim(), name: name.trim(), roles, ...mail }}
      missing={
        !USER.test(user.trim()) ||
        name.trim() === "" ||
        letters(name.trim()) > BRIEF_MOST ||
        letters(email.trim()) > BRIEF_MOST ||
        roles.length === 0
          ? AT_FIELDS
          : null
      }
      consequences={<p>{later.length === 0 ? w.inviteNow : w.inviteLater(later.map((role) => roleText(r, role)).join(", "))}</p>}
      send={(body, how) => good(api.POST("/v1/users", { params: how, body }))}
      go={w.inviteGo}
      touches={[["users"], ["approvals"], ["overview"]]}
      onDone={(answer) => onMade(answer.result)}
      onClose={onClose}
    >
      <NeededField
        label={w.user}
        hint={w.userHint}
        value={user}
        onChange={setUser}
        unsound={USER.test(user.trim()) ? undefined : w.userWrong}
        autoFocus
        autoComplete="off"
      />
      <NeededField label={w.name} value={name} onChange={setName} most={BRIEF_MOST} autoComplete="off" />
      <Field label={w.email} most={BRIEF_MOST} type="email" value={email} onChange={setEmail} autoComplete="off" />
      <Roles label={w.roles} of={STAFF_ROLES} chosen={roles} onChange={setRoles} />
    </ActDialog>
  );
}
