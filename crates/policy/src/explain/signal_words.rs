//! Signals by a short name, for conditions in words; what a signal found is its own sentence (`sumun_model::because`).

use sumun_model::Lang;

/// Code, Korean, English.
const NAMES: &[(&str, &str, &str)] = &[
    ("unfamiliar_properties", "평소와 다른 환경", "unfamiliar place or program"),
    ("first_seen_network", "처음 사용된 네트워크", "first use of a network"),
    ("returns_between_origins", "두 주소를 오간 사용", "use by turns from two places"),
    ("foreign_address_drift", "등록되지 않은 주소의 서명", "signature from an address not registered"),
    ("foreign_address_in_use", "등록되지 않은 주소에서 계속된 사용", "use from an address not registered"),
    ("foreign_address_confirmed", "소유자가 확인한 주소", "address confirmed by the owner"),
    ("secret_out_by_denial", "소유자의 부인", "the owner's denial"),
    ("clock_out_of_window", "맞지 않는 시각", "clock out of range"),
    ("refusal_burst", "거부 급증", "burst of refusals"),
    ("vendor_not_in_force", "효력 없는 외부 업체", "vendor not in force"),
    ("vendor_unnamed", "키에 지정되지 않은 외부 업체", "vendor the key does not name"),
    ("vendor_egress_left", "외부 업체의 주소 밖 사용", "use outside the vendor's addresses"),
    ("purpose_exceeded", "용도를 벗어난 사용", "use beyond the purpose"),
    ("scope_exceeded", "부여되지 않은 권한", "permission not granted"),
    ("market_outside_mandate", "허용되지 않은 마켓", "market outside the mandate"),
    ("country_outside_mandate", "등록되지 않은 국가", "country outside the mandate"),
    ("rate_outside_mandate", "주문 속도 초과", "orders faster than the mandate"),
    ("allowlist_missing", "허용 주소 미등록", "no registered address"),
    ("expired_key_used", "종료 뒤의 사용", "use after the end"),
    ("delegation_ended", "끝난 위임에 따른 사용", "use by a delegate whose time is over"),
    ("delegation_exceeded", "위임 범위를 넘은 사용", "use beyond a delegation"),
    ("delegation_in_use", "위임 범위 안의 사용", "use within a delegation"),
    ("customers_at_one_address", "여러 고객의 키가 함께 쓰는 주소", "one address of many customers"),
    ("same_client_at_shared_address", "공용 주소에서의 같은 프로그램", "one program at a shared address"),
    ("approved_vendor_at_shared_address", "승인된 외부 업체의 주소", "address of an approved vendor"),
    ("delegation_at_shared_address", "위임에 등록된 주소", "address of a delegation"),
    ("own_sessions_at_shared_address", "소유자 본인의 주소", "the owner's own address"),
    ("keys_change_together", "함께 바뀌는 키들", "keys that change together"),
];

/// The short name of a signal's code, if it has one.
pub(super) fn signal_word(code: &str, lang: Lang) -> Option<&'static str> {
    let (_, ko, en) = NAMES.iter().find(|(known, ..)| *known == code)?;
    Some(if lang == Lang::Ko { ko } else { en })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_names_them_the_same() {
        let page = include_str!("../../../../console/src/staff/parts/signalNames.ts");
        for (code, ko, en) in NAMES {
            let (first, rest) = en.split_at(1);
            let en = first.to_uppercase() + rest;
            for word in [*ko, en.as_str()] {
                assert!(page.contains(&format!("    {code}: \"{word}\",\n")), "{code}: {word}");
            }
        }
    }

    #[test]
    fn every_signal_has_a_name_in_both_languages() {
        for text in sumun_model::because::all() {
            for lang in [Lang::Ko, Lang::En] {
                assert!(signal_word(text.code, lang).is_some(), "{} {lang}", text.code);
            }
        }
    }
}
