// Why a gate refused, in words. The codes are the gate's and never renamed; one that is new and unknown here is shown as it is.
import type { Lang } from "../i18n/words";
import { words } from "../i18n/words";

export const reasonWords = words(
  {
    malformed_credentials: "인증 정보 형식이 잘못됨",
    body_too_large: "요청 본문이 너무 큼",
    unknown_key: "없는 키",
    too_many_failures: "실패가 너무 많아 잠시 막힘",
    signature_invalid: "서명이 맞지 않음",
    timestamp_out_of_window: "요청 시각이 허용 범위 밖",
    replayed: "이미 쓴 요청을 다시 보냄",
    key_not_active: "아직 사용할 수 없는 키",
    key_suspended: "정지된 키",
    key_expired: "종료된 키",
    key_held: "일시 제한된 키",
    reverification_required: "본인·통제권 재확인이 필요한 키",
    registration_required: "사용자를 등록하지 않은 키",
    address_not_allowed: "등록하지 않은 IP 주소",
    client_not_allowed: "허용하지 않은 프로그램",
    route_unknown: "알 수 없는 경로",
    scope_missing: "키에 없는 권한",
    grant_expired: "권한의 유효기간이 끝남",
    account_not_allowed: "허용하지 않은 계정",
    market_not_allowed: "허용하지 않은 마켓",
    operator_not_approved: "승인되지 않은 운용자",
    confirmation_required: "고객의 확인이 필요함",
    halted: "거래소가 중단한 기능",
    rate_limited: "요청이 너무 잦음",
    limit_exceeded: "위임 한도 초과",
    key_table_stale: "게이트의 키 정보가 오래됨",
    recording_unavailable: "기록할 수 없는 상태",
  },
  {
    malformed_credentials: "Credentials cannot be read",
    body_too_large: "Request body too large",
    unknown_key: "No such key",
    too_many_failures: "Too many failures, blocked for a while",
    signature_invalid: "Signature does not match",
    timestamp_out_of_window: "Request time out of range",
    replayed: "A used request was sent again",
    key_not_active: "Key is not in use yet",
    key_suspended: "Key is suspended",
    key_expired: "Key has ended",
    key_held: "Key is on hold",
    reverification_required: "Key must be verified anew",
    registration_required: "Who uses the key is not registered",
    address_not_allowed: "Address is not registered",
    client_not_allowed: "Program is not allowed",
    route_unknown: "Unknown route",
    scope_missing: "Key lacks the permission",
    grant_expired: "Permission has run out",
    account_not_allowed: "Account is not allowed",
    market_not_allowed: "Market is not allowed",
    operator_not_approved: "Operator is not approved",
    confirmation_required: "The customer must confirm",
    halted: "The exchange has halted this",
    rate_limited: "Too many requests",
    limit_exceeded: "Beyond the mandate's limit",
    key_table_stale: "The gate's table of keys is too old",
    recording_unavailable: "The gate cannot record",
  },
);

/** A reason code in words; the code itself where there are none. */
export function reasonText(lang: Lang, code: string): string {
  const said: Record<string, string> = reasonWords[lang];
  return said[code] ?? code;
}
