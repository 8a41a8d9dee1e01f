// Words of closed lists that several pages say: causes, families, steps, actions, outcomes. A word that is not in a list is shown as the
// server sends it, made readable, so that something new is seen and not hidden; `codes.test.ts` says which are missing.
import { words } from "../../i18n/words";

export const causeWords = words(
  {
    lent: "키를 다른 사람에게 빌려주었을 가능성",
    sold: "키를 판매했을 가능성",
    leaked: "시크릿 키가 소유자 모르게 유출되었을 가능성",
    over_delegated: "등록된 위임 범위를 넘은 사용",
    documented_delegation: "등록된 위임으로 설명되는 사용",
    coordinated: "여러 키를 한 운용자가 함께 움직였을 가능성",
    copied_code: "공개된 같은 코드를 쓰는 사용",
    market_abuse: "시장 교란이 의심되는 거래",
    unknown: "원인은 아직 알 수 없음",
  },
  {
    lent: "the key may have been lent to somebody else",
    sold: "the key may have been sold",
    leaked: "the secret may have leaked without the owner's knowledge",
    over_delegated: "it was used beyond its recorded delegation",
    documented_delegation: "a recorded delegation explains the use",
    coordinated: "several keys may be driven by one operator",
    copied_code: "it runs the same published code as others",
    market_abuse: "its trading may harm a market",
    unknown: "the cause is not known yet",
  },
);

export const familyWords = words(
  {
    origin: "접속 위치",
    client: "프로그램",
    lifecycle: "키 이력",
    auth: "서명·인증",
    behaviour: "이용 습관",
    operator: "공동 운용자",
    coordination: "동시 행동",
    market: "시장 거래",
    policy: "등록 위반",
    sharing: "공유 위험",
  },
  {
    origin: "Origin",
    client: "Client",
    lifecycle: "Key's life",
    auth: "Signatures",
    behaviour: "Habits",
    operator: "Shared operator",
    coordination: "Acting together",
    market: "Market",
    policy: "Broken record",
    sharing: "Sharing",
  },
);

export const hardWords = words(
  {
    owner_denies: "소유자가 본인 사용이 아니라고 답함",
    exposure_matched: "공개된 시크릿 키와 일치함",
    control_failed_twice: "통제권 확인에 두 번 실패함",
    prohibited_use: "금지된 사용이 확인됨",
  },
  {
    owner_denies: "the owner says that somebody else used it",
    exposure_matched: "the secret itself was found in public",
    control_failed_twice: "the control test failed twice",
    prohibited_use: "a prohibited use was proved",
  },
);

export const endWords = words(
  {
    natural: "정해진 기한이 되어 종료되었습니다",
    owner: "소유자가 직접 종료했습니다",
    rotated: "새 키로 교체되어 종료되었습니다",
    forced: "거래소가 강제 만료했습니다",
    leaked: "시크릿 키가 유출된 것으로 판단되어 종료되었습니다",
  },
  {
    natural: "Its time ran out",
    owner: "Its owner ended it",
    rotated: "A new key took its place",
    forced: "The exchange ended it by force",
    leaked: "It ended because its secret was judged to be out",
  },
);

/** Of one that ended as leaked because its owner said that it was not he: his word, and not what was found out. */
export const deniedWords = words(
  { denied: "소유자가 본인 사용이 아니라고 답하여 종료되었습니다" },
  { denied: "It ended because its owner said that somebody else used it" },
);

/** The same in a list. */
export const endShortWords = words(
  {
    natural: "기한이 되어 종료",
    owner: "소유자가 종료",
    rotated: "새 키로 교체",
    forced: "강제 만료",
    leaked: "유출 판단으로 종료",
  },
  { natural: "Time ran out", owner: "By its owner", rotated: "Rotated", forced: "By force", leaked: "Judged leaked" },
);

export const measureStateWords = words(
  { proposed: "결정 대기", in_force: "시행 중", ended: "종료됨", refused: "거절됨", withdrawn: "철회됨" },
  { proposed: "Awaiting decision", in_force: "In force", ended: "Ended", refused: "Refused", withdrawn: "Withdrawn" },
);

export const noticeStateWords = words(
  {
    queued: "발송 대기",
    sent: "발송됨, 도달 미확인",
    delivered: "도달 확인됨",
    failed: "도달하지 못함",
    acknowledged: "고객이 확인함",
  },
  {
    queued: "Waiting to be sent",
    sent: "Sent, delivery not proved",
    delivered: "Delivered",
    failed: "Not delivered",
    acknowledged: "Acknowledged by the owner",
  },
);

export const caseWords = words(
  {
    open: "진행 중",
    closed: "종결",
    merged: "다른 케이스에 통합됨",
    confirmed: "의심이 사실로 확인됨",
    false_positive: "탐지 내용이 사실이 아님(오탐)",
    benign: "사실이나 허용된 사용",
    suspected: "의심",
    exonerated: "혐의 없음",
  },
  {
    open: "Open",
    closed: "Closed",
    merged: "Taken up by another case",
    confirmed: "Confirmed: the suspicion was right",
    false_positive: "False alarm: what was found was not so",
    benign: "Benign: it was so, and is allowed",
    suspected: "Suspected",
    exonerated: "Exonerated",
  },
);

export const memberWords = words(
  { suspected: "의심", follow_on: "이어받은 키", exonerated: "혐의 없음", confirmed: "사실로 확인" },
  { suspected: "Suspected", follow_on: "Took over", exonerated: "Exonerated", confirmed: "Confirmed" },
);

