//! What stands on the desk, section by section.

use super::mail;
use super::page::{both, escaped};
use crate::links::{OWNER_HOST, Who};
use crate::world::{Entered, LiveKey, World};
use std::fmt::Write as _;

/// All of them.
pub(super) async fn all(world: &World) -> String {
    let mut out = format!("<h1>{}</h1>", both(["시연 데스크", "Demo desk"]));
    for said in about(world.cast.owners.len(), world.cast.keys(), world.day_s) {
        let _ = write!(out, "<p>{}</p>", both([&said[0], &said[1]]));
    }
    out += &to_try();
    out += &staff(world);
    out += &owner(world).await;
    out += &mail::section(world);
    out
}

/// What this page is, and what goes on behind it.
fn about(customers: usize, keys: usize, day_s: f64) -> [[String; 2]; 2] {
    [
        [
            "이 페이지는 수문 밖에 있는 것을 모두 대신합니다. 직원의 휴대폰, 고객이 받은 편지, 거래소가 여기에 있습니다.".to_owned(),
            "This page stands for everything outside Sumun: the staff's phones, the customers' mail, the exchange.".to_owned(),
        ],
        [
            format!(
                "고객 {customers}명의 키 {keys}개가 있고, 사람과 키는 모두 가상입니다. 이용자의 하루는 {day_s}초이며 시계는 실제입니다. \
                 어느 키가 어떻게 될지 미리 짜 두지 않았습니다. 탐지와 정책, 사람들의 답에 달려 있습니다."
            ),
            format!(
                "There are {customers} customers with {keys} keys, all of them made up. A user's day is {day_s} seconds; the clock is real. \
                 Nothing schedules what becomes of a key: detection, policy and people's answers do."
            ),
        ],
    ]
}

/// Where somebody who has never been here may begin.
const TO_TRY: [[&str; 2]; 5] = [
    [
        "mina(분석 담당)로 로그인해, 종료된 키 하나를 골라 왜 종료되었는지 찾아보십시오. 시작하고 2분 안에 하나는 소유자의 답으로 종료됩니다.",
        "Sign in as mina (analyst), pick a key that has ended, and find out why. Within two minutes of the start one ends by its owner's answer.",
    ],
    [
        "고객으로 들어가 rebalancer 키의 “직접 보내신 요청입니까?”에 답하십시오. 집 인터넷 주소가 바뀌었을 뿐이니 답은 “네”입니다. 질문은 시작하고 30초쯤 지나면 옵니다.",
        "Come in as the customer and answer “did you send this request?” for the key of the rebalancer. The address at home has changed, so the answer is yes. The question comes about half a minute after the start.",
    ],
    [
        "고객의 trading bot 키는 집과 해외 두 곳에서 번갈아 쓰여, 1분쯤 지나면 경고가 옵니다. 5분 안에 읽고 확인해 보십시오. 답하지 않으면 재확인이 제안되고, joon과 yuna가 승인하면 시작됩니다. 그때는 아래 버튼으로 본인 확인과 직접 사용 확인을 마치면 됩니다.",
        "The customer's key of the trading bot is used at home and abroad by turns, and is warned after about a minute. Read and acknowledge the warning within five. Unanswered, a re-verification is proposed and begins once joon and yuna agree: its two checks are passed with the buttons below.",
    ],
    [
        "mina로 키 하나의 강제 만료를 제안한 뒤, joon과 yuna(승인 담당)로 차례로 로그인해 승인해 보십시오. 두 사람이 필요하고, 제안한 사람은 승인할 수 없습니다.",
        "As mina, propose a forced end of a key; then sign in as joon and as yuna (approvers) and agree to it. It takes both, and never whoever proposed it.",
    ],
    [
        "sora(보안 관리자 겸 준법 책임자)로 직원을 한 명 초대해 보십시오. 역할은 hana가 승인해야 주어집니다. 게이트 화면에서는 점검용 키로, 종료된 키를 게이트가 정말 거절하는지 볼 수 있습니다.",
        "As sora (security administrator and compliance lead), invite somebody: the role is given once hana agrees. The gate's page shows by canaries whether an ended key is really refused.",
    ],
];

fn to_try() -> String {
    let items: String = TO_TRY.into_iter().map(|item| format!("<li>{}</li>", both(item))).collect();
    format!("<section><h2>{}</h2><ol>{items}</ol></section>", both(["해볼 것", "Things to try"]))
}

/// The link by which somebody comes in.
pub(super) fn link(world: &World, who: &Who, host: &str) -> String {
    let port = world.ports.desk.port();
    world.links.open_for(who).map(|code| format!("http://{host}:{port}/enter/{code}")).unwrap_or_default()
}

