// What the server refuses, in Korean, by its code: what is wrong, and what one can do. In English the server says it itself, with this
// request's own names; those are shown to Korean readers too, below and marked as English. A code that is missing here is told in general.

/** What is wrong; what to do. */
type Said = readonly [string, string];

const KOREAN: Record<string, Said> = {
  action_unknown: ["이 승인은 지금의 프로그램이 실행할 수 없습니다.", "거절하고 새로 요청하십시오."],
  activity_unreadable: ["이 키의 이용 기록을 읽을 수 없습니다.", "문의 번호와 함께 운영 담당자에게 알려 주십시오."],
  already_decided: ["이 승인은 이미 결정하셨습니다.", "나머지는 같은 역할의 다른 사람이 결정합니다."],
  answer_unreadable: [
    "서버가 답을 만들지 못했습니다. 처리되었을 수 있습니다.",
    "먼저 원장에서 확인하고, 문의 번호와 함께 운영 담당자에게 알려 주십시오.",
  ],
  answer_unwritable: [
    "서버가 답을 만들지 못했습니다. 처리되었을 수 있습니다.",
    "먼저 원장에서 확인하고, 문의 번호와 함께 운영 담당자에게 알려 주십시오.",
  ],
  approval_closed: ["이미 끝난 승인입니다.", "화면을 새로 고쳐 결과를 확인하십시오."],
  approval_lapsed: ["기한이 지난 승인입니다.", "여전히 필요하면 새로 요청하십시오."],
  approval_open: ["같은 종류의 승인이 이미 기다리고 있습니다.", "그 승인이 끝난 뒤 다시 요청하십시오."],
  approvals_open: ["이 키의 일부 단계가 아직 승인을 기다립니다.", "남은 승인이 끝난 뒤 다시 시도하십시오."],
  approvals_outdated: ["규칙이 바뀌어 더 많은 사람의 승인이 필요합니다.", "새로 요청하십시오."],
  assignee_unknown: ["케이스는 로그인할 수 있는 직원만 맡을 수 있습니다.", "등록된 직원의 아이디를 입력하십시오. 예: mina"],
  bad_field: ["입력한 값의 형식이 맞지 않습니다.", "‘서버의 설명(영어)’을 펼쳐 어느 항목인지 확인하고 고치십시오."],
  bad_parameter: ["주소에 있는 값의 형식이 맞지 않습니다.", "화면의 메뉴에서 다시 여십시오."],
  body_incomplete: ["보내는 도중에 연결이 끊겼습니다.", "다시 시도하십시오."],
  body_too_large: ["보낸 내용이 너무 큽니다.", "나누거나 줄여서 보내십시오."],
  canary_account: ["시험 키를 둘 계정이 없거나 이용할 수 없습니다.", "거래소 설정의 시험용 계정을 확인하십시오."],
  canary_open: ["이전 시험 키가 아직 살아 있습니다.", "그 시험이 끝난 뒤 다시 시도하십시오."],
  canary_state: ["시험 키가 아직 종료되지 않았거나 결과가 이미 기록되었습니다.", "화면을 새로 고쳐 확인하십시오."],
  case_closed: ["이미 종결된 케이스입니다.", "새로운 일은 새 케이스에서 다룹니다."],
  code_wrong: ["코드가 맞지 않거나 이미 사용한 코드입니다.", "인증 앱에 다음 코드가 나오면 입력하십시오."],
  conflict: ["처리하는 동안 다른 사람이 먼저 바꾸었습니다.", "화면을 다시 보고, 여전히 필요하면 다시 시도하십시오."],
  connections_too_many: ["서버에 연결이 너무 많습니다.", "잠시 뒤 다시 시도하십시오."],
  cookie_twice: ["로그인 쿠키가 두 개 들어왔습니다.", "브라우저에서 이 사이트의 쿠키를 지우고 다시 로그인하십시오."],
  credential_not_kept: [
    "서버가 로그인 정보를 저장하지 못했습니다. 아무것도 바뀌지 않았습니다.",
    "다시 시도하고, 되풀이되면 운영 담당자에게 알려 주십시오.",
  ],
  cursor_unknown: ["이어 볼 위치가 이 목록의 것이 아닙니다.", "목록을 처음부터 다시 여십시오."],
  cut_open: ["의심이 없어졌는데도 아직 차단된 키가 있습니다.", "먼저 그 키를 무혐의로 결정하거나 조치를 해제하십시오."],
  decisions_missing: ["결정한 대상이 없습니다.", "결정할 대상을 하나 이상 고르십시오."],
  due_bad: ["검토 기한이 이미 지났거나 허용된 시간보다 깁니다.", "거래소 기준 안의 기한을 고르십시오."],
  ending_waits: ["이 키의 강제 만료가 이미 승인을 기다립니다.", "그 승인을 열어 확인하십시오."],
  fault: ["서버에 문제가 생겼습니다.", "문의 번호와 함께 운영 담당자에게 알려 주십시오."],
  forbidden: ["이 계정으로는 할 수 없는 일입니다.", "맡은 역할의 담당자에게 요청하십시오."],
  foreign_origin: ["다른 화면에서 보낸 요청으로 보여 처리하지 않았습니다.", "이 화면을 새로 고친 뒤 다시 시도하십시오."],
  gate_state: ["게이트의 상태가 그 사이 바뀌었습니다.", "화면을 새로 고쳐 확인하십시오."],
  gate_unknown: ["등록되지 않은 게이트입니다.", "게이트 이름을 확인하거나 먼저 등록하십시오."],
  idempotency_key_reused: ["같은 번호로 다른 요청이 이미 처리되었습니다.", "화면을 새로 고친 뒤 다시 시도하십시오."],
  if_match_bad: ["이 화면이 보낸 버전의 형식이 맞지 않습니다.", "화면을 새로 고친 뒤 다시 시도하십시오."],
  identity_settled: ["본인 확인이 이미 끝났습니다.", "화면을 새로 고쳐 확인하십시오."],
  inconsistent: [
    "입력한 값이 서로 맞지 않거나 형식이 다릅니다.",
    "‘서버의 설명(영어)’을 펼쳐 어느 항목인지 확인하고 고치십시오.",
  ],
  invite_invalid: ["없거나 이미 사용했거나 기한이 지난 초대 코드입니다.", "보안 관리자에게 새 코드를 요청하십시오."],
  key_ended: ["이미 종료된 키입니다. 되돌릴 수 없습니다.", "필요하면 고객님이 새 키를 신청해야 합니다."],
  key_rejected: ["신청이 거절된 키입니다.", "필요하면 고객님이 새로 신청해야 합니다."],
  key_state: ["지금 상태의 키에는 할 수 없는 일입니다.", "화면을 새로 고쳐 키의 상태를 확인하십시오."],
  last_admin: ["로그인할 수 있는 보안 관리자가 너무 적게 남습니다.", "먼저 다른 보안 관리자를 초대하십시오."],
  live_streams_full: ["실시간 화면이 너무 많이 열려 있습니다.", "자동으로 다시 연결합니다. 쓰지 않는 화면을 닫으십시오."],
  live_streams_too_many: ["이 로그인으로 열어 둔 화면이 너무 많습니다.", "쓰지 않는 화면을 닫으십시오."],
  looked_at_impossible: ["검토를 시작한 시각이 맞지 않습니다.", "화면을 새로 고친 뒤 다시 결정하십시오."],
  measure_in_force: ["시행 중인 조치 때문에 할 수 없는 일입니다.", "키의 조치를 먼저 확인하십시오."],
  member_twice: ["한 키를 두 번 결정하려고 했습니다.", "키마다 한 번만 결정하십시오."],
  member_unknown: ["이 케이스의 대상이 아닌 키입니다.", "화면을 새로 고쳐 대상을 확인하십시오."],
  no_hold: ["일시 제한 중인 키가 아닙니다.", "화면을 새로 고쳐 키의 상태를 확인하십시오."],
  no_measure: ["이 키에 시행 중인 조치가 없습니다.", "화면을 새로 고쳐 키의 상태를 확인하십시오."],
  no_such_reference: ["입력한 것 가운데 등록되지 않은 것이 있습니다.", "이름이나 번호를 확인하십시오."],
  not_enrolled: ["아직 등록을 마치지 않은 사람입니다.", "등록을 마친 뒤 다시 시도하십시오."],
  not_found: ["없는 항목이거나, 이 계정으로는 볼 수 없는 항목입니다.", "번호를 확인하고 목록에서 다시 여십시오."],
  not_signed_in: ["로그인이 만료되었습니다.", "다시 로그인하십시오. 입력한 내용은 그대로 있습니다."],
  nothing_reported: ["무엇이 노출되었는지 적혀 있지 않습니다.", "발견한 시크릿 키나 키 ID를 입력하십시오."],
  nothing_to_approve: ["이 키에는 결정을 기다리는 단계가 없습니다.", "고객님이 자신의 화면에서 발급받으면 됩니다."],
  notice_settled: ["이미 전달된 알림입니다.", "더 할 일이 없습니다."],
  own_account: ["자신의 계정과 역할은 직접 바꾸거나 결정할 수 없습니다.", "다른 보안 관리자에게 요청하십시오."],
  own_case: [
    "이 케이스를 맡았거나 절차를 수행한 사람은 결정할 수 없고, 재확인은 한 사람이 혼자 끝낼 수 없습니다.",
    "다른 담당자에게 결정을 요청하십시오.",
  ],
  own_measure: ["이의가 제기된 조치는 그 조치를 결정한 사람이 심사할 수 없습니다.", "다른 담당자가 맡아야 합니다."],
  own_request: ["요청한 사람은 결정할 수 없습니다.", "같은 역할의 다른 사람이 결정해야 합니다."],
  own_waiver: ["절차 생략을 요청한 사람은 동의할 수 없습니다.", "다른 담당자의 동의가 필요합니다."],
  owner_only: ["고객만 직접 할 수 있는 일입니다.", "고객이 자신의 화면에서 하도록 안내하십시오."],
  password_weak: ["너무 짐작하기 쉬운 비밀번호입니다.", "더 긴 문장을 쓰거나 비밀번호 관리 프로그램에 맡기십시오."],
  plan_lint: ["서버가 만든 계획에 문제가 있어 아무것도 기록하지 않았습니다.", "문의 번호와 함께 운영 담당자에게 알려 주십시오."],
  playbook_open: ["마치지도 생략하지도 않은 절차가 남아 있습니다.", "남은 절차를 마치거나 생략 동의를 받으십시오."],
  policy_bad: ["정책 파일을 읽을 수 없습니다.", "표시된 줄을 고친 뒤 다시 시도하십시오."],
  policy_known: ["같은 이름과 버전의 정책이 이미 있습니다.", "버전 번호를 올려 새로 제안하십시오."],
  policy_missing: ["시행 중인 정책이 없어 키를 판단할 수 없습니다.", "정책을 제안하고 두 사람의 승인을 받아 시행하십시오."],
  policy_or_text: ["보관된 정책이나 파일의 내용 가운데 하나만 있어야 합니다.", "하나만 고르십시오."],
  policy_state: ["정책의 상태가 그 사이 바뀌었습니다.", "화면을 새로 고쳐 확인하십시오."],
  policy_unsound: ["이 정책은 오류가 있어 시행할 수 없습니다.", "점검 결과의 오류를 고쳐 새 버전을 제안하십시오."],
  proof_unmakeable: ["원장의 증명을 만들 수 없습니다.", "운영 담당자에게 원장 검증을 요청하십시오."],
  campaign_bad: [
    "이 캠페인의 날짜나 내용에 잘못된 것이 있습니다.",
    "‘서버의 설명(영어)’을 펼쳐 어느 항목인지 확인하고 고치십시오.",
  ],
  campaign_overlaps: [
    "같은 고객 구분의 키를 묻는 캠페인이 이미 있습니다.",
    "그 캠페인을 먼저 중단하거나 다른 고객 구분을 고르십시오.",
  ],
  campaign_shortened: [
    "고객에게 안내한 날짜는 앞당길 수 없습니다.",
    "더 늦은 날짜로 제안하십시오. 다른 것을 바꾸려면 중단하고 새로 제안하십시오.",
  ],
  campaign_state: ["캠페인이 이미 그 상태이거나 중단되었습니다.", "화면에서 지금의 상태를 확인하십시오."],
  ramp_bad: ["이 단계 적용에는 잘못된 규칙이 있습니다.", "‘서버의 설명(영어)’을 펼쳐 어느 규칙인지 확인하고 고치십시오."],
  ramp_state: ["이미 그렇게 적용되어 있습니다.", "더 할 일이 없습니다. 화면에서 지금의 적용 상태를 확인하십시오."],
  reason_missing: ["사유가 없거나 너무 짧습니다.", "무엇을 보았고 왜 그렇게 판단하는지 조금 더 자세히 적으십시오."],
  reason_too_long: ["사유가 너무 깁니다.", "1,000자 안으로 줄이십시오."],
  reason_unprintable: [
    "사유에 화면에 나오지 않는 문자가 들어 있습니다.",
    "그 부분을 지우거나 다시 입력하십시오. 줄 바꿈은 쓸 수 있습니다.",
  ],
  requester_only: ["요청한 사람만 철회할 수 있습니다.", "요청한 사람에게 부탁하거나 거절로 결정하십시오."],
  reviewer_missing: ["검토 담당자는 로그인할 수 있는 직원이어야 합니다.", "등록된 직원의 아이디를 입력하십시오. 예: user:mina"],
  rights_changed: ["처리하는 동안 권한이 바뀌었습니다.", "다시 로그인한 뒤 시도하십시오."],
  role_missing: ["이 일을 맡은 역할이 아닙니다.", "맡은 역할의 담당자에게 요청하십시오."],
  role_not_entitled: ["이 결정에 남은 자리가 없는 역할입니다.", "필요한 역할의 담당자가 결정해야 합니다."],
  row_unreadable: ["저장된 내용을 읽을 수 없습니다.", "문의 번호와 함께 운영 담당자에게 알려 주십시오."],
  second_factor_needed: ["최근에 확인한 인증 코드가 필요합니다.", "인증 앱의 현재 코드를 입력하십시오."],
  secret_in_request: ["시크릿 키나 토큰으로 보이는 글이 들어 있습니다.", "원장에 영원히 남으므로 그 부분을 지우십시오."],
  segment_by_lead: ["이 구분으로 바꾸는 일은 준법 책임자만 할 수 있습니다.", "준법 책임자에게 요청하십시오."],
  sign_in_failed: [
    "아이디, 비밀번호, 인증 코드 가운데 맞지 않는 것이 있습니다.",
    "코드는 한 번만 쓸 수 있으니 다음 코드를 기다려 다시 시도하고, 그래도 안 되면 세 가지를 모두 확인하십시오.",
  ],
  step_settled: ["이미 처리된 절차입니다.", "화면을 새로 고쳐 확인하십시오."],
  step_unknown: ["이 케이스에 없는 절차입니다.", "화면을 새로 고쳐 절차를 확인하십시오."],
  store_in_doubt: ["기록하는 도중 저장소가 멈추어 기록되었는지 확실하지 않습니다.", "원장에서 확인한 뒤 다시 시도하십시오."],
  store_unavailable: ["지금은 기록할 수 없습니다. 아무것도 바뀌지 않았습니다.", "운영 담당자에게 알려 주십시오."],
  subject_changed: ["승인을 요청한 뒤 대상이 바뀌었습니다.", "지금의 내용으로 새로 요청하십시오."],
  task_closed: ["이미 마친 할 일입니다.", "화면을 새로 고쳐 확인하십시오."],
  timed_out: ["정해진 시간 안에 처리하지 못했습니다.", "방금 바꾼 것이 있으면 반영되었는지 확인한 뒤 다시 시도하십시오."],
  token_state: ["이미 폐기된 토큰입니다.", "화면을 새로 고쳐 확인하십시오."],
  too_busy: ["지금 다른 요청을 처리하고 있습니다.", "잠시 뒤 다시 시도하십시오."],
  too_many_attempts: ["실패가 너무 많아 잠시 막혔습니다.", "잠시 기다린 뒤 다시 시도하십시오."],
  totp_wrong: ["인증 앱의 현재 코드가 아니거나 이미 사용한 코드입니다.", "다음 코드가 나오면 입력하십시오."],
  under_way: ["먼저 요청하신 것을 아직 처리하고 있습니다.", "잠시 기다린 뒤 다시 시도하십시오."],
  user_exists: ["이미 쓰고 있는 아이디입니다. 비활성화된 직원의 아이디일 수도 있습니다.", "다른 아이디를 쓰십시오."],
  user_state: ["비활성화된 직원입니다. 되돌릴 수 없습니다.", "필요하면 새 아이디로 초대하십시오."],
  vendor_incomplete: [
    "외부 업체 승인에 필요한 내용이 빠져 있습니다.",
    "‘서버의 설명(영어)’을 펼쳐 빠진 것을 확인하고 채우십시오.",
  ],
  vendor_state: ["지금 상태의 외부 업체에는 할 수 없는 변경입니다.", "업체의 상태를 확인하고 필요하면 새로 요청하십시오."],
  venue_facts: ["거래소 설정의 내용을 읽을 수 없습니다.", "‘서버의 설명(영어)’을 펼쳐 어느 항목인지 확인하고 고치십시오."],
  venue_identity: [
    "거래소 이름과 원장 이름은 한 번 정하면 바꿀 수 없습니다.",
    "원래대로 되돌리십시오. 다른 거래소나 다른 원장이라면 데이터 폴더를 새로 만들어 시작해야 합니다.",
  ],
  version_stale: ["보시는 동안 다른 사람이 먼저 바꾸었습니다.", "화면을 새로 고쳐 다시 확인하십시오."],
  voice_void: ["승인한 사람 가운데 지금은 그 역할이 아닌 사람이 있습니다.", "새로 요청하십시오."],
};

