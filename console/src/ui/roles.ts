// What roles are called, and how a page says that one may not do something. Who may do what is the server's to know: this only explains.
import type { StaffRole } from "../api/session";
import { type Lang, words } from "../i18n/words";

export const STAFF_ROLES: readonly StaffRole[] = [
  "viewer",
  "analyst",
  "approver",
  "compliance_lead",
  "security_admin",
  "auditor",
  "support",
];

export const roleWords = words(
  {
    viewer: "조회자",
    analyst: "분석 담당",
    approver: "승인 담당",
    compliance_lead: "준법 책임자",
    security_admin: "보안 관리자",
    auditor: "감사 담당",
    support: "고객 지원",
    exchange_backend: "거래소 백엔드",
    only: (roles: string) => `${roles}만 할 수 있습니다`,
  },
  {
    viewer: "viewer",
    analyst: "analyst",
    approver: "approver",
    compliance_lead: "compliance lead",
    security_admin: "security administrator",
    auditor: "auditor",
    support: "support",
    exchange_backend: "exchange back end",
    only: (roles: string) => `Only for: ${roles}`,
  },
);

type Named = keyof Omit<(typeof roleWords)["ko"], "only">;

/** A role in words; the role itself where there are none. */
export function roleText(w: (typeof roleWords)["ko"], role: string): string {
  return (w as unknown as Record<string, string>)[role as Named] ?? role;
}

/** A role of so many people: `2 approvers`, without the figure. */
export function rolesText(lang: Lang, role: string, count: number): string {
  const one = roleText(roleWords[lang], role);
  // Korean has one form for both, and support is a name of many already.
  return lang === "ko" || count === 1 || role === "support" ? one : `${one}s`;
}

/** "Only for: …", naming the roles that may. */
export function onlyFor(w: (typeof roleWords)["ko"], ...roles: StaffRole[]): string {
  return w.only(roles.map((role) => roleText(w, role)).join(", "));
}

/** The roles that a refusal names: "… one of the roles `analyst`, `auditor`"; "… one of these roles: analyst, auditor". Staff's own, if any. */
export function rolesNamed(...said: string[]): string[] {
  const list = said
    .map((text) => /one of (?:the|these) roles:? ([`a-z_, ]+)/.exec(text)?.[1])
    .find((found) => found !== undefined);
  const roles = list?.match(/[a-z_]+/g) ?? [];
  const staff = roles.filter((role) => (STAFF_ROLES as readonly string[]).includes(role));
  return staff.length > 0 ? staff : roles;
}
