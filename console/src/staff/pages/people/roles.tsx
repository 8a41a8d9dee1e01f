// Which roles: boxes, so that all of them are seen at once. Where one is needed and none is chosen, they say so once somebody asked to go on.
import { useContext, useId } from "react";
import { useWords } from "../../../i18n/lang";
import { Check } from "../../../ui/forms";
import { roleText, roleWords } from "../../../ui/roles";
import { Pressed } from "../../parts/actFields";
import { peopleWords } from "./words";

export function Roles<R extends string>({
  label,
  of,
  chosen,
  onChange,
}: {
  label: string;
  of: readonly R[];
  chosen: readonly R[];
  onChange: (roles: R[]) => void;
}) {
  const w = useWords(roleWords);
  const people = useWords(peopleWords);
  const id = useId();
  const wrong = useContext(Pressed) && chosen.length === 0;
  return (
    <fieldset className="boxes" aria-describedby={wrong ? id : undefined}>
      <legend>{label}</legend>
      {of.map((role) => (
        <Check
          key={role}
          on={chosen.includes(role)}
          onChange={(on) => onChange(of.filter((one) => (one === role ? on : chosen.includes(one))))}
        >
          {roleText(w, role)}
        </Check>
      ))}
      {wrong ? (
        <p className="wrong" id={id} role="alert">
          {people.rolesMissing}
        </p>
      ) : null}
    </fieldset>
  );
}

/** Roles in words, one after the other. */
export function RoleList({ roles }: { roles: readonly string[] }) {
  const w = useWords(roleWords);
  return <>{roles.map((role) => roleText(w, role)).join(", ")}</>;
}
