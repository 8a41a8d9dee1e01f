//! Words of closed lists as people say them.

use sumun_model::{Cause, ExpiryCause, Family, Hard, Lang, Measure, ScoreKind, Segment};

const fn pick(lang: Lang, ko: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Ko => ko,
        Lang::En => en,
    }
}

/// A measure.
#[must_use]
pub const fn measure_word(measure: Measure, lang: Lang) -> &'static str {
    match measure {
        Measure::Monitor => pick(lang, "집중 모니터링", "monitoring"),
        Measure::Warn => pick(lang, "경고", "warning"),
        Measure::Hold => pick(lang, "일시 제한", "hold"),
        Measure::Reverify => pick(lang, "재확인", "re-verification"),
        Measure::Expire => pick(lang, "강제 만료", "forced end"),
    }
}

/// Why a key ended.
#[must_use]
pub const fn expiry_word(cause: ExpiryCause, lang: Lang) -> &'static str {
    match cause {
        ExpiryCause::Natural => pick(lang, "유효 기간이 끝남", "its time ran out"),
        ExpiryCause::Owner => pick(lang, "소유자가 종료함", "its owner ended it"),
        ExpiryCause::Rotated => pick(lang, "다른 키로 교체됨", "another key took its place"),
        ExpiryCause::Forced => pick(lang, "조치로 강제 종료됨", "a measure ended it"),
        ExpiryCause::Leaked => pick(lang, "시크릿 키가 유출됨", "its secret was out"),
    }
}

/// A family of evidence.
#[must_use]
pub const fn family_word(family: Family, lang: Lang) -> &'static str {
    match family {
        Family::Origin => pick(lang, "접속 위치", "origin"),
        Family::Client => pick(lang, "프로그램", "client"),
        Family::Lifecycle => pick(lang, "키 이력", "lifecycle"),
        Family::Auth => pick(lang, "서명·인증", "auth"),
        Family::Behaviour => pick(lang, "이용 습관", "behaviour"),
        Family::Operator => pick(lang, "공동 운용자", "operator"),
        Family::Coordination => pick(lang, "동시 행동", "coordination"),
        Family::Market => pick(lang, "시장 거래", "market"),
        Family::Policy => pick(lang, "등록 위반", "policy"),
    }
}

/// A segment; none: keys of no known segment.
#[must_use]
pub const fn segment_word(segment: Option<Segment>, lang: Lang) -> &'static str {
    match segment {
        None => pick(lang, "기본(구분 미상)", "default (segment not known)"),
        Some(Segment::Retail) => pick(lang, "개인", "retail"),
        Some(Segment::Corporate) => pick(lang, "법인", "corporate"),
        Some(Segment::Broker) => pick(lang, "중개업자", "broker"),
        Some(Segment::MarketMaker) => pick(lang, "시장조성자", "market maker"),
        Some(Segment::Custodian) => pick(lang, "수탁사", "custodian"),
    }
}

pub(super) const fn hard_word(hard: Hard, lang: Lang) -> &'static str {
    match hard {
        Hard::OwnerDenies => pick(lang, "소유자가 본인 사용이 아니라고 답함", "the owner denies the use"),
        Hard::ExposureMatched => pick(lang, "공개된 시크릿 키와 일치", "the secret was found in public"),
        Hard::ControlFailedTwice => pick(lang, "통제권 확인 두 번 실패", "the control test failed twice"),
        Hard::ProhibitedUse => pick(lang, "금지된 사용 확인", "a prohibited use was proved"),
    }
}

pub(super) const fn cause_word(cause: Cause, lang: Lang) -> &'static str {
    match cause {
        Cause::Lent => pick(lang, "대여", "lent"),
        Cause::Sold => pick(lang, "판매", "sold"),
        Cause::Leaked => pick(lang, "유출", "leaked"),
        Cause::OverDelegated => pick(lang, "위임 범위 초과", "delegated beyond its record"),
        Cause::DocumentedDelegation => pick(lang, "등록된 위임", "a delegation on record"),
        Cause::Coordinated => pick(lang, "조직적 운용", "coordinated keys"),
        Cause::CopiedCode => pick(lang, "공개 코드 사용", "copied public code"),
        Cause::MarketAbuse => pick(lang, "시장 교란", "market abuse"),
        Cause::Unknown => pick(lang, "알 수 없음", "not known"),
    }
}

pub(super) const fn score_word(score: ScoreKind, lang: Lang) -> &'static str {
    match score {
        ScoreKind::Sharing => pick(lang, "공유", "Sharing"),
        ScoreKind::Market => pick(lang, "시장", "Market"),
    }
}