export const stepWords = words(
  {
    review_evidence: "증거 검토",
    review_related_accounts: "연관 계정 검토와 결과 기록",
    hear_owner: "소유자의 설명 듣기",
    assess_report_duty: "의심거래 보고 의무 판단",
    decide_restriction: "이용 제한 여부 결정",
    confirm_cut: "모든 게이트에서 차단되었는지 확인",
  },
  {
    review_evidence: "Review the evidence",
    review_related_accounts: "Review related accounts and record the result",
    hear_owner: "Hear the owner",
    assess_report_duty: "Assess whether a suspicious report is due",
    decide_restriction: "Decide about restrictions",
    confirm_cut: "Confirm that every gate cut it off",
  },
);

export const actionWords = words(
  {
    "key.grant": "키 발급 승인",
    "key.widen": "키 권한 확대",
    "key.expire": "키 강제 만료",
    "key.measure": "정책이 제안한 조치",
    "vendor.approve": "외부 업체 승인",
    "user.roles": "직원 역할 변경",
    "venue.adopt": "거래소 설정 변경",
    "token.make": "시스템 토큰 발급",
    "policy.activate": "정책 시행",
    "ramp.set": "차단 적용 단계 변경",
    "campaign.set": "키 사용자 등록 캠페인의 시작·연장·재개",
  },
  {
    "key.grant": "Grant a key",
    "key.widen": "Widen a key",
    "key.expire": "End a key by force",
    "key.measure": "A measure that policy proposes",
    "vendor.approve": "Approve a vendor",
    "user.roles": "Change somebody's roles",
    "venue.adopt": "Change the venue's facts",
    "token.make": "Open a system token",
    "policy.activate": "Put a policy in force",
    "ramp.set": "Put another ramp in force",
    "campaign.set": "Begin, lengthen or resume an enrolment campaign",
  },
);

export const approvalStateWords = words(
  { open: "대기 중", granted: "승인됨", refused: "거절됨", lapsed: "기한이 지남", withdrawn: "철회됨" },
  { open: "Waiting", granted: "Granted", refused: "Refused", lapsed: "Lapsed", withdrawn: "Withdrawn" },
);

export const segmentWords = words(
  { retail: "개인", corporate: "법인", broker: "중개업자", market_maker: "시장조성자", custodian: "수탁사" },
  { retail: "Retail", corporate: "Corporate", broker: "Broker", market_maker: "Market maker", custodian: "Custodian" },
);

export const purposeWords = words(
  {
    portfolio: "자산 조회",
    own_bot: "본인의 자동매매",
    third_party_tool: "외부 도구",
    copy_trading: "카피 트레이딩",
    treasury: "자금 관리",
    omnibus: "옴니버스 계정",
    market_making: "시장 조성",
    other: "기타",
  },
  {
    portfolio: "Portfolio view",
    own_bot: "Own bot",
    third_party_tool: "Third-party tool",
    copy_trading: "Copy trading",
    treasury: "Treasury",
    omnibus: "Omnibus",
    market_making: "Market making",
    other: "Other",
  },
);

export const scopeWords = words(
  {
    read: "조회 전체",
    market_data: "시세 조회",
    read_balances: "자산 조회",
    read_orders: "주문 조회",
    trade: "주문",
    cancel: "주문 취소",
    read_deposits: "입금 조회",
    deposit: "입금",
    read_withdrawals: "출금 조회",
    withdraw: "출금",
    transfer: "계정 간 이동",
    sub_accounts: "하위 계정 관리",
  },
  {
    read: "See everything",
    market_data: "See prices",
    read_balances: "See balances",
    read_orders: "See orders",
    trade: "Place orders",
    cancel: "Cancel orders",
    read_deposits: "See deposits",
    deposit: "Deposit",
    read_withdrawals: "See withdrawals",
    withdraw: "Withdraw",
    transfer: "Move between accounts",
    sub_accounts: "Manage sub-accounts",
  },
);

/** Fields of a plan's effects. */
export const fieldWords = words(
  {
    state: "상태",
    "state (once approved)": "상태(승인된 뒤)",
    measure: "조치",
    reason: "사유",
    review_by: "검토 담당자",
    review_due: "검토 기한",
    cause: "종료 원인",
    before_hold: "일시 제한 전 조치",
    roles: "역할",
    scopes: "권한",
    allowlist: "허용 주소",
    ends: "종료 시각",
    approvals: "승인 단계",
    suspended_by: "정지한 사람",
    ramp: "차단 적용 단계",
  },
  {
    state: "State",
    "state (once approved)": "State (once approved)",
    measure: "Measure",
    reason: "Reason",
    review_by: "Reviewer",
    review_due: "Review due",
    cause: "Cause of the end",
    before_hold: "Measure before the hold",
    roles: "Roles",
    scopes: "Scopes",
    allowlist: "Allowlist",
    ends: "Ends at",
    approvals: "Steps of approval",
    suspended_by: "Suspended by",
    ramp: "Ramp",
  },
);

/** A code such as `several_words`. */
const CODE = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/;

/** A word of a list; what has none is shown as it is, a code without its underscores. */
export function word(of: Record<string, unknown>, name: string | null | undefined): string {
  if (!name) return "–";
  const found = of[name];
  if (typeof found === "string") return found;
  return CODE.test(name) ? name.replaceAll("_", " ") : name;
}
