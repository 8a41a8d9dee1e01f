//! The points in words: what is asked, and what to do next.

use super::words::say;
use crate::points::{Origin, PointCode as P, PointState};
use crate::report::Point;
use crate::told;
use sumun_mapping::told::number;
use sumun_model::Lang;

pub(crate) const fn origin(origin: Origin, lang: Lang) -> &'static str {
    match origin {
        Origin::Standard => say(lang, "standard, as reported", "자율규제(보도된 내용)"),
        Origin::Practice => say(lang, "practice of members", "회원사 관행"),
    }
}

pub(crate) const fn state(state: PointState, lang: Lang) -> &'static str {
    match state {
        PointState::Met => say(lang, "met by these data", "자료상 충족"),
        PointState::Gap => say(lang, "gap", "미흡"),
        PointState::CannotJudge => say(lang, "exports cannot say", "자료로 판단 불가"),
    }
}

/// What is asked, and what to do next.
pub(crate) const fn words(code: P, lang: Lang) -> (&'static str, &'static str) {
    let (en, en_next, ko, ko_next) = match code {
        P::AddressesRegistered => (
            "Every key has registered addresses.",
            "Ask each owner for the addresses he uses, in a notice of yours, and enter them; count what an enforced list would refuse before you enforce it.",
            "모든 키에 사용할 IP가 등록되어 있다.",
            "고객에게 안내를 보내 사용하는 IP를 받아 등록하고, 차단을 적용하기 전에 거부될 요청을 먼저 세어 보십시오.",
        ),
        P::AddressesEnforced => (
            "A request from any other address does not pass, even rightly signed.",
            "Enforce the list at the gate, per segment, after the shadow period.",
            "등록하지 않은 IP에서 온 요청은 서명이 맞아도 통과하지 못한다.",
            "시험 운영을 거친 뒤 고객 구분별로 게이트에서 차단을 적용하십시오.",
        ),
        P::LawfulUndisturbed => (
            "Lawful users go on undisturbed when lists are enforced.",
            "These requests would be refused today. Ask their owners first: most will be drift, not lending.",
            "등록 IP 외 차단을 적용해도 정상 이용자는 불편을 겪지 않는다.",
            "지금 적용하면 거부될 요청입니다. 대부분은 대여가 아니라 주소가 바뀐 경우이므로 고객에게 먼저 물어보십시오.",
        ),
        P::RiskAssessed => (
            "Sharing is looked for, and each key's risk is assessed.",
            "Fill the fields named under \u{201c}What data are missing\u{201d}.",
            "공유 여부를 살피고 키마다 위험 수준을 평가한다.",
            "‘부족한 자료’에 적힌 필드를 채우십시오.",
        ),
        P::StageMonitor => (
            "First stage: intensive monitoring.",
            "Whether the stage exists is a matter of process. The dry run says how many keys it would hold.",
            "1단계: 집중 모니터링",
            "이 단계를 운영하고 있는지는 자료가 아니라 절차로 확인할 일입니다. 대상이 될 키의 수는 모의 실행에서 나온 것입니다.",
        ),
        P::StageWarn => (
            "Second stage: a warning the owner can answer.",
            "Have the notice's words reviewed; keep proof of delivery.",
            "2단계: 고객이 답할 수 있는 경고",
            "통지 문구의 법률 검토를 받고, 고객에게 도달했다는 기록을 남기십시오.",
        ),
        P::StageReverify => (
            "Third stage: identity verified anew, and control of the key with it.",
            "Rehearse with staff accounts: identity alone does not find a lender who helps.",
            "3단계: 본인 재확인. 통제권 확인도 함께 한다.",
            "직원 계정으로 미리 연습하십시오. 본인 확인만으로는 빌린 사람에게 협조하는 대여자를 가려낼 수 없습니다.",
        ),
        P::StageExpire => (
            "Last stage: a forced end that cuts at once.",
            "Measure the time to cut in a drill; let two persons decide.",
            "마지막 단계: 즉시 차단되는 강제 만료",
            "모의 훈련으로 차단까지 걸리는 시간을 재고, 두 사람이 결정하도록 하십시오.",
        ),
        P::RightsSeparate => (
            "Rights are separate; trading and withdrawing are not in one key.",
            "Split these keys; approve withdrawing apart.",
            "권한이 나뉘어 있고, 주문과 출금이 한 키에 함께 있지 않다.",
            "이 키들을 나누고 출금은 따로 승인하십시오.",
        ),
        P::FewAddresses => (
            "A key has few addresses (members allow 10).",
            "Ask which are still used.",
            "키 하나의 등록 IP 수가 적다(회원사 기준 10개).",
            "아직 쓰는 주소를 확인하십시오.",
        ),
        P::NarrowAddresses => (
            "Registered addresses are narrow.",
            "Ask for single addresses, or record a reason.",
            "등록 IP 대역이 좁다.",
            "개별 IP로 바꾸거나 사유를 기록하십시오.",
        ),
        P::ValidityBounded => (
            "A key is valid for a year at most, and ends then.",
            "Give every key an end; renew by a new key.",
            "키의 유효기간은 길어도 1년이며, 그때 만료된다.",
            "모든 키에 만료일을 두고, 갱신은 새 키로 하십시오.",
        ),
        P::FewKeys => (
            "An account has few keys (members allow 10).",
            "Ask what each is for.",
            "계정 하나의 키 수가 적다(회원사 기준 10개).",
            "키마다 용도를 확인하십시오.",
        ),
        P::RiskyAddresses => (
            "Addresses of high risk are looked at before they are registered.",
            "Decide in policy which kinds of network need a paper; the kinds seen are under \u{201c}Shared addresses\u{201d}.",
            "고위험 IP는 등록하기 전에 심사한다.",
            "어떤 종류의 네트워크에 소명 자료를 요구할지 정책으로 정하십시오. 관찰된 종류는 ‘공유 주소’에 있습니다.",
        ),
        P::TermsAccepted => (
            "Owners accepted terms that forbid lending.",
            "Keep the version and time with each key.",
            "고객이 키 대여를 금지하는 약관에 동의했다.",
            "동의한 약관의 버전과 시각을 키마다 남기십시오.",
        ),
        P::SecondFactor => (
            "Making and changing a key takes a second factor.",
            "Show it by the audit trail of key changes.",
            "키를 만들거나 바꿀 때 추가 인증을 한다.",
            "키 변경에 대한 감사 기록으로 입증하십시오.",
        ),
    };
    match lang {
        Lang::En => (en, en_next),
        Lang::Ko => (ko, ko_next),
    }
}