/** The same by what the problem is about, where the code has no words of its own. */
const GENERAL: Said = [
  "서버가 요청을 받아들이지 않았습니다.",
  "잠시 뒤 다시 시도하고, 되풀이되면 문의 번호를 운영 담당자에게 알려 주십시오. 이유는 ‘서버의 설명(영어)’을 펼치면 나옵니다.",
];

/** What people are to do where the server's remedy speaks to programs. */
const ENGLISH_REMEDY: Record<string, string> = {
  timed_out: "If you had just changed something, see whether it took effect; then try again.",
  store_unavailable: "Nothing was changed. Try again in a few seconds; if it goes on, tell whoever operates the server.",
  idempotency_key_reused: "Open this page anew and do it again.",
  bad_field: "Look at what you filled in, and correct what does not belong there.",
  unknown_field: "Open this page anew: it may be older than the server.",
  missing_field: "Fill in what is missing.",
  bad_parameter: "Open the page from the menu: its address holds something that the server does not take.",
  session_missing: "Sign in again.",
  not_signed_in: "Sign in again.",
  campaign_bad: "Correct it and propose it again.",
  ramp_bad: "Correct the rule and propose it again.",
};

/** The server's words as a sentence: it writes them to stand inside one. */
export function sentence(text: string): string {
  const begun = text.replace(/^[a-z]+(?= )/, (word) => word.charAt(0).toUpperCase() + word.slice(1));
  return begun === "" || /[.?!]$/.test(begun) ? begun : `${begun}.`;
}

