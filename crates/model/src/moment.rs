//! An instant as people read it: Korean time, and said to be so, in either language. Machines read the instant itself, which stands beside.

use crate::because::Lang;
use crate::time::Timestamp;

/// Hours that Korea is ahead of UTC; it has no summer time.
const KST_HOURS: i64 = 9;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// To the minute: `18 Feb 2027, 14:05 KST`, `2027년 2월 18일 14:05(한국 시간)`.
#[must_use]
pub fn moment(at: Timestamp, lang: Lang) -> String {
    written(at, lang, "00:00".len())
}

/// To the second, where seconds count: `18 Feb 2027, 14:05:20 KST`.
#[must_use]
pub fn moment_to_second(at: Timestamp, lang: Lang) -> String {
    written(at, lang, "00:00:00".len())
}

fn written(at: Timestamp, lang: Lang, clock: usize) -> String {
    let text = at.plus_micros(KST_HOURS * 3_600_000_000).to_string();
    let (date, time) = text.split_once('T').unwrap_or((text.as_str(), ""));
    let time = time.get(..clock).unwrap_or(time);
    let mut parts = date.splitn(3, '-').map(|part| part.trim_start_matches('0'));
    let mut part = || parts.next().unwrap_or_default();
    let (year, month, day) = (part(), part(), part());
    match lang {
        Lang::Ko => format!("{year}년 {month}월 {day}일 {time}(한국 시간)"),
        Lang::En => {
            let month = month.parse::<usize>().ok().and_then(|number| MONTHS.get(number.checked_sub(1)?));
            format!("{day} {} {year}, {time} KST", month.copied().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_as_korean_time_and_says_so() {
        let at: Timestamp = "2027-02-17T15:05:20.123456Z".parse().unwrap();
        assert_eq!(moment(at, Lang::En), "18 Feb 2027, 00:05 KST");
        assert_eq!(moment(at, Lang::Ko), "2027년 2월 18일 00:05(한국 시간)");
        assert_eq!(moment_to_second(at, Lang::En), "18 Feb 2027, 00:05:20 KST");
        assert_eq!(moment_to_second(at, Lang::Ko), "2027년 2월 18일 00:05:20(한국 시간)");
    }
}
