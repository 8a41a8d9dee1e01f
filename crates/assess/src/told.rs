//! What stands against relying on a report, in words: for the page and for the terminal.

use crate::fit::{Lack, Remark, RemarkCode as C};
use crate::source::Role;
use sumun_mapping::told::number;
use sumun_model::Lang;

/// A remark in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What is so.
    pub what: String,
    /// What to do.
    pub next: &'static str,
}

/// Share of a whole, in hundredths: never 0 of what is there, and 100 only of all.
fn percent(part: u64, whole: u64) -> u64 {
    let share = part.saturating_mul(100) / whole.max(1);
    if part < whole { share.clamp(1, 99) } else { 100 }
}

/// An export by its name.
const fn export(role: Role, lang: Lang) -> &'static str {
    match (role, lang) {
        (Role::Access, Lang::En) => "the access log",
        (Role::Access, Lang::Ko) => "접근 로그",
        (Role::Orders, Lang::En) => "the orders",
        (Role::Orders, Lang::Ko) => "주문 내역",
        (Role::Sessions, Lang::En) => "the sign-ins",
        (Role::Sessions, Lang::Ko) => "로그인 기록",
        (_, Lang::En) => "the table",
        (_, Lang::Ko) => "목록",
    }
}

/// Says it. Nothing in it comes from what was read but numbers.
#[must_use]
pub fn remark(remark: &Remark, lang: Lang) -> Told {
    let Remark { code, role, count, of } = *remark;
    let (n, all, share, name) = (number(count), number(of), percent(count, of), export(role, lang));
    let what = match (code, lang) {
        (C::NoKeyInLog, Lang::En) => {
            format!(
                "None of the {all} records of the access log names a key: nothing is known of how any key is used."
            )
        }
        (C::NoKeyInLog, Lang::Ko) => {
            format!(
                "접근 로그의 레코드 {all}건 가운데 키 ID가 있는 것이 없어, 키가 어떻게 쓰이는지 알 수 없습니다."
            )
        }
        (C::KeysNotInTable, Lang::En) if count == of => format!(
            "No key of the access log is in the table of keys ({all} requests): nothing could be compared, and every count of wrong use is nought for that reason alone."
        ),
        (C::KeysNotInTable, Lang::Ko) if count == of => format!(
            "접근 로그에 나온 키가 키 목록에 하나도 없습니다(요청 {all}건). 대조한 것이 없으므로, 문제가 되는 이용이 0건으로 나온 것은 이 때문입니다."
        ),
        (C::KeysNotInTable, Lang::En) => format!(
            "{n} of {all} requests with a key ({share}%) name one that is not in the table of keys: what is said of use is said of the others only."
        ),
        (C::KeysNotInTable, Lang::Ko) => format!(
            "키 ID가 있는 요청 {all}건 가운데 {n}건({share}%)의 키가 키 목록에 없습니다. 이용에 관한 내용은 나머지 요청만 본 결과입니다."
        ),
        (C::NoAddressCompared, Lang::En) => format!(
            "No allowed request of a key in the table tells its address ({n} requests): registered addresses were held against nothing."
        ),
        (C::NoAddressCompared, Lang::Ko) => format!(
            "키 목록에 있는 키의 요청 {n}건 가운데 허용되었고 주소까지 있는 요청이 없어, 등록 IP와 대조하지 못했습니다."
        ),
        (C::AccountsNotInTable, Lang::En) => format!(
            "{n} of {all} living keys ({share}%) are of accounts that the table of accounts lacks: whose they are, and which segment, may be wrong or missing."
        ),
        (C::AccountsNotInTable, Lang::Ko) => format!(
            "유효한 키 {all}개 가운데 {n}개({share}%)의 계정이 계정 목록에 없습니다. 누구의 키인지, 어떤 고객 구분인지가 틀렸거나 빠졌을 수 있습니다."
        ),
        (C::NothingInCommon, Lang::En) => {
            format!("No account of {name} is in any table ({n} lines): they explain nothing here.")
        }
        (C::NothingInCommon, Lang::Ko) => {
            format!(
                "{name}의 계정이 어느 목록에도 없습니다({n}행). 그래서 이 자료는 진단에 쓰이지 못했습니다."
            )
        }
        (C::Late, Lang::En) => format!(
            "{n} of {all} lines of {name} ({share}%) are more than five minutes behind a line that stands before them: detection took no notice of these."
        ),
        (C::Late, Lang::Ko) => format!(
            "{name} {all}행 가운데 {n}행({share}%)은 먼저 나온 행보다 5분 넘게 이른 시각이어서 탐지에 쓰이지 않았습니다."
        ),
    };
    Told { what, next: next(code, count == of, lang) }
}

const fn next(code: C, whole: bool, lang: Lang) -> &'static str {
    let (en, ko) = match code {
        C::NoKeyInLog => (
            "Log the key's id, hashed as in the table of keys, or mend the mapping (`sumun map check`), then assess again.",
            "키 목록과 같은 방식으로 해시한 키 ID를 로그에 남기거나 매핑을 고친 뒤(`sumun map check`) 다시 진단하십시오.",
        ),
        C::KeysNotInTable if whole => (
            "Hash ids with the same key and in the same way in every export, or name the right column in the mapping, then assess again.",
            "모든 자료의 ID를 같은 키와 같은 방식으로 해시했는지, 매핑에 맞는 열을 적었는지 확인한 뒤 다시 진단하십시오.",
        ),
        C::KeysNotInTable => (
            "Find out whether the table is complete, ended keys included, and whether ids were hashed alike on every front.",
            "키 목록에 만료된 키까지 모두 있는지, 앞단마다 ID를 같은 방식으로 해시하는지 확인하십시오.",
        ),
        C::NoAddressCompared => (
            "Look at `access.ip` and `access.verdict` with `sumun map check` and mend the mapping.",
            "`sumun map check`로 `access.ip`와 `access.verdict`를 확인하고 매핑을 고치십시오.",
        ),
        C::AccountsNotInTable | C::NothingInCommon => (
            "Hash accounts with the same key and in the same way in every export, and export them all.",
            "모든 자료의 계정 ID를 같은 키와 같은 방식으로 해시하고, 빠진 계정 없이 내보내십시오.",
        ),
        C::Late => (
            "Give the files of a log oldest first, sort each by time, then assess again.",
            "로그 파일을 오래된 것부터 차례로 주고, 파일 안에서는 시각순으로 정렬한 뒤 다시 진단하십시오.",
        ),
    };
    match lang {
        Lang::En => en,
        Lang::Ko => ko,
    }
}

/// What a point lacks to be judged.
#[must_use]
pub const fn lack(lack: Lack, lang: Lang) -> &'static str {
    let (en, ko) = match lack {
        Lack::KeysInLog => ("missing: keys in the log", "빠진 것: 로그의 키 ID"),
        Lack::KeysInTable => ("missing: the log's keys in the table", "빠진 것: 키 목록에 있는 로그의 키"),
        Lack::Addresses => ("missing: addresses of allowed requests", "빠진 것: 허용된 요청의 주소"),
        Lack::RegisteredAddresses => {
            ("missing: requests of keys that have a list", "빠진 것: 등록 IP가 있는 키의 요청")
        }
    };
    match lang {
        Lang::En => en,
        Lang::Ko => ko,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_neither_nothing_nor_all_unless_it_is() {
        assert_eq!(
            [percent(1, 1000), percent(999, 1000), percent(1000, 1000), percent(1, 3)],
            [1, 99, 100, 33]
        );
    }
}
