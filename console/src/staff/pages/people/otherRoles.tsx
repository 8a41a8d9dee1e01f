// Other roles for somebody: all he is to have, decided by another administrator.
import { useState } from "react";
import { api, good, type Schemas } from "../../../api/client";
import type { StaffRole } from "../../../api/session";
import { useWords } from "../../../i18n/lang";
import { STAFF_ROLES } from "../../../ui/roles";
import { useSay } from "../../../ui/toasts";
import { ActDialog } from "../../parts/act";
import { AT_FIELDS, keptByEmpty, ReasonField } from "../../parts/actFields";
import { Roles } from "./roles";
import { peopleWords } from "./words";

export function OtherRoles({ user, onClose }: { user: Schemas["UserView"]; onClose: () => void }) {
  const w = useWords(peopleWords);
  const say = useSay();
  const [roles, setRoles] = useState<StaffRole[]>(user.roles);
  const [reason, setReason] = useState("");
  return (
    <ActDialog
      title={w.changeRolesOf(user.user)}
      intro={<p>{w.changeRolesIntro}</p>}
      body={{ roles, reason: reason.trim() }}
      missing={roles.length === 0 ? AT_FIELDS : keptByEmpty(reason)}
      send={(body, how) => good(api.POST("/v1/users/{user}/roles", { params: { path: { user: user.user }, ...how }, body }))}
      go={w.changeRolesGo}
      touches={[["users"], ["approvals"], ["overview"]]}
      onDone={() => say(w.rolesAsked)}
      onClose={onClose}
    >
      <Roles label={w.roles} of={STAFF_ROLES} chosen={roles} onChange={setRoles} />
      <ReasonField value={reason} onChange={setReason} brief />
    </ActDialog>
  );
}
