//! What came of each week, as the plan prints it. The run must come to these rows and to no others.

use std::fmt::Write as _;

/// Which way honest customers' requests went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// All of them by the exchange's own gateway.
    Own,
    /// Those of the pilot by the gate, or by the exchange's own gateway once it has asked the gate.
    Gate,
}

/// One week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) way: Way,
    /// Requests of honest customers that were not served, whoever refused them.
    pub(crate) refused: usize,
    /// What stands on the lender's key at the end of the week.
    pub(crate) measure: Option<String>,
    /// What the exchange's own key API was told about it by then.
    pub(crate) told: Vec<String>,
}

fn row(way: Way, measure: Option<&str>, told: &[&str]) -> Row {
    Row {
        way,
        refused: 0,
        measure: measure.map(str::to_owned),
        told: told.iter().map(|word| (*word).to_owned()).collect(),
    }
}

/// The eight weeks.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(Way::Own, None, &[]),
        row(Way::Own, None, &[]),
        row(Way::Own, Some("monitor"), &[]),
        row(Way::Own, Some("monitor"), &[]),
        row(Way::Gate, Some("monitor"), &[]),
        row(Way::Gate, Some("warn"), &[]),
        row(Way::Gate, Some("expire"), &["restricted", "deleted"]),
        row(Way::Gate, Some("expire"), &["restricted", "deleted"]),
    ]
}

/// Words of a language.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    head: &'static str,
    own: &'static str,
    gate: &'static str,
    /// As the table is to hold them, by the code.
    codes: &'static [(&'static str, &'static str)],
}

pub(crate) const EN: Words = Words {
    head: "| week | honest requests go by | of them refused | on the lender's key | its key API was told |\n|---|---|---|---|---|\n",
    own: "own gateway",
    gate: "own gateway; of retail one by the gate, one after asking it",
    codes: &[],
};

pub(crate) const KO: Words = Words {
    head: "| 주 | 정상 요청의 경로 | 그중 거절 | 대여된 키의 조치 | 키 API에 전한 것 |\n|---|---|---|---|---|\n",
    own: "기존 게이트웨이",
    gate: "기존 게이트웨이, 개인 회원은 게이트를 지나거나 게이트에 물음",
    codes: &[
        ("monitor", "집중 모니터링"),
        ("warn", "경고"),
        ("expire", "강제 만료"),
        ("restricted", "조회·취소만"),
        ("deleted", "삭제"),
    ],
};

/// The table.
pub(crate) fn of(rows: &[Row], words: Words) -> String {
    let word = |code: &String| {
        let known = words.codes.iter().find(|(known, _)| known == code);
        known.map_or_else(|| code.clone(), |(_, word)| (*word).to_owned())
    };
    let mut text = words.head.to_owned();
    for (index, row) in rows.iter().enumerate() {
        let way = if row.way == Way::Own { words.own } else { words.gate };
        let measure = row.measure.as_ref().map_or_else(|| "–".to_owned(), word);
        let told = row.told.iter().map(word).collect::<Vec<_>>().join(", ");
        let told = if told.is_empty() { "–".to_owned() } else { told };
        writeln!(text, "| {} | {way} | {} | {measure} | {told} |", index + 1, row.refused).unwrap();
    }
    text
}

pub(crate) fn expected(words: Words) -> String {
    of(&rows(), words)
}
