// Signals by a short name, in both languages: where a signal is spoken of that is not at hand itself. Its whole sentence is the server's.
import type { Lang } from "../../i18n/words";
import { words } from "../../i18n/words";

export const signalWords = words(
  {
    unfamiliar_properties: "평소와 다른 환경",
    first_seen_network: "처음 사용된 네트워크",
    returns_between_origins: "두 주소를 오간 사용",
    foreign_address_drift: "등록되지 않은 주소의 서명",
    foreign_address_in_use: "등록되지 않은 주소에서 계속된 사용",
    foreign_address_confirmed: "소유자가 확인한 주소",
    secret_out_by_denial: "소유자의 부인",
    clock_out_of_window: "맞지 않는 시각",
    refusal_burst: "거부 급증",
    vendor_not_in_force: "효력 없는 외부 업체",
    vendor_unnamed: "키에 지정되지 않은 외부 업체",
    vendor_egress_left: "외부 업체의 주소 밖 사용",
    purpose_exceeded: "용도를 벗어난 사용",
    scope_exceeded: "부여되지 않은 권한",
    market_outside_mandate: "허용되지 않은 마켓",
    country_outside_mandate: "등록되지 않은 국가",
    rate_outside_mandate: "주문 속도 초과",
    allowlist_missing: "허용 주소 미등록",
    expired_key_used: "종료 뒤의 사용",
    delegation_ended: "끝난 위임에 따른 사용",
    delegation_exceeded: "위임 범위를 넘은 사용",
    delegation_in_use: "위임 범위 안의 사용",
    customers_at_one_address: "여러 고객의 키가 함께 쓰는 주소",
    same_client_at_shared_address: "공용 주소에서의 같은 프로그램",
    approved_vendor_at_shared_address: "승인된 외부 업체의 주소",
    delegation_at_shared_address: "위임에 등록된 주소",
    own_sessions_at_shared_address: "소유자 본인의 주소",
    keys_change_together: "함께 바뀌는 키들",
  },
  {
    unfamiliar_properties: "Unfamiliar place or program",
    first_seen_network: "First use of a network",
    returns_between_origins: "Use by turns from two places",
    foreign_address_drift: "Signature from an address not registered",
    foreign_address_in_use: "Use from an address not registered",
    foreign_address_confirmed: "Address confirmed by the owner",
    secret_out_by_denial: "The owner's denial",
    clock_out_of_window: "Clock out of range",
    refusal_burst: "Burst of refusals",
    vendor_not_in_force: "Vendor not in force",
    vendor_unnamed: "Vendor the key does not name",
    vendor_egress_left: "Use outside the vendor's addresses",
    purpose_exceeded: "Use beyond the purpose",
    scope_exceeded: "Permission not granted",
    market_outside_mandate: "Market outside the mandate",
    country_outside_mandate: "Country outside the mandate",
    rate_outside_mandate: "Orders faster than the mandate",
    allowlist_missing: "No registered address",
    expired_key_used: "Use after the end",
    delegation_ended: "Use by a delegate whose time is over",
    delegation_exceeded: "Use beyond a delegation",
    delegation_in_use: "Use within a delegation",
    customers_at_one_address: "One address of many customers",
    same_client_at_shared_address: "One program at a shared address",
    approved_vendor_at_shared_address: "Address of an approved vendor",
    delegation_at_shared_address: "Address of a delegation",
    own_sessions_at_shared_address: "The owner's own address",
    keys_change_together: "Keys that change together",
  },
);

/** The short name of a signal's code; undefined where there is none. */
export function signalName(lang: Lang, code: string): string | undefined {
  const said: Record<string, string> = signalWords[lang];
  return said[code];
}