/** What speaks to whoever writes a program: headers, addresses and fields of the interface, numbers of standards. */
const FOR_ENGINEERS =
  /idempotency-key|if-match|etag|openapi|\/readyz|\/v1\/|\bRFC ?\d|`\/[\w/.-]*`|\b(GET|POST|PUT|PATCH|DELETE) /i;

/** What is wrong, in English: without the path of the field it is about, and in general words where only engineers would understand it. */
export function detailEn(detail: string): string {
  // Of a list, which of it is still told: people count from one.
  const said = detail.replace(/^`\/[\w/.-]*`: /, (path) => {
    const index = /\/(\d+)/.exec(path)?.[1];
    return index === undefined ? "" : `number ${Number(index) + 1}: `;
  });
  return FOR_ENGINEERS.test(said) ? "The server did not take this as it was sent." : sentence(said);
}

/** What can be done, in English. */
export function remedyEn(code: string, remedy: string): string {
  if (Object.hasOwn(ENGLISH_REMEDY, code)) return ENGLISH_REMEDY[code] ?? remedy;
  return FOR_ENGINEERS.test(remedy)
    ? "Open this page anew and try again; if it goes on, tell whoever operates the server the reference."
    : sentence(remedy);
}

/** Whether a code has words of its own. */
export const isSaidKo = (code: string): boolean => Object.hasOwn(KOREAN, code);

/** A problem in Korean. */
export function problemKo(code: string): Said {
  return (isSaidKo(code) ? KOREAN[code] : undefined) ?? GENERAL;
}
