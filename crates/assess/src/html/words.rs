//! Words of closed lists, as people say them in both languages.

use crate::report::Code;
use crate::source::Role;
use sumun_model::{Cause, Effect, Lang, Measure, Scope};

pub(crate) const fn say<'t>(lang: Lang, en: &'t str, ko: &'t str) -> &'t str {
    match lang {
        Lang::En => en,
        Lang::Ko => ko,
    }
}

pub(crate) const fn role(role: Role, lang: Lang) -> &'static str {
    match role {
        Role::Networks => say(lang, "Networks", "네트워크"),
        Role::Vendors => say(lang, "Vendors", "업체 명부"),
        Role::Accounts => say(lang, "Accounts", "계정"),
        Role::Keys => say(lang, "Keys", "키"),
        Role::Access => say(lang, "Access log", "접근 로그"),
        Role::Orders => say(lang, "Orders", "주문"),
        Role::Sessions => say(lang, "Sign-ins", "로그인 기록"),
    }
}

pub(crate) const fn measure(measure: Measure, lang: Lang) -> &'static str {
    match measure {
        Measure::Monitor => say(lang, "monitoring", "집중 모니터링"),
        Measure::Warn => say(lang, "warning", "경고"),
        Measure::Hold => say(lang, "hold", "일시 제한"),
        Measure::Reverify => say(lang, "re-verification", "재확인"),
        Measure::Expire => say(lang, "forced end", "강제 만료"),
    }
}

pub(crate) fn segment(word: &'static str, lang: Lang) -> &'static str {
    match word {
        "retail" => say(lang, "retail", "개인"),
        "corporate" => say(lang, "corporate", "법인"),
        "broker" => say(lang, "broker", "중개업자"),
        "market_maker" => say(lang, "market maker", "시장조성자"),
        "custodian" => say(lang, "custodian", "수탁사"),
        _ => say(lang, "not known", "구분 미상"),
    }
}

pub(crate) fn state(word: &'static str, lang: Lang) -> &'static str {
    match word {
        "requested" => say(lang, "requested", "신청"),
        "active" => say(lang, "active", "사용 중"),
        "suspended" => say(lang, "suspended", "정지"),
        "expired" => say(lang, "expired", "만료"),
        "rejected" => say(lang, "rejected", "반려"),
        _ => say(lang, "not known", "상태 미상"),
    }
}

pub(crate) fn class(word: &'static str, lang: Lang) -> &'static str {
    match word {
        "residential" => say(lang, "home", "가정"),
        "mobile" => {
            say(lang, "mobile carrier (many share an address)", "이동통신사(여러 사람이 주소를 함께 씀)")
        }
        "business" => say(lang, "office", "사무실"),
        "hosting" => say(lang, "cloud or hosting", "클라우드·호스팅"),
        "vpn" => "VPN",
        "relay" => say(
            lang,
            "privacy relay (many share an address)",
            "개인정보 보호용 중계(여러 사람이 주소를 함께 씀)",
        ),
        "tor" => "Tor",
        "satellite" => say(lang, "satellite", "위성"),
        _ => say(lang, "no data say", "자료 없음"),
    }
}

pub(crate) const fn scope(scope: Scope, lang: Lang) -> &'static str {
    match scope {
        Scope::MarketData => say(lang, "market data", "시세 조회"),
        Scope::ReadBalances => say(lang, "read balances", "자산 조회"),
        Scope::ReadOrders => say(lang, "read orders", "주문 조회"),
        Scope::Trade => say(lang, "trade", "주문"),
        Scope::Cancel => say(lang, "cancel", "주문 취소"),
        Scope::ReadDeposits => say(lang, "read deposits", "입금 조회"),
        Scope::Deposit => say(lang, "deposit", "입금"),
        Scope::ReadWithdrawals => say(lang, "read withdrawals", "출금 조회"),
        Scope::Withdraw => say(lang, "withdraw", "출금"),
        Scope::Transfer => say(lang, "transfer", "계정 간 이체"),
        Scope::SubAccounts => say(lang, "sub-accounts", "하위 계정 관리"),
    }
}

pub(crate) const fn effect(effect: Option<Effect>, lang: Lang) -> &'static str {
    match effect {
        None => say(lang, "not known", "알 수 없음"),
        Some(Effect::Read) => say(lang, "read", "조회"),
        Some(Effect::Cancel) => say(lang, "cancel", "취소"),
        Some(Effect::Order) => say(lang, "order", "주문"),
        Some(Effect::Transfer) => say(lang, "transfer", "이체·출금"),
    }
}

pub(crate) const fn cause(cause: Cause, lang: Lang) -> &'static str {
    match cause {
        Cause::Lent => {
            say(lang, "they may have been lent to one operator", "한 사람에게 키를 빌려주었을 가능성")
        }
        Cause::Sold => say(lang, "they may have been sold", "키가 팔렸을 가능성"),
        Cause::Leaked => say(lang, "secrets may have leaked", "시크릿 키가 유출되었을 가능성"),
        Cause::OverDelegated => say(lang, "a delegation was exceeded", "기록된 위임 범위를 넘은 사용"),
        Cause::DocumentedDelegation => {
            say(lang, "a delegation on record explains it", "기록된 위임으로 설명되는 사용")
        }
        Cause::Coordinated => {
            say(lang, "one operator may drive them together", "여러 키를 한 운용자가 함께 움직였을 가능성")
        }
        Cause::CopiedCode => say(
            lang,
            "they run the same published code; this is not lending",
            "공개된 같은 코드를 각자 쓰는 것으로, 대여가 아님",
        ),
        Cause::MarketAbuse => say(lang, "a market may have been harmed", "시장 질서를 해쳤을 가능성"),
        Cause::Unknown => say(lang, "cause not told apart yet", "원인을 아직 가리지 못함"),
    }
}

