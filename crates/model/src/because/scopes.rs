//! Rights by name, the same for owners and for staff.

use super::Lang;

/// The machine's word, Korean, English.
const NAMES: [(&str, &str, &str); 12] = [
    ("read", "조회 전체", "see everything"),
    ("market_data", "시세 조회", "see prices"),
    ("read_balances", "자산 조회", "see balances"),
    ("read_orders", "주문 조회", "see orders"),
    ("trade", "주문", "place orders"),
    ("cancel", "주문 취소", "cancel orders"),
    ("read_deposits", "입금 조회", "see deposits"),
    ("deposit", "입금", "deposit"),
    ("read_withdrawals", "출금 조회", "see withdrawals"),
    ("withdraw", "출금", "withdraw"),
    ("transfer", "계정 간 이동", "move between accounts"),
    ("sub_accounts", "하위 계정 관리", "manage sub-accounts"),
];

/// A right by name, if it is known.
#[must_use]
pub fn scope_word(scope: &str, lang: Lang) -> Option<&'static str> {
    let (_, ko, en) = NAMES.iter().find(|(known, ..)| *known == scope)?;
    Some(if lang == Lang::Ko { ko } else { en })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Scope;

    #[test]
    fn every_right_has_a_name() {
        for scope in Scope::ALL {
            assert!(scope_word(scope.as_str(), Lang::Ko).is_some(), "{scope}");
        }
        assert_eq!(scope_word("of_nobody", Lang::En), None);
    }
}
