// Who did something, as people say it; sentences the server sends in both languages; roles.
import { useLang, useWords } from "../../i18n/lang";
import { words } from "../../i18n/words";
import { roleText, roleWords } from "../../ui/roles";

const whoWords = words(
  {
    detect: "정책(자동)",
    policy: "정책",
    clock: "기한 도래(자동)",
    system: "시스템",
    nobody: "담당자 없음",
    token: "시스템 토큰",
    me: "나",
    staff: "직원",
    person: "고객",
  },
  {
    detect: "Policy, by itself",
    policy: "Policy",
    clock: "The clock, by itself",
    system: "The system",
    nobody: "Nobody",
    token: "Machine",
    me: "me",
    staff: "staff",
    person: "Customer",
  },
);

/** A principal in words. */
export function useWho(): (principal: string | null | undefined) => string {
  const w = useWords(whoWords);
  const roles = useWords(roleWords);
  return (principal) => {
    if (!principal) return w.nobody;
    const [kind, ...rest] = principal.split(":");
    const name = rest.join(":");
    if (principal === "staff") return w.staff;
    if (kind === "user") return name;
    if (kind === "system") {
      if (name === "detect" || name === "detection" || name === "policy") return w.detect;
      if (name === "clock" || name === "due" || name === "sweep") return w.clock;
      return `${w.system} (${name})`;
    }
    if (kind === "role") return roleText(roles, name);
    if (kind === "policy") return `${w.policy} ${name}`;
    if (kind === "token") return `${w.token} ${name}`;
    if (kind === "person" || kind === "customer" || kind === "owner") return `${w.person} ${name}`;
    return principal;
  };
}

export function Who({ by }: { by: string | null | undefined }) {
  return <span title={by ?? undefined}>{useWho()(by)}</span>;
}

/** A sentence of the server in the language spoken. */
export function useSaid(): (said: { ko: string; en: string } | null | undefined) => string {
  const { lang } = useLang();
  return (said) => said?.[lang] ?? "";
}
