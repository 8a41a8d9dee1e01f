//! Sentences of a report, in both languages.

use sumun_model::Lang;

/// The sentence in this language.
pub(crate) const fn say<'a>(lang: Lang, en: &'a str, ko: &'a str) -> &'a str {
    match lang {
        Lang::En => en,
        Lang::Ko => ko,
    }
}

/// Why a dishonest kind is missed, where it is.
pub(crate) fn missed(kind: &str, lang: Lang) -> &'static str {
    let (en, ko) = match kind {
        "relay" => (
            "the borrower comes through the owner's registered address with the owner's library: nothing on the wire differs, and what is left are the habits of orders",
            "차용자가 소유자의 등록 주소와 소유자의 라이브러리를 그대로 거쳐 오므로 전송 기록에는 차이가 없고, 남는 것은 주문 습관뿐입니다",
        ),
        "born_lent" => (
            "the key was the borrower's from its first use: there is no owner's baseline to depart from, and one address at a time",
            "첫 사용부터 차용자의 키이므로 벗어날 소유자 기준이 없고, 주소도 한 번에 하나뿐입니다",
        ),
        "hand_over" => (
            "the owner registered the borrower's address and never came back: the same lines as an honest move to another machine",
            "소유자가 차용자의 주소를 등록하고 다시 쓰지 않으므로, 정직한 서버 이전과 같은 기록이 남습니다",
        ),
        "interleaved" => (
            "owner and borrower in one neighbourhood with one library look like one program on two machines",
            "같은 지역, 같은 라이브러리를 쓰는 소유자와 차용자는 한 프로그램을 두 대에서 돌리는 것과 같아 보입니다",
        ),
        "pool_many_hosts" => (
            "every key has a machine of its own; only stopping, upgrading and moving together joins them, which takes weeks to be more than chance",
            "키마다 기기가 따로 있고, 함께 멈추고 갱신하고 옮기는 것만이 서로를 잇는데, 우연과 구별하려면 몇 주가 걸립니다",
        ),
        "pool_one_host" => (
            "until five customers (in homes eight) are at one address it could be an office or a home, and customers at one address are one kind of evidence, where a warning asks for more",
            "한 주소에 고객이 다섯(가정 회선은 여덟) 미만이면 사무실이나 가정일 수 있고, 한 주소의 여러 고객은 한 가지 근거일 뿐이어서 경고에는 근거가 더 필요합니다",
        ),
        "leak" => (
            "a thief in the owner's neighbourhood with his library looks like the owner's address changing, until the owner is asked",
            "소유자와 같은 지역, 같은 라이브러리를 쓰는 절취자는 소유자에게 묻기 전까지 주소 변경과 같아 보입니다",
        ),
        _ => ("", ""),
    };
    say(lang, en, ko)
}

/// What the numbers do not show.
pub(crate) fn notes(lang: Lang) -> [&'static str; 7] {
    match lang {
        Lang::En => [
            "The worlds are made up. They show what the rules do to these stories, not how many of them a venue has; shares of kinds are judgement.",
            "Worlds do not answer measures: a key that is held goes on, so nothing here tells what a hold prevents. Proposals count as approved at once.",
            "Keys of one story are not independent of each other. Bounds of precision draw whole stories; Poisson bounds take keys as independent and are too narrow where a story holds many.",
            "Misuse begins in the first two thirds of a world, so recall is of some weeks, not of a key's life.",
            "Keys born in the world and addresses added in it are more often misused than clean by construction. No rule of the policy and no detector looks at either alone: the table by stratum shows clean keys with both that met nothing, and misused keys with neither that did.",
            "Every address added in the world leaves one valid refused request from it, the one that proves it. Interleaved borrowers whose address is never registered look like leaks, and are met as such.",
            "Market abuse is not evaluated: no detector of this version looks for it, and the worlds hold none.",
        ],
        Lang::Ko => [
            "세계는 모두 지어낸 것입니다. 규칙이 이 이야기들에 어떻게 반응하는지를 보일 뿐, 거래소에 그런 키가 얼마나 있는지를 말하지 않습니다. 유형별 비율은 판단으로 정했습니다.",
            "세계는 조치에 반응하지 않습니다. 제한된 키도 계속 쓰이므로, 제한이 무엇을 막는지는 여기에 나타나지 않습니다. 제안은 바로 승인된 것으로 봅니다.",
            "한 이야기의 키들은 서로 독립이 아닙니다. 정밀도의 범위는 이야기 단위로 다시 뽑아 구했고, 푸아송 상한은 키를 독립으로 보므로 한 이야기에 키가 많으면 너무 좁습니다.",
            "오용은 세계의 앞 3분의 2 안에서 시작하므로, 재현율은 키의 일생이 아니라 몇 주에 대한 것입니다.",
            "세계 안에서 만들어진 키와 추가된 주소는 구성상 오용 쪽에 더 많습니다. 정책의 규칙이나 탐지기 가운데 그것만 보는 것은 없습니다. 층별 표에서 둘 다 해당하면서 아무 조치도 받지 않은 정상 키와, 둘 다 아니면서 조치를 받은 오용 키를 볼 수 있습니다.",
            "세계 안에서 추가된 주소는 모두, 주소를 증명하는 유효하지만 거절된 요청을 하나 남깁니다. 주소를 끝내 등록하지 않은 교대 차용자는 유출로 보이며 그렇게 다루어집니다.",
            "시장 교란은 평가하지 않습니다. 이 판에는 이를 보는 탐지기가 없고 세계에도 없습니다.",
        ],
    }
}
