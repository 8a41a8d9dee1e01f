//! What an owner reads of a step: what, why, by when, what next, how to object. Never a weight, a point or a probability; nothing
//! of `monitor`; nothing that depends on whether a report was filed.

use super::families;
use crate::ladder::Step;
use sumun_model::moment::moment;
use sumun_model::{Family, Lang, Measure, Mode, Phase, Value};

/// Most reasons told to an owner.
const REASONS_MAX: usize = 3;

/// The owner's text of a step, a paragraph a line; empty where the owner is told nothing.
#[must_use]
pub fn for_owner(step: &Step, lang: Lang) -> String {
    let mut lines: Vec<String> = Vec::new();
    match (step.measure, step.phase) {
        (Measure::Monitor, _) => {}
        // What is only proposed has not happened.
        (_, Phase::Enter) if step.mode == Mode::Propose => {}
        (measure, Phase::Leave) => lines.extend(ended(measure, &step.why.code, lang).map(ToOwned::to_owned)),
        (measure, Phase::Enter) => {
            lines.push(what(measure, lang).to_owned());
            lines.extend(seen(step, lang));
            lines.extend(again(step, lang));
            lines.extend(by_when(step, lang));
            lines.push(next(measure, lang).to_owned());
            lines.push(object(lang).to_owned());
        }
    }
    lines.join("\n")
}

const fn pick(lang: Lang, ko: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Ko => ko,
        Lang::En => en,
    }
}

const fn what(measure: Measure, lang: Lang) -> &'static str {
    match measure {
        Measure::Monitor => "",
        Measure::Warn => pick(
            lang,
            "API 키 이용에 대해 확인이 필요합니다. 지금은 키를 그대로 쓰실 수 있습니다.",
            "We need you to check how your API key is used. For now it works as before.",
        ),
        Measure::Hold => pick(
            lang,
            "확인을 위해 API 키의 주문과 출금을 잠시 멈췄습니다. 조회와 주문 취소는 계속됩니다. 앱과 웹에서의 거래와 출금은 그대로 이용하실 수 있습니다.",
            "We have paused orders and transfers of your API key while we check. Reading and cancelling go on, and trading and \
             withdrawing in the app and on the web work as before.",
        ),
        Measure::Reverify => pick(
            lang,
            "API 키를 다시 쓰시려면 본인 확인과, 이 키를 직접 사용하고 계신지 확인하는 절차가 필요합니다. 그때까지 조회와 주문 취소만 가능합니다. 앱과 웹에서의 거래와 출금은 그대로 이용하실 수 있습니다.",
            "To use your API key again, please verify who you are and that it is you who uses the key. Until then only reading and cancelling \
             work. Trading and withdrawing in the app and on the web work as before.",
        ),
        Measure::Expire => pick(
            lang,
            "API 키가 종료되어 더 이상 쓸 수 없습니다. 앱과 웹에서의 거래와 출금은 그대로 이용하실 수 있습니다.",
            "Your API key has been ended and cannot be used any more. Trading and withdrawing in the app and on the web work as before.",
        ),
    }
}

/// What was seen, without the last full stop: in the rule's own words for owners, else by the kinds of evidence; nothing if neither is known.
#[must_use]
pub fn found_for_owner(step: &Step, lang: Lang) -> Option<String> {
    let own = if lang == Lang::Ko { "owner_ko" } else { "owner_en" };
    if let Some(Value::Text(text)) = step.why.values.get(own) {
        return Some(text.clone());
    }
    let told: Vec<_> =
        families(&step.why).into_iter().take(REASONS_MAX).map(|family| of_family(family, lang)).collect();
    (!told.is_empty()).then(|| told.join(". "))
}

fn seen(step: &Step, lang: Lang) -> Option<String> {
    let before = pick(lang, "확인된 내용: ", "What we saw: ");
    found_for_owner(step, lang).map(|found| format!("{before}{found}."))
}

/// That it is not the first, and rests on what came since.
fn again(step: &Step, lang: Lang) -> Option<String> {
    let nth = nth_for_owner(step)?;
    Some(match lang {
        Lang::Ko => {
            format!(
                "지난번 조치가 끝난 뒤에 새로 확인된 내용에 따른 것으로, 이런 조치는 이번이 {nth}번째입니다."
            )
        }
        Lang::En => format!("It was seen after the last measure ended. This is number {nth} of this kind."),
    })
}

/// Which one of its kind this measure is, if it is not the first.
#[must_use]
pub fn nth_for_owner(step: &Step) -> Option<i64> {
    match step.why.values.get("again") {
        Some(Value::Int(earlier)) => Some(earlier.saturating_add(1)),
        _ => None,
    }
}

