//! Mailboxes: what Sumun handed over for the exchange to deliver, as each person would read it, the newest first.
//!
//! Read from the file that Sumun leaves for the exchange. Nothing of a letter becomes markup. Never here: sending anything.

use super::page::{both, escaped, stands};
use super::sections::link;
use crate::cast::Owner;
use crate::links::{OWNER_HOST, Who};
use crate::world::World;
use axum::extract::{Path as Place, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use sumun_model::Timestamp;

/// Where Sumun leaves notices for the exchange, in its data folder.
const FILE: &str = "notices.ndjson";
/// How much of it is read, from its end.
const BYTES_MAX: u64 = 2 * 1024 * 1024;
/// Letters shown on the desk, of the customer who is played by hand.
const ON_DESK: usize = 5;
/// Letters shown in a mailbox.
const IN_BOX: usize = 100;
/// Hours that Korea is ahead of UTC.
const KST_HOURS: i64 = 9;

/// A language that letters come in. The made-up people all read Korean; whoever plays them may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tongue {
    Ko,
    En,
}

impl Tongue {
    const fn code(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }

    /// The other one, and what it calls itself.
    const fn other(self) -> (Self, &'static str) {
        match self {
            Self::Ko => (Self::En, "English"),
            Self::En => (Self::Ko, "한국어"),
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Ko, Self::En].into_iter().find(|tongue| tongue.code() == word)
    }
}

/// All mail, by customer, the newest first.
struct Mail(BTreeMap<String, Vec<Value>>);

impl Mail {
    fn of(text: &str) -> Self {
        let mut seen = BTreeSet::new();
        let mut boxes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for line in text.lines().rev() {
            let Ok(letter) = serde_json::from_str::<Value>(line) else { continue };
            // A letter that was handed over twice is one letter.
            if let (Some(to), Some(notice)) =
                (letter["body"]["customer"].as_str(), letter["body"]["notice"].as_str())
                && seen.insert(notice.to_owned())
            {
                boxes.entry(to.to_owned()).or_default().push(letter);
            }
        }
        Self(boxes)
    }

    fn to(&self, customer: &str) -> &[Value] {
        self.0.get(customer).map_or(&[], Vec::as_slice)
    }
}

fn mail(world: &World) -> Mail {
    Mail::of(&tail(&world.folder.join("data").join(FILE)))
}

/// On the desk: the latest letters to the customer who is played by hand, and everybody's mailbox.
pub(super) fn section(world: &World) -> String {
    let mail = mail(world);
    let mut out = format!("<section><h2>{}</h2>", both(["받은 편지", "Mail received"]));
    if let Some((owner, _)) = world.guided() {
        let letters = mail.to(&owner.customer());
        let _ = write!(out, "<h3>{}</h3>", escaped(&named(owner)));
        out += &listed(letters, ON_DESK, Tongue::Ko);
        let _ = write!(out, "<p>{}</p>", to_box(owner, letters.len()));
    }
    out += &others(world, &mail);
    out + "</section>"
}

/// Links to everybody else's mailbox, those who had most mail first.
fn others(world: &World, mail: &Mail) -> String {
    let guided = world.guided().map(|(owner, _)| owner.number);
    let mut boxes: Vec<(&Owner, usize)> = world
        .owners()
        .filter(|(owner, _)| Some(owner.number) != guided)
        .map(|(owner, _)| (owner, mail.to(&owner.customer()).len()))
        .collect();
    boxes.sort_by_key(|(owner, count)| (std::cmp::Reverse(*count), owner.number));
    let items: String =
        boxes.into_iter().map(|(owner, count)| format!("<li>{}</li>", to_box(owner, count))).collect();
    format!(
        "<h3>{}</h3><ul class=\"boxes\">{items}</ul>",
        both(["다른 고객의 편지함", "Other customers' mailboxes"])
    )
}

fn named(owner: &Owner) -> String {
    format!("{} ({})", owner.name, owner.customer())
}

fn to_box(owner: &Owner, count: usize) -> String {
    format!("<a href=\"/mail/{}/ko\">{}</a> · {count}", escaped(&owner.customer()), escaped(&named(owner)))
}