/// A finding: its name, and what to do.
pub(crate) const fn code(code: Code, lang: Lang) -> (&'static str, &'static str) {
    let (en, en_do, ko, ko_do) = match code {
        Code::WithoutAllowlist => (
            "No address registered",
            "Ask each owner, in a notice of yours, for the addresses he uses, and enter them: once lists are enforced, a key without one is refused.",
            "등록된 IP가 없는 키",
            "고객에게 안내를 보내 사용하는 IP를 받아 등록하십시오. 등록 IP 외 차단을 적용하면 등록된 IP가 없는 키의 요청은 거부됩니다.",
        ),
        Code::UsedFromOutside => (
            "Used from addresses not registered",
            "The list is there but does not hold, or it changed since. Ask each owner whether it was him before enforcing.",
            "등록하지 않은 IP에서 사용된 키",
            "등록된 IP가 있으나 적용되지 않았거나, 그 뒤에 등록이 바뀐 경우입니다. 차단을 적용하기 전에 본인이 쓴 것인지 고객에게 확인하십시오.",
        ),
        Code::WidePrefix => (
            "Wide prefixes registered",
            "Ask for single addresses, or a reason on record.",
            "넓은 IP 대역이 등록된 키",
            "개별 IP로 바꾸거나 사유를 기록하도록 요청하십시오.",
        ),
        Code::ManyAddresses => (
            "More addresses than members allow",
            "Ask which are still used.",
            "등록 IP가 지나치게 많은 키",
            "아직 쓰는 주소가 무엇인지 확인하십시오.",
        ),
        Code::MayWithdraw => (
            "May withdraw",
            "Withdrawal right belongs in a key of its own, with an approval of its own.",
            "출금 권한이 있는 키",
            "출금 권한은 별도의 키에 두고 별도로 승인하십시오.",
        ),
        Code::OverScoped => (
            "Holds rights to act that it never used",
            "Offer the owner a key with the rights he uses.",
            "쓰지 않는 실행 권한이 있는 키",
            "실제로 쓰는 권한만 있는 키로 바꾸도록 안내하십시오.",
        ),
        Code::Dormant => (
            "Not used for long",
            "Remind, then end: an unused key is only a risk.",
            "오래 쓰이지 않은 키",
            "안내한 뒤 만료시키십시오. 쓰지 않는 키는 위험 요인일 뿐입니다.",
        ),
        Code::WithoutExpiry => (
            "No end",
            "Set one; tell the owner a month ahead.",
            "만료일이 없는 키",
            "만료일을 정하고 한 달 전에 고객에게 알리십시오.",
        ),
        Code::LongValidity => (
            "Valid for too long",
            "Shorten at the next change.",
            "유효기간이 너무 긴 키",
            "다음에 키를 변경할 때 유효기간을 줄이십시오.",
        ),
        Code::PastExpiry => (
            "Past its end, and still not ended",
            "Find out why: the table or the gateway is wrong.",
            "만료일이 지났는데 만료되지 않은 키",
            "키 목록과 게이트웨이 가운데 어느 쪽이 잘못되었는지 확인하십시오.",
        ),
    };
    match lang {
        Lang::En => (en, en_do),
        Lang::Ko => (ko, ko_do),
    }
}
