//! What stands on the desk, section by section.

use super::page::{both, escaped};
use crate::links::{OWNER_HOST, Who};
use crate::world::World;
use std::fmt::Write as _;

/// All of them.
pub(super) async fn all(world: &World) -> String {
    let mut out = format!(
        "<h1>{}</h1><p>{}</p>",
        both(["시연 데스크", "Demo desk"]),
        both([
            "이곳은 수문 밖의 모든 것을 대신합니다: 직원의 휴대폰, 받은 편지, 거래소. 사람과 키는 모두 가상입니다.",
            "This stands for everything outside Sumun: the staff's phones, mail received, the exchange. All people and keys are made up.",
        ])
    );
    out += &staff(world);
    out += &owner(world);
    out
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
            "<tr><th scope=\"row\">{}</th><td>{}</td><td><a href=\"{}\">{}</a></td><td><code>{now}</code></td><td><code>{next}</code></td><td>{left} s</td></tr>",
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

fn owner(world: &World) -> String {
    let Some((owner, _)) = world.guided() else { return String::new() };
    let at = owner.number - 1;
    let href = link(world, &Who::Owner(at), OWNER_HOST);
    format!(
        "<section><h2>{}</h2><p>{} <a href=\"{}\">{}</a></p></section>",
        both(["고객", "The customer"]),
        escaped(&format!("{} ({})", owner.name, owner.customer())),
        escaped(&href),
        both(["거래소에서 API 키 관리로 이동", "from the exchange to the API key page"]),
    )
}