/// `GET /mail/CUSTOMER/LANGUAGE`.
pub(super) async fn mailbox(
    State(world): State<Arc<World>>,
    Place((customer, tongue)): Place<(String, String)>,
) -> Response {
    let found = world.owners().map(|(owner, _)| owner).find(|owner| owner.customer() == customer);
    let (Some(owner), Some(tongue)) = (found, Tongue::of(&tongue)) else {
        let said = both(["그런 편지함은 없습니다.", "There is no such mailbox."]);
        return (StatusCode::NOT_FOUND, stands(None, &format!("<p>{said}</p>"))).into_response();
    };
    let (other, called) = tongue.other();
    let comes_in = link(&world, &Who::Owner(owner.number - 1), OWNER_HOST);
    let body = format!(
        "<p><a href=\"/\">{}</a></p><h1>{}: {}</h1><p><a href=\"/mail/{}/{}\" lang=\"{}\">{called}</a> · \
         <a href=\"{}\" target=\"_blank\">{}</a></p><section>{}</section>",
        both(["시연 데스크", "Demo desk"]),
        both(["편지함", "Mailbox"]),
        escaped(&named(owner)),
        escaped(&customer),
        other.code(),
        other.code(),
        escaped(&comes_in),
        both(["이 고객으로 들어가기", "come in as this customer"]),
        listed(mail(&world).to(&customer), IN_BOX, tongue),
    );
    stands(None, &body).into_response()
}

fn listed(letters: &[Value], most: usize, tongue: Tongue) -> String {
    if letters.is_empty() {
        return format!("<p>{}</p>", both(["아직 온 편지가 없습니다.", "No mail yet."]));
    }
    letters.iter().take(most).map(|letter| article(letter, tongue)).collect()
}

fn article(line: &Value, tongue: Tongue) -> String {
    let letter = &line["letter"][tongue.code()];
    let body = letter["body"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let body: String = body.map(|text| format!("<p>{}</p>", escaped(text))).collect();
    format!(
        "<article lang=\"{}\"><h3>{}</h3><p class=\"small\">{}</p>{body}</article>",
        tongue.code(),
        escaped(letter["subject"].as_str().unwrap_or_default()),
        escaped(&at(line["body"]["at"].as_str().unwrap_or_default())),
    )
}

/// An instant in Korea, to the second: `2026-11-21 08:10:30 KST`.
fn at(text: &str) -> String {
    let Ok(at) = text.parse::<Timestamp>() else { return text.to_owned() };
    let local = at.plus_micros(KST_HOURS * 3_600_000_000).to_string();
    format!("{} KST", local.get(..19).unwrap_or(&local).replace('T', " "))
}

/// The end of a file, from the beginning of a line on; nothing if it is not there.
fn tail(path: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = std::fs::File::open(path)?;
        let long = file.metadata()?.len();
        let from = long.saturating_sub(BYTES_MAX);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(BYTES_MAX).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(if from == 0 {
            text
        } else {
            text.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
        })
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(notice: &str, customer: &str, at: &str, subject: &str) -> String {
        let letter = json!({ "subject": subject, "body": ["<script>x</script>", "둘째 문단"] });
        json!({
            "body": { "notice": notice, "customer": customer, "at": at },
            "letter": { "ko": letter, "en": { "subject": "English", "body": ["one"] } },
        })
        .to_string()
    }

    #[test]
    fn each_person_has_his_own_mail_the_newest_first_and_once() {
        let text = [
            line("N1", "C1", "2026-11-20T23:10:30.5Z", "first"),
            line("N2", "C2", "2026-11-20T23:10:31Z", "another's"),
            line("N3", "C1", "2026-11-20T23:10:32Z", "second"),
            line("N3", "C1", "2026-11-20T23:10:32Z", "second"),
            "half a li".to_owned(),
        ]
        .join("\n");
        let mail = Mail::of(&text);
        let subjects: Vec<_> =
            mail.to("C1").iter().map(|letter| letter["letter"]["ko"]["subject"].as_str().unwrap()).collect();
        assert_eq!(subjects, ["second", "first"]);
        assert!(mail.to("C3").is_empty());
    }

    #[test]
    fn a_letter_is_text_in_one_language_with_its_time() {
        let letter: Value =
            serde_json::from_str(&line("N1", "C1", "2026-11-20T23:10:30.5Z", "<b>제목</b>")).unwrap();
        assert_eq!(
            article(&letter, Tongue::Ko),
            "<article lang=\"ko\"><h3>&lt;b&gt;제목&lt;/b&gt;</h3><p class=\"small\">2026-11-21 08:10:30 KST</p>\
             <p>&lt;script&gt;x&lt;/script&gt;</p><p>둘째 문단</p></article>"
        );
        assert!(article(&letter, Tongue::En).contains("<h3>English</h3>"));
    }
}
