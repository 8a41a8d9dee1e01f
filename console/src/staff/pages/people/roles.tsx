// Which roles: boxes, so that all of them are seen at once.
import { useWords } from "../../../i18n/lang";
import { Check } from "../../../ui/forms";
import { roleText, roleWords } from "../../../ui/roles";

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
  return (
    <fieldset className="boxes">
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
    </fieldset>
  );
}

/** Roles in words, one after the other. */
export function RoleList({ roles }: { roles: readonly string[] }) {
  const w = useWords(roleWords);
  return <>{roles.map((role) => roleText(w, role)).join(", ")}</>;
}
