//! The letters as owners get them; `docs/adopt/drafts/notices.{ko,en}.md` is made of them, so that counsel reads what is sent.

use super::super::plan::tests::plan;
use super::*;
use crate::campaigns::Span;
use crate::notices::words::{About, letter};
use sumun_model::Lang;

fn all() -> Vec<(&'static str, &'static str, NoticeDraft)> {
    let plan = plan();
    let about = ("K1", "A1");
    let reminded = |step| Telling::Reminded(step, Span::parse("14d").unwrap());
    let of = |which, names| telling(&plan, which, names, about);
    vec![
        ("예고", "Announcement", of(Telling::Announced, plan.read_only)),
        ("등록 시작", "Registration opens", of(Telling::Opened, plan.read_only)),
        (
            "조회와 취소만 되기 전",
            "Before it reads and cancels only",
            of(reminded(Step::ReadOnly), plan.read_only),
        ),
        ("조회와 취소만 될 때", "When it reads and cancels only", of(Telling::ReadOnly, plan.ends)),
        ("종료되기 전", "Before it ends", of(reminded(Step::End), plan.ends)),
        ("종료되었을 때", "When it has ended", ended("K1", "A1")),
        ("등록되었을 때", "When it is registered", enrolled("K1", "A1", true)),
        (
            "제한 중이던 키가 등록되었을 때",
            "When a key that was limited is registered",
            enrolled("K1", "A1", false),
        ),
        ("제한이 풀렸을 때", "When the limit is lifted without a registration", given_back("K1", "A1")),
    ]
}

fn page(lang: Lang) -> String {
    let (head, venue) = match lang {
        Lang::Ko => (
            "# 안내문 초안: 등록 기간에 보내는 안내\n\n> **초안입니다. 법률 검토 없이 쓰지 마십시오.** 제품이 실제로 보내는 글이며, 시험이 이 문서를 제품의 글과 맞춥니다. 날짜와 키의 이름은 지어낸 것입니다.\n",
            "예시 거래소",
        ),
        Lang::En => (
            "# Draft notices: what is sent in an enrolment campaign\n\n> **A draft. Not to be used without counsel.** These are the words the product sends; a test keeps this page true to them. Dates and the\n> key's name are made up. Owners get the Korean text with the English one below it.\n",
            "Example Exchange",
        ),
    };
    let mut page = head.to_owned();
    for (ko, en, draft) in all() {
        let about = About { id: "K1", shown: "‘otter bot’ …4f5a6b" };
        let letter = letter(&draft.kind, &draft.texts, about, venue, lang);
        let title = if lang == Lang::Ko { ko } else { en };
        page.push_str(&format!("\n## {title}\n\n**{}**\n\n{}\n", letter.subject, letter.body.join("\n\n")));
    }
    page
}

/// `SUMUN_WRITE_NOTICES=1` writes the two pages anew; read their difference before committing it.
#[test]
fn the_drafts_for_counsel_are_what_is_sent() {
    for (name, lang) in [("ko", Lang::Ko), ("en", Lang::En)] {
        let path = format!("{}/../../docs/adopt/drafts/notices.{name}.md", env!("CARGO_MANIFEST_DIR"));
        let page = page(lang);
        assert!(!page.contains("campaign."), "a code without words: {page}");
        if std::env::var_os("SUMUN_WRITE_NOTICES").is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap();
        assert_eq!(kept, page, "run this test with SUMUN_WRITE_NOTICES=1 and read what changed in {path}");
    }
}

#[test]
fn every_letter_that_asks_says_that_truth_costs_nothing() {
    let asks = |draft: &NoticeDraft| draft.texts.iter().any(|text| text.code.starts_with("campaign.asked"));
    for (_, title, draft) in all() {
        let says = draft.texts.iter().any(|text| text.code == "campaign.truth");
        assert_eq!(asks(&draft), says, "{title}");
    }
}
