//! Reasons of refusal in words: what is wrong and what to do, in both languages.

use crate::refusal::Code;
use sumun_model::Lang;

/// The text of a language.
pub(super) const fn say<'t>(lang: Lang, en: &'t str, ko: &'t str) -> &'t str {
    match lang {
        Lang::En => en,
        Lang::Ko => ko,
    }
}

/// A reason, in words.
#[must_use]
pub const fn code(code: Code, lang: Lang) -> &'static str {
    let (en, ko) = match code {
        Code::TooLong => (
            "the line is too long; it was skipped and the reading went on",
            "행이 너무 깁니다. 건너뛰고 계속 읽었습니다",
        ),
        Code::BadEncoding => (
            "the line is no text in the mapping's encoding",
            "매핑에 적힌 문자 인코딩으로 읽을 수 없는 행입니다",
        ),
        Code::KoreanEncoding => (
            "the line is EUC-KR (CP949), not UTF-8; say `encoding = \"utf-8-or-euc-kr\"`",
            "UTF-8이 아니라 EUC-KR(CP949)로 적힌 행입니다. 매핑에 `encoding = \"utf-8-or-euc-kr\"`라고 적으십시오",
        ),
        Code::BadJson => ("the line is no JSON object", "JSON 객체가 아닌 행입니다"),
        Code::WrongCells => {
            ("the row has more or fewer cells than there are columns", "열 수와 칸 수가 다른 행입니다")
        }
        Code::OpenQuote => ("a quote is never closed", "닫히지 않은 따옴표가 있습니다"),
        Code::NoMatch => ("the line is not of the pattern's form", "패턴과 모양이 다른 행입니다"),
        Code::Ambiguous => (
            "the line can be read in two ways: a value holds the pattern's own signs. Clients can do that to stay unseen; log JSON instead",
            "두 가지로 읽힐 수 있는 행입니다. 값 안에 패턴의 구분 기호가 들어 있습니다. 고객이 일부러 그렇게 보내 숨을 수 있으므로 JSON으로 남기십시오",
        ),
        Code::Missing => {
            ("a field that the line cannot do without has no value", "꼭 있어야 하는 필드에 값이 없습니다")
        }
        Code::BadRequest => ("what stands there is no HTTP request", "HTTP 요청으로 읽을 수 없습니다"),
        Code::BadTime => (
            "the time is not written as the mapping says; write it so in the export, or change `time` in a copy of the mapping",
            "시각이 매핑에 적힌 형식과 다릅니다. 그 형식으로 내보내거나, 매핑을 복사해 `time`을 고치십시오",
        ),
        Code::WrongUnit => (
            "the time read as the mapping says lies where no exchange was; is its unit right?",
            "매핑대로 읽으면 거래소가 있을 수 없는 때가 됩니다. 시각 단위가 맞는지 보십시오",
        ),
        Code::BadAddress => (
            "no address, or a chain shorter than its trusted hops",
            "주소가 아니거나, 신뢰하는 홉 수보다 짧은 주소 목록입니다",
        ),
        Code::BadPrefix => ("no address prefix", "주소 대역이 아닙니다"),
        Code::BadNumber => (
            "no number of the kind that is needed; where units differ, say `times`",
            "필요한 형식의 수가 아닙니다. 단위가 다르면 `times`를 쓰십시오",
        ),
        Code::SpreadsheetNumber => (
            "a spreadsheet took this id for a number and rounded it (`1.23E+15`): its digits are lost. Export it again, and open it with that column as text, or not at all",
            "스프레드시트가 ID를 숫자로 바꾸어 반올림했습니다(`1.23E+15`). 뒷자리가 사라졌으므로 다시 내보내고, 그 열을 텍스트로 지정해 열거나 스프레드시트에서 열지 마십시오",
        ),
        Code::Credential => (
            "a credential stands there, not an id; map another field, and stop logging this one",
            "ID가 아니라 인증 정보가 들어 있습니다. 다른 필드를 쓰고, 이 필드는 더 이상 로그에 남기지 마십시오",
        ),
        Code::UnknownWord => {
            ("the mapping's list of words does not have it", "매핑의 낱말 목록에 없는 값입니다")
        }
        Code::WrongShape => (
            "a list or an object stands where one value is needed",
            "값 하나가 있어야 할 자리에 목록이나 객체가 있습니다",
        ),
        Code::NotOfTheWire => ("the wire does not take this value", "이벤트 형식에 맞지 않는 값입니다"),
    };
    say(lang, en, ko)
}