const fn of_family(family: Family, lang: Lang) -> &'static str {
    match family {
        Family::Origin => pick(
            lang,
            "평소와 다른 곳에서, 또는 여러 곳에서 번갈아 키가 쓰였습니다",
            "The key was used from a place that is not usual for it, or from several places in turn",
        ),
        Family::Client => pick(
            lang,
            "서로 다른 여러 프로그램에서 키가 쓰였습니다",
            "The key was used by several different programs",
        ),
        Family::Lifecycle => pick(
            lang,
            "오래 쓰지 않던 키가 다시 쓰였거나, 만든 기기와 다른 곳에서만 쓰였습니다",
            "The key came into use after a long time, or is only used away from where it was made",
        ),
        Family::Auth => pick(
            lang,
            "등록하지 않은 주소에서 이 키로 올바르게 서명된 요청이 왔습니다",
            "Requests correctly signed with this key came from an address you have not registered",
        ),
        Family::Behaviour => pick(
            lang,
            "거래하는 방식이 이전과 뚜렷하게 달라졌습니다",
            "The way the key trades has clearly changed",
        ),
        Family::Operator => pick(
            lang,
            "다른 고객의 키와 같은 곳에서 함께 쓰였습니다",
            "The key is used from the same place as other customers' keys",
        ),
        Family::Coordination => pick(
            lang,
            "다른 키들과 거의 동시에 같은 행동을 했습니다",
            "The key acted together with other keys",
        ),
        Family::Market => pick(
            lang,
            "시장 질서를 해칠 수 있는 주문이나 체결이 있었습니다",
            "There were orders or trades that may harm the market",
        ),
        Family::Policy => pick(
            lang,
            "등록하신 용도나 조건과 다르게 쓰였습니다",
            "The key was used in a way that differs from what you registered",
        ),
    }
}

fn by_when(step: &Step, lang: Lang) -> Option<String> {
    let at = moment(step.until?, lang);
    Some(match (step.measure, lang) {
        (Measure::Warn, Lang::Ko) => format!("{at}까지 ‘내 API 키’에서 이 안내를 확인하고 답해 주십시오."),
        (Measure::Warn, Lang::En) => {
            format!("Please acknowledge and answer this under “My API keys” by {at}.")
        }
        (Measure::Hold, Lang::Ko) => {
            format!("거래소의 API 키 검토팀이 {at}까지 확인합니다. 그때까지 결정이 없으면 자동으로 풀립니다.")
        }
        (Measure::Hold, Lang::En) => {
            format!(
                "The exchange's API key review team looks at it by {at}. Without a decision by then the pause ends by itself."
            )
        }
        (Measure::Reverify, Lang::Ko) => format!("{at}까지 두 가지 확인을 마쳐 주십시오."),
        (Measure::Reverify, Lang::En) => format!("Please complete both by {at}."),
        _ => return None,
    })
}

const fn next(measure: Measure, lang: Lang) -> &'static str {
    match measure {
        Measure::Monitor => "",
        Measure::Warn => pick(
            lang,
            "본인이 직접 쓰셨다면 그렇게 답해 주시면 됩니다. 다른 사람이 쓰고 있다면 키를 종료하거나 위임을 등록해 주십시오. 답이 없거나 같은 이용이 이어지면 키 사용이 제한될 수 있습니다.",
            "If the use is your own, simply tell us so. If someone else uses the key, end it or register a delegation. Without an answer, \
             or if it goes on, the key may be restricted.",
        ),
        Measure::Hold => pick(
            lang,
            "본인 이용이라는 설명이나 자료를 보내 주시면 검토가 빨라집니다. 검토 뒤에는 제한을 풀거나 본인 확인을 요청드립니다.",
            "An explanation or a document showing the use is yours speeds the review. After it we lift the pause or ask you to verify \
             yourself.",
        ),
        Measure::Reverify => pick(
            lang,
            "확인을 마치시면 몇 분 안에 다시 쓰실 수 있습니다. 기한이 지나도 키는 제한된 상태로 남으며, 종료할지는 두 사람의 담당자가 판단합니다.",
            "Once both are done the key works again within minutes. After the time is over it stays restricted, and two members of staff \
             decide whether it ends.",
        ),
        Measure::Expire => pick(
            lang,
            "API를 다시 쓰시려면 새 키를 신청해 주십시오. 이 키의 ID와 시크릿 키는 다시 쓸 수 없습니다.",
            "To use the API again, ask for a new key. The id and secret key of this one cannot be used again.",
        ),
    }
}

const fn object(lang: Lang) -> &'static str {
    pick(
        lang,
        "동의하지 않으시면 이 안내에서 이의를 제기하실 수 있습니다. 처음 판단에 참여하지 않은 담당자가 다시 검토하고 결과를 알려 드립니다.",
        "If you do not agree, you can object from this notice. Someone who took no part in the decision reviews it and tells you the result.",
    )
}

fn ended(measure: Measure, why: &str, lang: Lang) -> Option<&'static str> {
    let text = match (measure, why) {
        (Measure::Reverify, "ladder.proved") => pick(
            lang,
            "본인 확인과 직접 사용 확인이 끝났습니다. 이제 API 키를 다시 쓰실 수 있습니다.",
            "It is verified who you are and that it is you who uses the key. You can use your API key again.",
        ),
        (Measure::Hold, "ladder.lapsed") => pick(
            lang,
            "검토 기한이 지나 API 키의 일시 제한이 풀렸습니다. 이제 다시 쓰실 수 있습니다.",
            "The time for review is over and the pause of your API key has ended. You can use it again.",
        ),
        (Measure::Hold | Measure::Reverify, _) => pick(
            lang,
            "API 키의 제한이 풀렸습니다. 이제 다시 쓰실 수 있습니다.",
            "The restriction of your API key has been lifted. You can use it again.",
        ),
        (Measure::Warn, _) => pick(
            lang,
            "API 키에 대한 확인이 끝났습니다. 더 하실 일은 없습니다.",
            "The check of your API key is done. There is nothing more for you to do.",
        ),
        (Measure::Monitor | Measure::Expire, _) => return None,
    };
    Some(text)
}
