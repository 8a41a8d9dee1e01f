// Who did something, and codes of machines, as people say them. What is unknown here is shown as it is, so that something new is seen.
import type { Lang } from "../i18n/words";
import { words } from "../i18n/words";
import { roleText, roleWords } from "./roles";

/** Parts of Sumun that act without a person, by what follows `system:`. */
const PARTS = words(
  {
    actuator: "거래소에 조치 전달(자동)",
    campaign: "키 등록 안내(자동)",
    canary: "점검용 키 시험(자동)",
    ceremonies: "IP 주소 확인(자동)",
    clock: "기한 도래(자동)",
    control: "통제권 확인(자동)",
    detect: "정책(자동)",
    exchange: "거래소의 통보",
    init: "설치",
    intake: "이벤트 수신(자동)",
    notices: "안내 발송(자동)",
    operator: "설치·설정 파일",
    owner: "소유자의 요청(자동 처리)",
    reconciler: "기록 대조(자동)",
    serve: "서버 시작(자동)",
    setup: "설치",
    sumun: "수문(자동)",
  },
  {
    actuator: "Orders to the exchange, by itself",
    campaign: "Enrolment campaign, by itself",
    canary: "Canary test, by itself",
    ceremonies: "Proof of addresses, by itself",
    clock: "The clock, by itself",
    control: "Control test, by itself",
    detect: "Policy, by itself",
    exchange: "The exchange's word",
    init: "Set-up",
    intake: "Events taken in, by itself",
    notices: "Notices, by itself",
    operator: "Set-up, from its file",
    owner: "The owner's request",
    reconciler: "Reconciliation, by itself",
    serve: "Start of the server",
    setup: "Set-up",
    sumun: "Sumun, by itself",
  },
);

/** The same parts by the other names that they have had. */
const ALSO: Record<string, string> = { detection: "detect", policy: "detect", due: "clock", sweep: "clock" };

const KINDS = words(
  {
    system: "시스템",
    policy: "정책",
    token: "시스템 토큰",
    gate: "게이트",
    person: "고객",
    staff: "직원",
    nobody: "담당자 없음",
    exchange: "거래소",
  },
  {
    system: "The system",
    policy: "Policy",
    token: "System token",
    gate: "Gate",
    person: "Customer",
    staff: "staff",
    nobody: "Nobody",
    exchange: "Exchange",
  },
);

/** A principal in words: `user:mina` is mina, `system:clock` the clock. */
export function actorText(lang: Lang, principal: string | null | undefined): string {
  const kinds = KINDS[lang];
  if (!principal) return kinds.nobody;
  if (principal === "staff") return kinds.staff;
  const [kind, ...rest] = principal.split(":");
  const name = rest.join(":");
  switch (kind) {
    case "user":
      return name;
    case "system": {
      const parts = PARTS[lang] as Record<string, string>;
      return parts[ALSO[name] ?? name] ?? `${kinds.system} (${name})`;
    }
    case "role":
      return roleText(roleWords[lang], name);
    case "policy":
    case "token":
    case "gate":
      return `${kinds[kind]} ${name}`;
    case "person":
    case "customer":
    case "owner":
      return `${kinds.person} ${name}`;
    default:
      return principal;
  }
}

const SOURCES = words({ govern: "관리 서버", clock: "내부 시계" }, { govern: "The control plane", clock: "The internal clock" });

/** Where events came from: `gate:gate-1:5f0c9b1e7c0a4a33` is gate-1, whatever part of its life that was. */
export function sourceText(lang: Lang, source: string): string {
  const [kind, name = ""] = source.split(":");
  const kinds = KINDS[lang];
  if (kind === "gate") return `${kinds.gate} ${name}`;
  // A tap's log has a drawn end, so that a lost checkpoint is not taken for the old one: people know it by its name.
  const tap = /^tap\.(.+)\.[0-9a-f]{16}$/.exec(name)?.[1];
  if (kind === "exchange") return name === "" ? kinds.exchange : `${kinds.exchange} ${tap ?? name}`;
  return (SOURCES[lang] as Record<string, string>)[source] ?? source;
}

/** How a key signs, by the name of the method. */
const SCHEMES: Record<string, string> = { hs256: "HMAC-SHA-256", ed25519: "Ed25519" };

export const schemeText = (scheme: string): string => SCHEMES[scheme] ?? scheme;