/// The figures it was judged by.
pub(crate) fn figures(point: &Point, lang: Lang) -> String {
    let told = |(name, n): (&&'static str, &u64)| {
        let n = number(*n);
        match (*name, lang) {
            ("keys", Lang::En) => format!("keys: {n}"),
            ("keys", Lang::Ko) => format!("키 {n}개"),
            ("requests", Lang::En) => format!("requests: {n}"),
            ("requests", Lang::Ko) => format!("요청 {n}건"),
            ("accounts", Lang::En) => format!("accounts: {n}"),
            ("accounts", Lang::Ko) => format!("계정 {n}개"),
            ("rests", Lang::En) => format!("detectors that rest: {n}"),
            ("rests", Lang::Ko) => format!("작동하지 않은 탐지기 {n}개"),
            ("all", Lang::En) => format!("of {n}"),
            ("all", Lang::Ko) => format!("전체 {n}개"),
            (other, _) => format!("{other}: {n}"),
        }
    };
    if let Some(lack) = point.lacks {
        return told::lack(lack, lang).to_owned();
    }
    let mut all: Vec<_> = point.figures.iter().collect();
    // The part before the whole.
    all.sort_by_key(|(name, _)| **name == "all");
    all.into_iter().map(told).collect::<Vec<_>>().join(", ")
}
