// Making a machine's token. The secret is shown once, and opens nothing until somebody else has agreed.
import { useState } from "react";
import { api, good, type Schemas } from "../../../api/client";
import { count } from "../../../i18n/format";
import { useLang, useWords } from "../../../i18n/lang";
import { ActDialog } from "../../parts/act";
import { AT_FIELDS, NeededField } from "../../parts/actFields";
import { Roles } from "./roles";
import { peopleWords } from "./words";

type MachineRole = Schemas["MachineRole"];
const MACHINE_ROLES: readonly MachineRole[] = ["exchange_backend", "viewer", "auditor"];
const DAY_MS = 86_400_000;
const DAYS_MAX = 3_650;

export function MakeToken({ onMade, onClose }: { onMade: (made: Schemas["MadeTokenView"]) => void; onClose: () => void }) {
  const w = useWords(peopleWords);
  const { lang } = useLang();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [roles, setRoles] = useState<MachineRole[]>([]);
  // Counted from when the form was opened: the same words asked twice are the same request.
  const [opened] = useState(Date.now());
  const whole = Number(days);
  const sound = Number.isInteger(whole) && whole >= 1 && whole <= DAYS_MAX;
  const expires = sound ? `${new Date(opened + whole * DAY_MS).toISOString().slice(0, 19)}Z` : "";
  return (
    <ActDialog
      title={w.make}
      intro={<p>{w.makeIntro}</p>}
      body={{ name: name.trim(), roles, expires }}
      missing={name.trim() === "" || roles.length === 0 || !sound ? AT_FIELDS : null}
      send={(body, how) => good(api.POST("/v1/tokens", { params: how, body }))}
      go={w.makeGo}
      touches={[["tokens"], ["approvals"], ["overview"]]}
      onDone={(answer) => onMade(answer.result)}
      onClose={onClose}
    >
      <NeededField label={w.purpose} value={name} onChange={setName} autoFocus autoComplete="off" />
      <NeededField
        label={w.days}
        value={days}
        onChange={setDays}
        unsound={sound ? undefined : w.daysWrong(count(lang, DAYS_MAX))}
        inputMode="numeric"
      />
      <Roles label={w.roles} of={MACHINE_ROLES} chosen={roles} onChange={setRoles} />
    </ActDialog>
  );
}
