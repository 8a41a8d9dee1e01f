//! What a key could do if it were stolen now, in Korean and English (R43). Pure; the worst comes first.

use super::row::{KeyRow, Scheme};
use serde::{Deserialize, Serialize};
use sumun_model::key::AllowlistEntry;
use sumun_model::moment::moment;
use sumun_model::{KeyState, Lang, Measure, Scope, ScopeSet, Timestamp};

/// One sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Korean.
    pub ko: String,
    /// English.
    pub en: String,
}

fn say(ko: impl Into<String>, en: impl Into<String>) -> Sentence {
    Sentence { ko: ko.into(), en: en.into() }
}

/// Scopes from the worst to the least, and what a thief does with each.
const DEEDS: &[(Scope, &str, &str)] = &[
    (Scope::Withdraw, "자산을 밖으로 출금할 수 있습니다.", "It can withdraw assets."),
    (Scope::Transfer, "계정 사이에서 자산을 옮길 수 있습니다.", "It can move assets between your accounts."),
    (Scope::SubAccounts, "하위 계정을 관리할 수 있습니다.", "It can manage sub-accounts."),
    (Scope::Deposit, "입금과 입금 주소를 만들 수 있습니다.", "It can make deposits and deposit addresses."),
    (Scope::Trade, "주문을 내고 바꿀 수 있습니다.", "It can place and change orders."),
    (Scope::Cancel, "주문을 취소할 수 있습니다.", "It can cancel orders."),
    (Scope::ReadBalances, "잔고를 볼 수 있습니다.", "It can see balances."),
    (Scope::ReadOrders, "주문과 체결을 볼 수 있습니다.", "It can see orders and fills."),
    (
        Scope::ReadWithdrawals,
        "출금 내역과 한도를 볼 수 있습니다.",
        "It can see withdrawals and their limits.",
    ),
    (Scope::ReadDeposits, "입금 내역과 주소를 볼 수 있습니다.", "It can see deposits and their addresses."),
    (Scope::MarketData, "공개 시세를 볼 수 있습니다.", "It can see public market data."),
];

/// What a hold takes away from a key with these scopes, as its owner is told of it: the end of a sentence's code. Nobody is told that his
/// withdrawals are paused whose key could never withdraw.
#[must_use]
pub fn paused(scopes: ScopeSet) -> &'static str {
    let has = |all: &[Scope]| all.iter().any(|scope| scopes.contains(*scope));
    if has(&[Scope::Withdraw, Scope::Transfer, Scope::SubAccounts, Scope::Deposit]) {
        ""
    } else if has(&[Scope::Trade]) {
        ".orders"
    } else {
        ".reads"
    }
}

/// What passes at the moment, given state and measure.
fn passes(key: &KeyRow, scope: Scope) -> bool {
    let cut = matches!(key.measure, Some(Measure::Hold | Measure::Reverify | Measure::Expire));
    match (key.state, scope) {
        (KeyState::Suspended, scope) => scope == Scope::Cancel,
        (_, Scope::Cancel) => true,
        (_, Scope::Trade | Scope::Withdraw | Scope::Transfer | Scope::SubAccounts | Scope::Deposit) => !cut,
        _ => true,
    }
}

/// In words.
#[must_use]
pub fn of(key: &KeyRow, now: Timestamp) -> Vec<Sentence> {
    if key.state == KeyState::Requested {
        return vec![say(
            "아직 발급되지 않아 아무것도 할 수 없습니다.",
            "It is not issued yet and can do nothing.",
        )];
    }
    if key.state.is_terminal() || key.ends() <= now {
        return vec![say("종료된 키여서 아무것도 할 수 없습니다.", "It has ended and can do nothing.")];
    }
    let mut sentences: Vec<Sentence> = DEEDS
        .iter()
        .filter(|(scope, ..)| key.scopes.contains(*scope) && passes(key, *scope))
        .map(|(_, ko, en)| say(*ko, *en))
        .collect();
    if sentences.is_empty() {
        sentences.push(say("지금은 아무것도 할 수 없습니다.", "At the moment it can do nothing."));
    }
    if !key.scopes.contains(Scope::Withdraw) {
        sentences.push(say("출금은 할 수 없습니다.", "It cannot withdraw."));
    }
    sentences.push(from(key));
    if let Some(markets) = &key.mandate.markets {
        let list = markets.iter().map(|market| market.as_str()).collect::<Vec<_>>().join(", ");
        sentences
            .push(say(format!("주문은 {list} 시장에서만 됩니다."), format!("Orders pass in {list} only.")));
    }
    if key.scheme == Scheme::Ed25519 {
        sentences.push(say(
            "서명 키는 소유자만 가지고 있어, 거래소에서는 훔칠 비밀이 없습니다.",
            "Only its owner holds the signing key: there is no secret at the exchange to steal.",
        ));
    }
    let ends = key.ends();
    sentences.push(say(
        format!("{}에 자동으로 종료됩니다.", moment(ends, Lang::Ko)),
        format!("It ends automatically on {}.", moment(ends, Lang::En)),
    ));
    sentences
}

/// A network as people write it: one address without its length.
pub(crate) fn written(prefix: &str) -> String {
    let whole = if prefix.contains(':') { "/128" } else { "/32" };
    prefix.strip_suffix(whole).unwrap_or(prefix).to_owned()
}

fn from(key: &KeyRow) -> Sentence {
    let list: Vec<String> =
        key.allowlist.iter().map(|entry| written(&AllowlistEntry::prefix(entry).to_string())).collect();
    if list.is_empty() {
        return say("어느 주소에서나 쓸 수 있습니다.", "It can be used from any address.");
    }
    let list = list.join(", ");
    say(
        format!("다음 주소에서만 쓸 수 있습니다: {list}."),
        format!("It can be used from these addresses only: {list}."),
    )
}

#[cfg(test)]
mod tests {
    use super::super::write::tests::{NOW, key};
    use super::*;

    fn shown(key: &KeyRow) -> String {
        of(key, NOW).iter().map(|sentence| format!("{}\n{}\n", sentence.ko, sentence.en)).collect()
    }

    #[test]
    fn what_a_thief_could_do() {
        insta::assert_snapshot!("in_use", shown(&key()));
        insta::assert_snapshot!("held", shown(&KeyRow { measure: Some(Measure::Hold), ..key() }));
        insta::assert_snapshot!("suspended", shown(&KeyRow { state: KeyState::Suspended, ..key() }));
        insta::assert_snapshot!("ended", shown(&KeyRow { state: KeyState::Expired, ..key() }));
    }

    #[test]
    fn every_scope_has_its_sentence() {
        for scope in Scope::ALL {
            assert!(DEEDS.iter().any(|(told, ..)| told == scope), "{scope}");
        }
    }
}