fn staff(world: &World) -> String {
    let mut rows = String::new();
    for person in &world.staff.people {
        let (now, next, left) = person.codes();
        let href = link(world, &Who::Staff(person.user.to_owned()), person.host);
        let _ = write!(
            rows,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td><a href=\"{}\" target=\"_blank\">{}</a></td><td><code>{now}</code></td><td><code>{next}</code></td><td>{left} s</td></tr>",
            person.user,
            both(person.does),
            escaped(&href),
            both(["로그인", "sign in"]),
        );
    }
    let heads = [
        ["이름", "name"],
        ["역할", "role"],
        ["한 번 쓰는 링크", "one-time link"],
        ["인증번호", "code now"],
        ["다음 번호", "next code"],
        ["남은 시간", "left"],
    ]
    .map(|head| format!("<th scope=\"col\">{}</th>", both(head)))
    .concat();
    format!(
        "<section><h2>{}</h2><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table><p class=\"small\">{}</p></section>",
        both(["직원", "Staff"]),
        both([
            "인증번호는 한 번씩만 쓸 수 있습니다. 이미 쓴 번호라면 다음 번호를 넣으십시오.",
            "A code works once. If one was used already, take the next.",
        ])
    )
}

/// The customer who is played by hand: his way in, his programs, and the exchange's side of what is asked of him.
async fn owner(world: &World) -> String {
    let Some((owner, entered)) = world.guided() else { return String::new() };
    let href = link(world, &Who::Owner(owner.number - 1), OWNER_HOST);
    let mut out = format!(
        "<section><h2>{}</h2><p>{} <a href=\"{}\" target=\"_blank\">{}</a></p>",
        both(["고객", "The customer"]),
        escaped(&format!("{} ({})", owner.name, owner.customer())),
        escaped(&href),
        both(["거래소에서 ‘내 API 키’로 이동", "from the exchange to “My API keys”"]),
    );
    for (at, (key, live)) in owner.keys.iter().zip(&entered.keys).enumerate() {
        out += &bot(at, key.application, live);
    }
    out += &verifications(world, entered).await;
    out + "</section>"
}

/// A button that does one thing.
fn button(action: &str, words: [&str; 2]) -> String {
    format!("<form method=\"post\" action=\"{}\"><button>{}</button></form>", escaped(action), both(words))
}

/// A key of his, what its programs are at, and what he can tell them.
fn bot(at: usize, application: &str, live: &LiveKey) -> String {
    let state =
        if live.is_stopped() { ["봇 멈춤", "bot stopped"] } else { ["봇 작동 중", "bot running"] };
    let (status, answers) = live.last();
    let last = match status {
        0 => both(["아직 응답 없음", "no answer yet"]),
        200..300 => both(["마지막 요청: 통과", "last request: passed"]),
        _ => both(["마지막 요청: 거절", "last request: refused"]),
    };
    let acts = button(&format!("/bot/{at}/switch/stop"), ["봇 멈추기", "stop the bot"])
        + &button(&format!("/bot/{at}/switch/start"), ["봇 시작하기", "start the bot"]);
    format!(
        "<article><h3>{}</h3><p><code>{}</code> · {} · {last} · {}</p>{acts}<p><a href=\"/bot/{at}\">{}</a></p></article>",
        escaped(application),
        escaped(&live.issued().id),
        both(state),
        both([&format!("지금까지 {answers}회"), &format!("{answers} so far")]),
        both(["코드 보내기 · 새 시크릿 키 넣기", "send a code · give it a new secret key"]),
    )
}

/// What the exchange is asked about him.
async fn verifications(world: &World, entered: &Entered) -> String {
    let listed = async {
        let token = entered.session.token(&world.rest, &world.exchange).await?;
        world.rest.all(&token, "/v1/verifications").await
    };
    let Ok(listed) = listed.await else { return String::new() };
    let mut out = String::new();
    for one in listed.iter().filter(|one| one["state"] == "open") {
        let key = one["key"].as_str().unwrap_or_default();
        let identity = one["identity"].as_str().unwrap_or_default();
        out += &format!(
            "<article><h3>{}</h3><p><code>{}</code> · {}</p>{}{}</article>",
            both(["거래소: 본인 확인", "The exchange: identity"]),
            escaped(key),
            both(match identity {
                "passed" => ["본인 확인을 마쳤습니다", "identity is verified"],
                "failed" => ["본인 확인이 되지 않았습니다", "identity could not be verified"],
                _ => ["본인 확인을 아직 하지 않았습니다", "identity is not verified yet"],
            }),
            button(&format!("/identity/{key}/passed"), ["본인 확인됨", "identity verified"]),
            button(&format!("/identity/{key}/failed"), ["본인 확인 실패", "identity not verified"]),
        );
    }
    if out.is_empty() {
        out = format!(
            "<p class=\"small\">{}</p>",
            both([
                "재확인이 시작되면 여기에 거래소의 본인 확인 버튼이 나옵니다.",
                "Once a re-verification has begun, the exchange's buttons for identity stand here.",
            ])
        );
    }
    out
}
